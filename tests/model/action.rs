//! Actions: the operations with their arguments, and their requests. A new operation needs edits only here and
//! in [`crate::effect`].

use crate::model::Refusal;
use crate::request::Parameter;
use crate::values::{NOBODY, OVERAGES, ROLES, Text, domain, limit, name, role, user};
use functions::Operation;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use serde_json::{Map, Value, json};

#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    CreateOrganization { name: Text, domain: Option<Text>, key: Option<&'static str> },
    ListOrganizations { limit: Option<usize> },
    GetOrganization,
    UpdateOrganization { name: Option<Text>, domain: Option<Option<Text>> },
    SetMaxOverages { units: Option<i64> },
    ListMembers { limit: Option<usize> },
    AddMember { user: &'static str, role: Option<&'static str> },
    UpdateMember { user: &'static str, role: &'static str },
    RemoveMember { user: &'static str },
}

/// Any action.
pub fn any() -> impl Strategy<Value = Action> {
    Union::new_weighted(Operation::ALL.iter().copied().map(of).collect())
}

/// The actions of an operation, and their weight among all actions.
fn of(operation: Operation) -> (u32, BoxedStrategy<Action>) {
    match operation {
        Operation::CreateOrganization => {
            let key = option::of(select(vec!["k", "another key"]));
            let action = |(name, domain, key)| Action::CreateOrganization { name, domain, key };
            (3, (name(), option::of(domain()), key).prop_map(action).boxed())
        }
        Operation::ListOrganizations => {
            (2, limit().prop_map(|limit| Action::ListOrganizations { limit }).boxed())
        }
        Operation::GetOrganization => (3, Just(Action::GetOrganization).boxed()),
        Operation::UpdateOrganization => {
            let action = |(name, domain)| Action::UpdateOrganization { name, domain };
            (3, (option::of(name()), option::of(option::of(domain()))).prop_map(action).boxed())
        }
        Operation::SetMaxOverages => {
            (2, select(&OVERAGES[..]).prop_map(|units| Action::SetMaxOverages { units }).boxed())
        }
        Operation::ListMembers => (2, limit().prop_map(|limit| Action::ListMembers { limit }).boxed()),
        Operation::AddMember => (
            5,
            (user(), option::of(role())).prop_map(|(user, role)| Action::AddMember { user, role }).boxed(),
        ),
        Operation::UpdateMember => {
            (5, (user(), role()).prop_map(|(user, role)| Action::UpdateMember { user, role }).boxed())
        }
        Operation::RemoveMember => (4, user().prop_map(|user| Action::RemoveMember { user }).boxed()),
    }
}

/// The request.
impl Action {
    pub fn operation(&self) -> Operation {
        match self {
            Self::CreateOrganization { .. } => Operation::CreateOrganization,
            Self::ListOrganizations { .. } => Operation::ListOrganizations,
            Self::GetOrganization => Operation::GetOrganization,
            Self::UpdateOrganization { .. } => Operation::UpdateOrganization,
            Self::SetMaxOverages { .. } => Operation::SetMaxOverages,
            Self::ListMembers { .. } => Operation::ListMembers,
            Self::AddMember { .. } => Operation::AddMember,
            Self::UpdateMember { .. } => Operation::UpdateMember,
            Self::RemoveMember { .. } => Operation::RemoveMember,
        }
    }

    /// The user in the path.
    pub fn target(&self) -> Option<&'static str> {
        match self {
            Self::UpdateMember { user, .. } | Self::RemoveMember { user } => Some(user),
            Self::CreateOrganization { .. }
            | Self::ListOrganizations { .. }
            | Self::GetOrganization
            | Self::UpdateOrganization { .. }
            | Self::SetMaxOverages { .. }
            | Self::ListMembers { .. }
            | Self::AddMember { .. } => None,
        }
    }

    /// The headers or the query parameter that the operation takes.
    pub fn parameter(&self) -> Parameter {
        match self {
            Self::CreateOrganization { .. } => Parameter::IdempotencyKey,
            Self::ListOrganizations { .. } | Self::ListMembers { .. } => Parameter::Limit,
            Self::GetOrganization
            | Self::UpdateOrganization { .. }
            | Self::SetMaxOverages { .. }
            | Self::AddMember { .. }
            | Self::UpdateMember { .. }
            | Self::RemoveMember { .. } => Parameter::Precondition,
        }
    }

    /// The `Idempotency-Key`.
    pub fn key(&self) -> Option<&'static str> {
        match self {
            Self::CreateOrganization { key, .. } => *key,
            _ => None,
        }
    }

    /// The query parameter `limit`.
    pub fn limit(&self) -> Option<usize> {
        match self {
            Self::ListOrganizations { limit } | Self::ListMembers { limit } => *limit,
            _ => None,
        }
    }

    /// The field that an error names if the body is empty, and the fields that are sent.
    pub fn fields(&self) -> Option<(&'static str, Map<String, Value>)> {
        let fields = match self {
            Self::CreateOrganization { name, domain, .. } => vec![
                ("organizationName", Some(json!(name.0))),
                ("domain", domain.map(|domain| json!(domain.0))),
            ],
            Self::UpdateOrganization { name, domain } => vec![
                ("name", name.map(|name| json!(name.0))),
                ("domain", domain.map(|domain| json!(domain.map(|domain| domain.0)))),
            ],
            Self::SetMaxOverages { units } => vec![("maxOverages", Some(json!(units)))],
            Self::AddMember { user, role } => {
                vec![("userId", Some(json!(user))), ("role", role.map(|role| json!(role)))]
            }
            Self::UpdateMember { role, .. } => vec![("role", Some(json!(role)))],
            _ => return None,
        };
        let first = fields[0].0;
        let sent = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Some((first, sent.collect()))
    }

    /// Refuses invalid arguments.
    pub fn validate(&self) -> Result<(), Refusal> {
        let broken = |field: &str, rule: &str| {
            Err((422, "validation_failed", json!({ "field": field, "rule": rule })))
        };
        match self {
            Self::CreateOrganization { name: (_, Err(rule)), .. } => broken("organizationName", rule),
            Self::UpdateOrganization { name: None, domain: None } => {
                Err((400, "invalid_request", json!({ "field": "name" })))
            }
            Self::UpdateOrganization { name: Some((_, Err(rule))), .. } => broken("name", rule),
            Self::CreateOrganization { domain: Some((_, Err(rule))), .. }
            | Self::UpdateOrganization { domain: Some(Some((_, Err(rule)))), .. } => broken("domain", rule),
            Self::SetMaxOverages { units: Some(units) } if !(0..=1_000_000_000).contains(units) => {
                broken("maxOverages", "range")
            }
            Self::AddMember { user, .. } if *user == NOBODY => broken("userId", "user_id"),
            Self::AddMember { role: Some(role), .. } | Self::UpdateMember { role, .. }
                if !ROLES[..3].contains(role) =>
            {
                broken("role", "role")
            }
            _ => Ok(()),
        }
    }
}
