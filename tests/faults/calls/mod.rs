//! The calls: the example for every operation, and one for each other way in which an operation uses
//! DynamoDB.

mod invitations;
mod members;
mod organizations;
mod usage;

use crate::filling::{Filled, Filling};
use functions::{Operation, Scope};
use serde_json::Value;
use shared::model::OrganizationId;
use support::event::Request;
use support::example::{self, Allowed, MEMBER, SERVICE, example};

/// The example of an operation, or a variation of it.
#[derive(Debug, Clone)]
pub struct Call {
    pub name: String,
    pub operation: Operation,
    /// The content of the table before the call.
    pub table: Filled,
    caller: &'static str,
    /// Values of parameters in the path that are not the example's.
    parameters: Vec<(&'static str, String)>,
    query: &'static str,
    headers: &'static [(&'static str, &'static str)],
    /// The body, if it is not the example's.
    body: Option<Value>,
    /// True if it uses DynamoDB as another call of the operation does, so that one fault of each group is enough.
    pub like_another: bool,
    /// The status of the answer if there are no faults.
    pub status: u16,
}

/// Matches the version of the organization.
const CURRENT: &[(&str, &str)] = &[("if-match", "\"{current}\"")];

const STALE: &[(&str, &str)] = &[("if-match", "\"{previous}\"")];

const UNLESS_CURRENT: &[(&str, &str)] = &[("if-none-match", "*")];

/// Also excludes the version that the write makes.
const UNLESS_STALE: &[(&str, &str)] = &[("if-none-match", "\"{previous}\", \"{next}\"")];

impl Call {
    /// The example.
    fn example(operation: Operation) -> Self {
        Self::new(operation.id(), operation, example(operation).status)
    }

    /// A variation of the example, to be completed by the methods below.
    fn new(name: &str, operation: Operation, status: u16) -> Self {
        Self {
            name: name.to_owned(),
            operation,
            table: Filled::WithTeam,
            caller: example::sender(operation, "ann"),
            parameters: Vec::new(),
            query: "",
            headers: &[],
            body: None,
            like_another: false,
            status,
        }
    }

    fn on(self, table: Filled) -> Self {
        Self { table, ..self }
    }

    fn by(self, caller: &'static str) -> Self {
        Self { caller, ..self }
    }

    fn about(self, user: &'static str) -> Self {
        self.at("user_id", user)
    }

    fn at(mut self, parameter: &'static str, value: &str) -> Self {
        self.parameters.push((parameter, value.to_owned()));
        self
    }

    fn page(self, query: &'static str) -> Self {
        Self { query, ..self }
    }

    fn with(self, headers: &'static [(&'static str, &'static str)]) -> Self {
        Self { headers, ..self }
    }

    fn says(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    fn like_another(self) -> Self {
        Self { like_another: true, ..self }
    }

    /// The call as a request to the organization of a table.
    pub fn request(&self, filling: &Filling) -> Request {
        let mut request = example::request(self.operation, self.caller, &filling.place);
        for (name, value) in &self.parameters {
            request = request.of(name, filling.parameter(name, value));
        }
        for (name, value) in self.headers {
            request = request.header(name, &filling.versions(value));
        }
        request = self.body.iter().fold(request, |request, body| request.body(filling.tokens(body)));
        request.query(self.query)
    }
}

/// All calls.
pub fn all() -> Vec<Call> {
    let of_each = Operation::ALL.iter().copied().flat_map(of);
    let others =
        [organizations::calls(), events(), members::calls(), invitations::calls(), usage::calls(), users()];
    of_each.chain(others.concat()).collect()
}

fn events() -> Vec<Call> {
    // Whether a page before the newest event is complete depends on which events are stored.
    let newest = "after=9007199254740991";
    vec![
        Call::new("list events", Operation::ListEvents, 200).by("bob").page("limit=1").like_another(),
        Call::new("list events at another version", Operation::ListEvents, 412).with(STALE),
        Call::new("list known events", Operation::ListEvents, 304)
            .page(newest)
            .with(&[("if-none-match", "\"{current}\"")]),
        Call::new("list events of one that is gone", Operation::ListEvents, 404)
            .on(Filled::Gone)
            .like_another(),
    ]
}

fn users() -> Vec<Call> {
    let erase = |how: &str, status| Call::new(how, Operation::DeleteUser, status);
    vec![
        erase("erase a user by a service", 200).by(SERVICE).like_another(),
        erase("erase a user of no organization", 200).by("eve"),
        erase("erase an only owner among others", 422).by("ann"),
        erase("erase an only owner among others, of many organizations", 422)
            .on(Filled::WithMany)
            .by("ann")
            .like_another(),
        erase("erase a member of a deleted organization", 200).on(Filled::Deleted).like_another(),
        erase("erase the owner of a deleted organization", 200).on(Filled::Deleted).by("ann"),
        erase("erase a member of one that is gone", 200).on(Filled::Gone),
        erase("erase another user", 403).about("bob").like_another(),
        erase("erase an invalid id", 422).by(SERVICE).about("no id").like_another(),
    ]
}

/// The calls that all operations have in common: the example and, where they apply, the same call by others, of
/// a deleted organization, about somebody who is no member, and about what is not there.
fn of(operation: Operation) -> Vec<Call> {
    let mut calls = vec![Call::example(operation)];
    let mut add = |how: &str, status: u16, call: &dyn Fn(Call) -> Call| {
        calls.push(call(Call::new(&format!("{} {how}", operation.id()), operation, status)));
    };
    let (allowed, usual) = (example(operation).allowed, example(operation).status);
    let has = |parameter: &str| operation.path().contains(parameter);
    let nowhere = OrganizationId::generate();
    if matches!(allowed, Allowed::Members | Allowed::Admins | Allowed::Owners) {
        add("by a stranger", 404, &|call| call.by("eve"));
        add("by a service", usual, &|call| call.by(SERVICE).like_another());
        add("of a deleted organization by a member", 404, &|call| {
            call.on(Filled::Deleted).by(MEMBER).like_another()
        });
    }
    if has("{organization_id}") {
        let is_about_deletion =
            matches!(operation, Operation::DeleteOrganization | Operation::RestoreOrganization);
        let is_for_owners = matches!(operation, Operation::GetOrganization | Operation::ListEvents);
        let owners = if is_about_deletion || is_for_owners { usual } else { 409 };
        let services = if is_about_deletion || operation.scope() == Scope::Read { usual } else { 409 };
        if allowed != Allowed::Services {
            add("of a deleted organization", owners, &|call| call.on(Filled::Deleted).like_another());
        }
        add("of a deleted organization by a service", services, &|call| {
            call.on(Filled::Deleted).by(SERVICE).like_another()
        });
        add("of no organization", 404, &|call| {
            call.by(SERVICE).at("organization_id", nowhere.as_str()).like_another()
        });
    }
    match allowed {
        // A member removes itself, but nobody else.
        Allowed::Admins if has("{user_id}") => {
            add("by a member", 403, &|call| call.by(MEMBER).about("bob").like_another())
        }
        Allowed::Admins => add("by a member", 403, &|call| call.by(MEMBER).like_another()),
        Allowed::Owners => add("by an admin", 403, &|call| call.by("bob").like_another()),
        Allowed::Invitees => {
            add("of a deleted organization", 404, &|call| call.on(Filled::Deleted).like_another())
        }
        Allowed::Everybody | Allowed::Members | Allowed::Services | Allowed::Oneself => {}
    }
    // Only a member may learn that a malformed id belongs to nobody, so the store must read the caller's
    // membership.
    if has("{user_id}") && allowed != Allowed::Oneself {
        add("about a stranger", 404, &|call| call.about("eve"));
        add("about an invalid id", 404, &|call| call.about("no id"));
    }
    if has("{invitation_id}") {
        let unknown = "inv_01ARZ3NDEKTSV4RRFFQ69G5FAV";
        add("about an unknown one", 404, &|call| call.at("invitation_id", unknown));
        add("about an invalid id", 404, &|call| call.at("invitation_id", "no id"));
    }
    calls
}
