//! Requests: as they are generated, and with all decided that is left to the moment of sending.

use serde_json::{Map, Value, json};

/// Those who make requests and are added: with ids that a path has to encode, too. In the order of
/// their ids, which is how members are listed.
pub const USERS: [&str; 5] = ["ann", "auth0|bob", "cyd", "dan@example.com", "eve"];

/// No user can have that id.
pub const NOBODY: &str = "no body";

/// Organizations that there are not: the ids of none and of something else.
pub const NOWHERE: [&str; 2] = ["org_01ARZ3NDEKTSV4RRFFQ69G5FAV", "org_1"];

/// A value of a field: as it is sent, and as it is stored, or the rule that it breaks.
pub type Text = (&'static str, Result<&'static str, &'static str>);

pub const NAMES: [Text; 6] = [
    ("Acme", Ok("Acme")),
    ("B", Ok("B")),
    (" Cafe\u{301} \n", Ok("Caf\u{e9}")),
    ("\u{1F600}", Ok("\u{1F600}")),
    (" ", Err("length")),
    ("a\u{7}b", Err("control_character")),
];

pub const DOMAINS: [Text; 6] = [
    ("acme.example", Ok("acme.example")),
    (" ACME.Example. ", Ok("acme.example")),
    ("bücher.example", Ok("xn--bcher-kva.example")),
    ("co.uk", Err("public_suffix")),
    ("10.0.0.1", Err("ip_address")),
    ("localhost", Err("labels")),
];

/// The three roles, and none.
pub const ROLES: [&str; 4] = ["owner", "admin", "member", "king"];

/// Limits of overages in the range, no limit, and out of it.
pub const OVERAGES: [Option<i64>; 6] =
    [Some(0), Some(7), Some(1_000_000_000), None, Some(1_000_000_001), Some(-1)];

#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    Create { name: Text, domain: Option<Text>, key: Option<&'static str> },
    ListOrganizations { limit: Option<usize> },
    Get,
    Update { name: Option<Text>, domain: Option<Option<Text>> },
    SetMaxOverages { units: Option<i64> },
    ListMembers { limit: Option<usize> },
    AddMember { user: &'static str, role: Option<&'static str> },
    UpdateMember { user: &'static str, role: &'static str },
    RemoveMember { user: &'static str },
}

/// What is wrong with a request before it is looked at what it asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Flaw {
    NoIdentity,
    TooLarge,
    NotJson,
    MalformedJson,
    WrongType,
    MissingField,
    UnknownField,
    /// A malformed `If-Match`, `If-None-Match`, `Idempotency-Key` or `limit`.
    Parameter,
}

impl Flaw {
    /// Whether a request of that operation can have it.
    pub fn concerns(self, operation: &Operation) -> bool {
        matches!(self, Self::NoIdentity | Self::Parameter) || operation.fields().is_some()
    }
}

/// What `If-Match` or `If-None-Match` says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Condition {
    None,
    Any,
    /// The version that the organization is at, as far as the sender knows.
    Current,
    /// The same as a weak tag.
    Weak,
    /// This one, whether it is current or not.
    Version(u64),
    /// That, or the current one.
    Either(u64),
}

/// A request as it is generated.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub caller: &'static str,
    pub operation: Operation,
    /// One of those that were created, by their number, or one that was not.
    pub organization: usize,
    pub condition: Condition,
    pub flaw: Option<Flaw>,
}

/// A request as it is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub request: Request,
    /// Its id.
    pub organization: String,
    /// Its version as far as the sender knows it.
    pub version: u64,
    /// For a list's next page: how many items there were before it, and its query.
    pub page: Option<(usize, String)>,
}

impl Call {
    pub fn operation(&self) -> &Operation {
        &self.request.operation
    }

    /// The value of `If-Match` or `If-None-Match`.
    pub fn condition(&self) -> Option<String> {
        let version = self.version;
        match self.request.condition {
            Condition::None => None,
            Condition::Any => Some("*".to_owned()),
            Condition::Current => Some(format!("\"{version}\"")),
            Condition::Weak => Some(format!("W/\"{version}\"")),
            Condition::Version(other) => Some(format!("\"{other}\"")),
            Condition::Either(other) => Some(format!("\"{other}\", \"{version}\"")),
        }
    }

    /// Whether the condition names the organization at `version`. A weak tag never does in
    /// `If-Match` (RFC 9110 §13.1).
    pub fn names(&self, version: u64) -> bool {
        match self.request.condition {
            Condition::None => false,
            Condition::Any => true,
            Condition::Current => self.version == version,
            Condition::Weak => self.version == version && self.request.operation == Operation::Get,
            Condition::Version(other) => other == version,
            Condition::Either(other) => other == version || self.version == version,
        }
    }
}

impl Operation {
    pub fn kind(&self) -> functions::Operation {
        match self {
            Self::Create { .. } => functions::Operation::CreateOrganization,
            Self::ListOrganizations { .. } => functions::Operation::ListOrganizations,
            Self::Get => functions::Operation::GetOrganization,
            Self::Update { .. } => functions::Operation::UpdateOrganization,
            Self::SetMaxOverages { .. } => functions::Operation::SetMaxOverages,
            Self::ListMembers { .. } => functions::Operation::ListMembers,
            Self::AddMember { .. } => functions::Operation::AddMember,
            Self::UpdateMember { .. } => functions::Operation::UpdateMember,
            Self::RemoveMember { .. } => functions::Operation::RemoveMember,
        }
    }

    /// Whether an organization is in the path.
    pub fn is_of_an_organization(&self) -> bool {
        !matches!(self, Self::Create { .. } | Self::ListOrganizations { .. })
    }

    /// The user in the path.
    pub fn target(&self) -> Option<&'static str> {
        match self {
            Self::UpdateMember { user, .. } | Self::RemoveMember { user } => Some(user),
            _ => None,
        }
    }

    /// The field that an empty body is said to lack, and all fields of the body.
    pub fn fields(&self) -> Option<(&'static str, Map<String, Value>)> {
        let (first, fields) = match self {
            Self::Create { name, domain, .. } => (
                "organizationName",
                vec![
                    Some(("organizationName", json!(name.0))),
                    domain.map(|domain| ("domain", json!(domain.0))),
                ],
            ),
            Self::Update { name, domain } => (
                "name",
                vec![
                    name.map(|name| ("name", json!(name.0))),
                    domain.map(|domain| ("domain", json!(domain.map(|domain| domain.0)))),
                ],
            ),
            Self::SetMaxOverages { units } => ("maxOverages", vec![Some(("maxOverages", json!(units)))]),
            Self::AddMember { user, role } => {
                ("userId", vec![Some(("userId", json!(user))), role.map(|role| ("role", json!(role)))])
            }
            Self::UpdateMember { role, .. } => ("role", vec![Some(("role", json!(role)))]),
            _ => return None,
        };
        let fields = fields.into_iter().flatten().map(|(name, value)| (name.to_owned(), value)).collect();
        Some((first, fields))
    }

    /// The most items of a page.
    pub fn limit(&self) -> Option<usize> {
        match self {
            Self::ListOrganizations { limit } | Self::ListMembers { limit } => *limit,
            _ => None,
        }
    }

    /// The `Idempotency-Key`.
    pub fn key(&self) -> Option<&'static str> {
        match self {
            Self::Create { key, .. } => *key,
            _ => None,
        }
    }

    /// The header or query parameter that it has beside.
    pub fn parameter(&self) -> &'static str {
        match self {
            Self::Create { .. } => "Idempotency-Key",
            Self::ListOrganizations { .. } | Self::ListMembers { .. } => "limit",
            Self::Get => "If-None-Match",
            _ => "If-Match",
        }
    }
}
