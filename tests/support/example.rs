//! A valid request for each operation. Suites that send one request for every operation use these, so a new
//! operation is covered by all of them.

use crate::event::Request;
use functions::Operation;
use serde_json::{Value, json};

/// The member in the path of requests that concern a member.
pub const MEMBER: &str = "canary|member";

/// Who may send a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// Every user.
    Users,
    /// Members of the organization.
    Members,
    /// Owners and admins of the organization.
    Admins,
}

/// A request that succeeds once, if sent by an owner of an organization that has [`MEMBER`] as a member.
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
    let new = || json!({ "organizationName": "Canary", "domain": "canary.example" });
    let changes = || json!({ "name": "Canary & Sons", "domain": "sons.canary.example" });
    let (allowed, status, body) = match operation {
        Operation::CreateOrganization => (Allowed::Users, 201, Some(new())),
        Operation::ListOrganizations => (Allowed::Users, 200, None),
        Operation::GetOrganization => (Allowed::Members, 200, None),
        Operation::UpdateOrganization => (Allowed::Admins, 200, Some(changes())),
        Operation::SetMaxOverages => (Allowed::Admins, 200, Some(json!({ "maxOverages": 5 }))),
        Operation::ListMembers => (Allowed::Members, 200, None),
        Operation::AddMember => (Allowed::Admins, 201, Some(json!({ "userId": "canary|new" }))),
        Operation::UpdateMember => (Allowed::Admins, 200, Some(json!({ "role": "admin" }))),
        Operation::RemoveMember => (Allowed::Admins, 200, None),
    };
    Example { body, status, allowed }
}

/// The example as a request that `caller` sends to an organization.
pub fn request(operation: Operation, caller: &str, organization: &str) -> Request {
    let mut request = Request::new(operation, caller);
    for (name, value) in [("organization_id", organization), ("user_id", MEMBER)] {
        if operation.path().contains(&format!("{{{name}}}")) {
            request = request.of(name, value);
        }
    }
    Request { body: example(operation).body, ..request }
}
