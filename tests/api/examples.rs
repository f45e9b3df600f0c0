//! Each operation's example as an HTTP request. Suites that send one request for every operation use these.

use crate::{
    client::{Request, User},
    organizations::{Team, percent_encode},
    stack,
};
use functions::Operation;
use serde_json::{Value, json};
use support::example::{Allowed, example};

/// What the paths and bodies of examples refer to.
#[derive(Clone)]
pub(crate) struct Place {
    /// The ids in it, and the token of its invitation.
    pub(crate) ids: support::example::Place,
    /// The user id in paths about a member or a user.
    pub(crate) member: String,
}

impl Place {
    /// A team's organization, its plain member, and a new invitation to it for anybody. The organization is then
    /// at version 4.
    pub(crate) async fn of(team: &Team) -> Self {
        let path = format!("{}/invitation", team.organization.path);
        let issued = team.owner.post(path, json!({})).send().await.expect(201);
        let text = |field: &str| issued[field].as_str().expect("a string").to_owned();
        let organization = team.organization.id.clone();
        let ids = support::example::Place { organization, invitation: text("id"), token: text("token") };
        Self { ids, member: team.member.id.clone() }
    }

    /// The same, but in the organization with this id, as it is in a path.
    pub(crate) fn at(&self, organization: &str) -> Self {
        let mut place = self.clone();
        organization.clone_into(&mut place.ids.organization);
        place
    }

    /// The same, but about another member.
    pub(crate) fn about(&self, member: &str) -> Self {
        Self { member: member.to_owned(), ..self.clone() }
    }
}

/// Who sends the example: the organization's owner, if the owner may.
pub(crate) fn sender(operation: Operation, team: &Team) -> &User {
    match example(operation).allowed {
        Allowed::Everybody | Allowed::Members | Allowed::Admins | Allowed::Owners => &team.owner,
        Allowed::Services => &team.service,
        Allowed::Invitees => &team.stranger,
        Allowed::Oneself => &team.member,
    }
}

/// False if the example, by its [`sender`], would erase a user whom other tests share: on a deployed stack.
pub(crate) fn leaves_users(operation: Operation) -> bool {
    operation != Operation::DeleteUser || stack::is_local()
}

/// True for an operation on the organization in its path.
pub(crate) fn is_on_an_organization(operation: Operation) -> bool {
    operation.path().contains("{organization_id}")
}

/// True for an operation that is not a read.
pub(crate) fn is_a_write(operation: Operation) -> bool {
    operation.method() != "GET"
}

/// The example's path and, from a service, its query.
pub(crate) fn path(operation: Operation, caller: &User, place: &Place) -> String {
    let path = operation.path().replace("{organization_id}", &place.ids.organization);
    let path = path.replace("{user_id}", &percent_encode(&place.member));
    let path = path.replace("{invitation_id}", &place.ids.invitation);
    match operation {
        Operation::ListOrganizations if caller.is_service() => {
            format!("{path}?userId={}", percent_encode(&place.member))
        }
        _ => path,
    }
}

/// The example's body, if it has one. A service names a new organization's owner.
pub(crate) fn body(operation: Operation, caller: &User, place: &Place) -> Option<Value> {
    let mut body = place.ids.fill(example(operation).body?);
    match operation {
        Operation::CreateOrganization if caller.is_service() => {
            body["owner"] = stack::unique("owner").into();
        }
        _ => {}
    }
    Some(body)
}

/// The example as a request.
pub(crate) fn request(operation: Operation, caller: &User, place: &Place) -> Request {
    let method = operation.method().parse().expect("a method");
    let request = caller.request(method, path(operation, caller, place));
    match body(operation, caller, place) {
        Some(body) => request.json(&body),
        None => request,
    }
}
