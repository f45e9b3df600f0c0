//! The calls of the operations: one for each way in which an operation asks DynamoDB.

use functions::Operation;
use serde_json::{Value, json};
use support::event::Request;

/// A call, on a table that is filled like this.
#[derive(Debug, Clone)]
pub struct Call {
    pub name: &'static str,
    pub table: Filled,
    operation: Operation,
    caller: &'static str,
    user: Option<&'static str>,
    query: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: Option<Value>,
    /// What it is answered where there are no faults.
    pub status: u16,
}

/// What is in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Filled {
    /// An organization of the owner `ann`, the admin `bob` and the member `cyd`, at version 3. `ann`
    /// made it with the Idempotency-Key `used`.
    WithTeam,
    /// The same, and a hundred more of `ann`: more than one BatchGetItem takes.
    WithMany,
}

/// At the version of the team's organization.
const CURRENT: &[(&str, &str)] = &[("if-match", "\"3\"")];

const STALE: &[(&str, &str)] = &[("if-match", "\"2\"")];

impl Call {
    fn new(name: &'static str, operation: Operation, status: u16) -> Self {
        let table = Filled::WithTeam;
        let (caller, user, query, headers, body) = ("ann", None, "", [].as_slice(), None);
        Self { name, table, operation, caller, user, query, headers, body, status }
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
        let mut request = Request::new(self.operation, self.caller).of("organization_id", organization);
        request = self.user.iter().fold(request, |request, user| request.of("user_id", user));
        request = self.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        Request { body: self.body.clone(), ..request.query(self.query) }
    }
}

/// All of them.
pub fn all() -> Vec<Call> {
    let acme = || json!({ "organizationName": "Acme", "domain": "acme.example" });
    let rename = || json!({ "name": "B" });
    let limit = || json!({ "maxOverages": 5 });
    let dan = |role| json!({ "userId": "dan", "role": role });
    let role = |role| json!({ "role": role });
    vec![
        Call::new("create", Operation::CreateOrganization, 201).says(acme()),
        Call::new("create with a key", Operation::CreateOrganization, 201)
            .with(&[("idempotency-key", "new")])
            .says(acme()),
        Call::new("create with a used key", Operation::CreateOrganization, 201)
            .with(&[("idempotency-key", "used")])
            .says(acme()),
        Call::new("create another with a used key", Operation::CreateOrganization, 422)
            .with(&[("idempotency-key", "used")])
            .says(json!({ "organizationName": "B" })),
        Call::new("list organizations", Operation::ListOrganizations, 200),
        Call {
            table: Filled::WithMany,
            ..Call::new("list 101 organizations", Operation::ListOrganizations, 200)
        },
        Call::new("get", Operation::GetOrganization, 200),
        Call::new("get what is known", Operation::GetOrganization, 304).with(&[("if-none-match", "\"3\"")]),
        Call::new("get by a stranger", Operation::GetOrganization, 404).by("eve"),
        Call::new("update", Operation::UpdateOrganization, 200).says(rename()),
        Call::new("update if at the version", Operation::UpdateOrganization, 200)
            .with(CURRENT)
            .says(rename()),
        Call::new("update at another version", Operation::UpdateOrganization, 412).with(STALE).says(rename()),
        Call::new("update by a member", Operation::UpdateOrganization, 403).by("cyd").says(rename()),
        Call::new("update by a stranger", Operation::UpdateOrganization, 404).by("eve").says(rename()),
        Call::new("set overages", Operation::SetMaxOverages, 200).says(limit()),
        Call::new("set overages if at the version", Operation::SetMaxOverages, 200)
            .with(CURRENT)
            .says(limit()),
        Call::new("set overages at another version", Operation::SetMaxOverages, 412)
            .with(STALE)
            .says(limit()),
        Call::new("list members", Operation::ListMembers, 200),
        Call::new("list a page of members", Operation::ListMembers, 200).by("cyd").page("limit=1"),
        Call::new("list members by a stranger", Operation::ListMembers, 404).by("eve"),
        Call::new("add a member", Operation::AddMember, 201).says(dan("member")),
        Call::new("add an owner if at the version", Operation::AddMember, 201)
            .with(CURRENT)
            .says(dan("owner")),
        Call::new("add who is there", Operation::AddMember, 409).says(json!({ "userId": "cyd" })),
        Call::new("add at another version", Operation::AddMember, 412).with(STALE).says(dan("member")),
        Call::new("promote", Operation::UpdateMember, 200).about("cyd").says(role("admin")),
        Call::new("promote a stranger", Operation::UpdateMember, 404).about("eve").says(role("admin")),
        // No user has such an id, but only members learn that.
        Call::new("promote nobody", Operation::UpdateMember, 404).about("no id").says(role("admin")),
        Call::new("demote if at the version", Operation::UpdateMember, 200)
            .about("bob")
            .with(CURRENT)
            .says(role("member")),
        Call::new("demote at another version", Operation::UpdateMember, 412)
            .about("bob")
            .with(STALE)
            .says(role("member")),
        Call::new("demote the last owner", Operation::UpdateMember, 422).about("ann").says(role("admin")),
        Call::new("remove", Operation::RemoveMember, 200).by("bob").about("cyd"),
        Call::new("remove a stranger", Operation::RemoveMember, 404).by("bob").about("eve"),
        Call::new("remove nobody", Operation::RemoveMember, 404).about("no id"),
        Call::new("remove if at the version", Operation::RemoveMember, 200).about("bob").with(CURRENT),
        Call::new("remove at another version", Operation::RemoveMember, 412).about("bob").with(STALE),
        Call::new("leave", Operation::RemoveMember, 200).by("cyd").about("cyd"),
        Call::new("leave as the last owner", Operation::RemoveMember, 422).about("ann"),
    ]
}
