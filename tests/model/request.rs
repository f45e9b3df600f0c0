//! Requests: as generated, and as sent, with all values decided.

use crate::action::Action;

/// A flaw that makes a request fail before its arguments are checked.
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
    /// True if a request for the action can have the flaw.
    pub fn concerns(self, action: &Action) -> bool {
        match self {
            Self::NoIdentity => true,
            Self::Parameter => action.parameter() != Parameter::None,
            // The body of an invitation can be empty.
            Self::MissingField if matches!(action, Action::CreateInvitation { .. }) => false,
            _ => action.fields("").is_some(),
        }
    }
}

/// What an operation takes besides a body.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Parameter {
    None,
    IdempotencyKey,
    Limit,
    /// `If-Match` or `If-None-Match`.
    Precondition,
}

/// The content of `If-Match` or `If-None-Match`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Condition {
    None,
    Any,
    /// The organization's version, as known to the sender.
    Current,
    /// The same as a weak tag.
    Weak,
    /// This version, current or not.
    Version(u64),
    /// This version or the current one.
    Either(u64),
}

/// A request as generated.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub caller: &'static str,
    pub action: Action,
    /// The index of a created organization. An index out of range stands for an unknown organization.
    pub organization: usize,
    pub condition: Condition,
    /// The header with the condition: `If-Match` or `If-None-Match`.
    pub header: &'static str,
    pub flaw: Option<Flaw>,
}

impl Request {
    /// A request to the first organization, without a condition.
    pub fn plain(caller: &'static str, action: Action) -> Self {
        Self { caller, action, organization: 0, condition: Condition::None, header: "If-Match", flaw: None }
    }
}

/// A request as sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub request: Request,
    /// The organization's id. For a request with an invitation's token, that of the invitation.
    pub organization: String,
    /// The organization's version, as known to the sender.
    pub version: u64,
    /// The invitation's id or token, for a request that has one. Otherwise empty.
    pub reference: String,
    /// For a later page of a list: the number of items before it, and its query.
    pub page: Option<(usize, String)>,
}

impl Call {
    pub fn action(&self) -> &Action {
        &self.request.action
    }

    /// The name of the header or query parameter that the operation takes.
    pub fn parameter(&self) -> &'static str {
        match self.action().parameter() {
            Parameter::IdempotencyKey => "Idempotency-Key",
            Parameter::Limit => "limit",
            Parameter::None => "no parameter",
            Parameter::Precondition => self.request.header,
        }
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

    /// True if the precondition fails for the organization at `version`. In `If-Match` a weak tag never
    /// matches (RFC 9110 §13.1).
    pub fn fails(&self, version: u64) -> bool {
        let is_sent = self.condition().is_some() && self.action().parameter() == Parameter::Precondition;
        is_sent && self.names(version) == (self.request.header == "If-None-Match")
    }

    fn names(&self, version: u64) -> bool {
        match self.request.condition {
            Condition::None => false,
            Condition::Any => true,
            Condition::Current => self.version == version,
            Condition::Weak => self.version == version && self.request.header == "If-None-Match",
            Condition::Version(other) => other == version,
            Condition::Either(other) => other == version || self.version == version,
        }
    }
}
