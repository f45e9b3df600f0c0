//! A valid request for each operation. Suites that send one request for every operation use these, so a new
//! operation is covered by all of them.

use crate::event::Request;
use functions::Operation;
use serde_json::{Value, json};
use shared::model::{
    Caller, Lifetime, NewInvitation, NewOrganization, OrganizationName, Preconditions, Role, UserId,
};
use shared::store::Store;

/// The member in the path of requests that concern a member.
pub const MEMBER: &str = "canary|member";

/// A service.
pub const SERVICE: &str = "service:canary|service";

/// A user who is no member and can accept the invitation of a [`Place`].
pub const INVITEE: &str = "canary|invitee";

/// Stands for the token of a [`Place`] in a body.
pub const TOKEN: &str = "canary token";

/// Who may send a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// Every user, and services.
    Everybody,
    /// Every user who has an invitation's token. Services are refused.
    Invitees,
    /// Members of the organization, and services.
    Members,
    /// Owners and admins of the organization, and services.
    Admins,
    /// Owners of the organization, and services.
    Owners,
    /// Services.
    Services,
    /// The user in the path, and services.
    Oneself,
}

/// A request that succeeds once, if sent by [`sender`] to a [`Place`].
#[derive(Debug)]
pub struct Example {
    /// The body. Every string that a client may choose contains "canary".
    pub body: Option<Value>,
    /// The expected status.
    pub status: u16,
    /// Who may send it.
    pub allowed: Allowed,
}

/// The example for an operation.
pub fn example(operation: Operation) -> Example {
    let new = || json!({ "organizationName": "Canary", "domain": "canary.example", "metadata": { "canary": "canary" } });
    let changes = || json!({ "name": "Canary & Sons", "domain": "sons.canary.example", "metadata": {} });
    let invitation = || json!({ "email": "canary@canary.example", "role": "admin", "expiresInDays": 3 });
    let token = || json!({ "token": TOKEN });
    let (allowed, status, body) = match operation {
        Operation::CreateOrganization => (Allowed::Everybody, 201, Some(new())),
        Operation::ListOrganizations => (Allowed::Everybody, 200, None),
        Operation::GetOrganization => (Allowed::Members, 200, None),
        Operation::UpdateOrganization => (Allowed::Admins, 200, Some(changes())),
        Operation::DeleteOrganization => (Allowed::Owners, 200, None),
        Operation::RestoreOrganization => (Allowed::Owners, 200, None),
        Operation::SetMaxOverages => (Allowed::Admins, 200, Some(json!({ "maxOverages": 5 }))),
        Operation::SetPlan => {
            (Allowed::Services, 200, Some(json!({ "includedUnits": 7, "maxMembers": 1000 })))
        }
        Operation::RecordUsage => {
            (Allowed::Services, 200, Some(json!({ "units": 9, "overLimit": "record" })))
        }
        Operation::GetUsage => (Allowed::Members, 200, None),
        Operation::ListEvents => (Allowed::Admins, 200, None),
        Operation::ListMembers => (Allowed::Members, 200, None),
        Operation::AddMember => (Allowed::Services, 201, Some(json!({ "userId": "canary|new" }))),
        Operation::GetMember => (Allowed::Members, 200, None),
        Operation::UpdateMember => (Allowed::Admins, 200, Some(json!({ "role": "admin" }))),
        Operation::RemoveMember => (Allowed::Admins, 200, None),
        Operation::CreateInvitation => (Allowed::Admins, 201, Some(invitation())),
        Operation::ListInvitations => (Allowed::Admins, 200, None),
        Operation::RevokeInvitation => (Allowed::Admins, 200, None),
        Operation::PreviewInvitation => (Allowed::Invitees, 200, Some(token())),
        Operation::AcceptInvitation => (Allowed::Invitees, 201, Some(token())),
        Operation::DeleteUser => (Allowed::Oneself, 200, None),
    };
    Example { body, status, allowed }
}

/// Who sends the example: the organization's owner, if the owner may.
pub fn sender(operation: Operation, owner: &str) -> &str {
    match example(operation).allowed {
        Allowed::Everybody | Allowed::Members | Allowed::Admins | Allowed::Owners => owner,
        Allowed::Services => SERVICE,
        Allowed::Invitees => INVITEE,
        // The owner cannot be erased: the organization has other members.
        Allowed::Oneself => MEMBER,
    }
}

/// What the examples refer to.
#[derive(Debug, Clone)]
pub struct Place {
    /// An organization. [`MEMBER`] is a member, [`INVITEE`] is not.
    pub organization: String,
    /// A pending invitation to it, for anybody.
    pub invitation: String,
    /// The invitation's token.
    pub token: String,
}

impl Place {
    /// Creates an organization with this owner, a member and an invitation.
    pub async fn create(store: &Store, owner: &str) -> Self {
        let (owner, any) = (UserId::parse(owner).unwrap(), Preconditions::NONE);
        let caller = Caller::User(owner.clone());
        let new = NewOrganization::new(OrganizationName::parse("Canary").unwrap(), None);
        let organization =
            store.create_organization(&caller, &owner, new, None).await.unwrap().organization.id;
        let (service, member) = (UserId::parse("service").unwrap(), UserId::parse(MEMBER).unwrap());
        store.add_member(&service, &organization, member, Role::Member, &any).await.unwrap();
        let new = NewInvitation { email: None, role: Role::Member, lifetime: Lifetime::DEFAULT };
        let issued = store.create_invitation(&caller, &organization, new, &any).await.unwrap();
        Self {
            organization: organization.as_str().to_owned(),
            invitation: issued.invitation.id.as_str().to_owned(),
            token: issued.token,
        }
    }

    /// A body in which [`TOKEN`] is replaced.
    pub fn fill(&self, mut body: Value) -> Value {
        if body["token"] == TOKEN {
            body["token"] = self.token.as_str().into();
        }
        body
    }
}

/// The example as a request that `caller` sends to a place. A user who erases a user is that user.
pub fn request(operation: Operation, caller: &str, place: &Place) -> Request {
    let mut request = Request::new(operation, caller);
    let is_own = example(operation).allowed == Allowed::Oneself && !caller.starts_with("service:");
    let parameters = [
        ("organization_id", &*place.organization),
        ("user_id", if is_own { caller } else { MEMBER }),
        ("invitation_id", &*place.invitation),
    ];
    for (name, value) in parameters {
        if operation.path().contains(&format!("{{{name}}}")) {
            request = request.of(name, value);
        }
    }
    Request { body: example(operation).body.map(|body| place.fill(body)), ..request }
}
