//! The calls: the example for every operation, and one for each other way in which an operation uses
//! DynamoDB.

use functions::Operation;
use serde_json::{Value, json};
use support::event::Request;
use support::example::{self, Allowed, MEMBER, example};

/// The example of an operation, or a variation of it.
#[derive(Debug, Clone)]
pub struct Call {
    pub name: String,
    /// The content of the table before the call.
    pub table: Filled,
    operation: Operation,
    caller: &'static str,
    /// The user in the path, if it is not the example's.
    user: Option<&'static str>,
    query: &'static str,
    headers: &'static [(&'static str, &'static str)],
    /// The body, if it is not the example's.
    body: Option<Value>,
    /// The status of the answer if there are no faults.
    pub status: u16,
}

/// The content of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Filled {
    /// An organization at version 3, with the owner `ann`, the admin `bob` and the member [`MEMBER`].
    /// `ann` created it with the Idempotency-Key `used`.
    WithTeam,
    /// The same, and a hundred more organizations of `ann`: more than one BatchGetItem takes.
    WithMany,
}

/// Matches the version of the team's organization.
const CURRENT: &[(&str, &str)] = &[("if-match", "\"3\"")];

const STALE: &[(&str, &str)] = &[("if-match", "\"2\"")];

const UNLESS_CURRENT: &[(&str, &str)] = &[("if-none-match", "*")];

/// Also excludes the version that the write makes.
const UNLESS_STALE: &[(&str, &str)] = &[("if-none-match", "\"2\", \"4\"")];

impl Call {
    /// The example.
    fn example(operation: Operation) -> Self {
        Self::new(operation.id(), operation, example(operation).status)
    }

    /// A variation of the example, to be completed by the methods below.
    fn new(name: &str, operation: Operation, status: u16) -> Self {
        let name = name.to_owned();
        let table = Filled::WithTeam;
        let (caller, user, query, headers, body) = ("ann", None, "", [].as_slice(), None);
        Self { name, table, operation, caller, user, query, headers, body, status }
    }

    fn on(self, table: Filled) -> Self {
        Self { table, ..self }
    }

    fn by(self, caller: &'static str) -> Self {
        Self { caller, ..self }
    }

    fn about(self, user: &'static str) -> Self {
        Self { user: Some(user), ..self }
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

    /// The call as a request to this organization.
    pub fn request(&self, organization: &str) -> Request {
        let mut request = example::request(self.operation, self.caller, organization);
        request = self.user.iter().fold(request, |request, user| request.of("user_id", user));
        request = self.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        request = self.body.iter().fold(request, |request, body| request.body(body.clone()));
        request.query(self.query)
    }
}

/// All calls.
pub fn all() -> Vec<Call> {
    Operation::ALL.iter().copied().flat_map(of).chain(variants()).collect()
}

/// The calls that all operations have in common: the example and, where they apply, the same call by a
/// stranger, about a stranger, and about an invalid user id.
fn of(operation: Operation) -> Vec<Call> {
    let mut calls = vec![Call::example(operation)];
    let mut refused = |how: &str, call: fn(Call) -> Call| {
        calls.push(call(Call::new(&format!("{} {how}", operation.id()), operation, 404)));
    };
    if example(operation).allowed != Allowed::Users {
        refused("by a stranger", |call| call.by("eve"));
    }
    if operation.path().contains("{user_id}") {
        refused("about a stranger", |call| call.about("eve"));
        // Only a member may learn that a malformed id belongs to no member, so the store must read the
        // caller's membership.
        refused("about an invalid id", |call| call.about("no id"));
    }
    calls
}

fn variants() -> Vec<Call> {
    use Operation::{
        AddMember, CreateOrganization, GetOrganization, ListMembers, ListOrganizations, RemoveMember,
        SetMaxOverages, UpdateMember, UpdateOrganization,
    };
    let acme = json!({ "organizationName": "Acme", "domain": "acme.example" });
    let add = |user, role| json!({ "userId": user, "role": role });
    let role = |role| json!({ "role": role });
    let (new, used) = (&[("idempotency-key", "new")], &[("idempotency-key", "used")]);
    vec![
        Call::new("create with a key", CreateOrganization, 201).with(new),
        Call::new("create with a used key", CreateOrganization, 201).with(used).says(acme),
        Call::new("create another with a used key", CreateOrganization, 422).with(used),
        Call::new("list 101 organizations", ListOrganizations, 200).on(Filled::WithMany),
        Call::new("get the known version", GetOrganization, 304).with(&[("if-none-match", "\"3\"")]),
        Call::new("get another version", GetOrganization, 412).with(STALE),
        Call::new("update at the current version", UpdateOrganization, 200).with(CURRENT),
        Call::new("update at another version", UpdateOrganization, 412).with(STALE),
        Call::new("update unless it is at another version", UpdateOrganization, 200).with(UNLESS_STALE),
        Call::new("update unless it is at the current version", UpdateOrganization, 412).with(UNLESS_CURRENT),
        Call::new("update by a member", UpdateOrganization, 403).by(MEMBER),
        Call::new("set overages at the current version", SetMaxOverages, 200).with(CURRENT),
        Call::new("set overages at another version", SetMaxOverages, 412).with(STALE),
        Call::new("list a page of members", ListMembers, 200).by(MEMBER).page("limit=1"),
        Call::new("add an owner at the current version", AddMember, 201)
            .with(CURRENT)
            .says(add("dan", "owner")),
        Call::new("add a present member", AddMember, 409).says(add(MEMBER, "member")),
        Call::new("add at another version", AddMember, 412).with(STALE),
        Call::new("demote at the current version", UpdateMember, 200)
            .about("bob")
            .with(CURRENT)
            .says(role("member")),
        Call::new("demote at another version", UpdateMember, 412)
            .about("bob")
            .with(STALE)
            .says(role("member")),
        Call::new("demote the last owner", UpdateMember, 422).about("ann"),
        Call::new("remove a stranger", RemoveMember, 404).by("bob").about("eve"),
        Call::new("remove at the current version", RemoveMember, 200).about("bob").with(CURRENT),
        Call::new("remove unless it is at the current version", RemoveMember, 412)
            .about("bob")
            .with(UNLESS_CURRENT),
        Call::new("remove at another version", RemoveMember, 412).about("bob").with(STALE),
        Call::new("leave", RemoveMember, 200).by(MEMBER),
        Call::new("leave as the last owner", RemoveMember, 422).about("ann"),
    ]
}
