//! Actions: the operations with their arguments. A new operation needs edits here, in [`crate::choice`],
//! [`crate::validity`], [`crate::effect`] and [`crate::parts`].

use crate::request::Parameter;
use crate::values::{NAMES, Text};
use functions::Operation;
use serde_json::{Map, Value, json};

#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    CreateOrganization {
        name: Text,
        domain: Option<Text>,
        owner: Option<&'static str>,
        external_id: Option<Text>,
        metadata: Option<Text>,
        key: Option<&'static str>,
    },
    /// `of` is the query parameter `userId`.
    ListOrganizations {
        of: Option<&'static str>,
        external_id: Option<Text>,
        deleted: Option<&'static str>,
        limit: Option<usize>,
    },
    GetOrganization,
    UpdateOrganization {
        name: Option<Text>,
        domain: Option<Option<Text>>,
        metadata: Option<Text>,
    },
    DeleteOrganization,
    RestoreOrganization,
    SetMaxOverages {
        units: Option<i64>,
    },
    SetPlan {
        included_units: Option<i64>,
        max_members: Option<Option<i64>>,
    },
    RecordUsage {
        units: i64,
        period: Option<Text>,
        over_limit: Option<&'static str>,
        key: Option<&'static str>,
    },
    GetUsage {
        period: Option<Text>,
    },
    ListMembers {
        limit: Option<usize>,
    },
    AddMember {
        user: &'static str,
        role: Option<&'static str>,
    },
    GetMember {
        user: &'static str,
    },
    UpdateMember {
        user: &'static str,
        role: &'static str,
    },
    RemoveMember {
        user: &'static str,
    },
    CreateInvitation {
        email: Option<Option<Text>>,
        role: Option<&'static str>,
        days: Option<i64>,
    },
    ListInvitations {
        limit: Option<usize>,
    },
    RevokeInvitation {
        invitation: Reference,
    },
    PreviewInvitation {
        token: Reference,
    },
    AcceptInvitation {
        token: Reference,
    },
    ListEvents {
        after: Option<&'static str>,
        limit: Option<usize>,
    },
    DeleteUser {
        user: &'static str,
    },
}

/// An invitation's id or token. They are random, so a request refers to those in earlier answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reference {
    /// The one that was issued this many answers before the last one.
    Issued(usize),
    /// A token with the ids of one issued token and the secret of another.
    Mixed(usize, usize),
    /// No invitation's.
    Unknown(&'static str),
}

/// Actions without optional parts.
impl Action {
    pub const fn creation() -> Self {
        let (owner, external_id, metadata) = (None, None, None);
        Self::CreateOrganization { name: NAMES[0], domain: None, owner, external_id, metadata, key: None }
    }

    pub const fn list(deleted: Option<&'static str>) -> Self {
        Self::ListOrganizations { of: None, external_id: None, deleted, limit: None }
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
            Self::DeleteOrganization => Operation::DeleteOrganization,
            Self::RestoreOrganization => Operation::RestoreOrganization,
            Self::SetMaxOverages { .. } => Operation::SetMaxOverages,
            Self::SetPlan { .. } => Operation::SetPlan,
            Self::RecordUsage { .. } => Operation::RecordUsage,
            Self::GetUsage { .. } => Operation::GetUsage,
            Self::ListMembers { .. } => Operation::ListMembers,
            Self::AddMember { .. } => Operation::AddMember,
            Self::GetMember { .. } => Operation::GetMember,
            Self::UpdateMember { .. } => Operation::UpdateMember,
            Self::RemoveMember { .. } => Operation::RemoveMember,
            Self::CreateInvitation { .. } => Operation::CreateInvitation,
            Self::ListInvitations { .. } => Operation::ListInvitations,
            Self::RevokeInvitation { .. } => Operation::RevokeInvitation,
            Self::PreviewInvitation { .. } => Operation::PreviewInvitation,
            Self::AcceptInvitation { .. } => Operation::AcceptInvitation,
            Self::ListEvents { .. } => Operation::ListEvents,
            Self::DeleteUser { .. } => Operation::DeleteUser,
        }
    }

    /// The user in the path or in the body.
    pub fn target(&self) -> Option<&'static str> {
        match self {
            Self::GetMember { user }
            | Self::UpdateMember { user, .. }
            | Self::RemoveMember { user }
            | Self::AddMember { user, .. }
            | Self::DeleteUser { user } => Some(user),
            _ => None,
        }
    }

    /// True if the user must be a member of the organization.
    pub fn acts_on_member(&self) -> bool {
        matches!(self, Self::GetMember { .. } | Self::UpdateMember { .. } | Self::RemoveMember { .. })
    }

    /// The user whose organizations a service lists.
    pub fn listed_user(&self) -> Option<&'static str> {
        match self {
            Self::ListOrganizations { of, .. } => *of,
            _ => None,
        }
    }

    /// The invitation's id in the path or its token in the body.
    pub fn reference(&self) -> Option<Reference> {
        match self {
            Self::RevokeInvitation { invitation } => Some(*invitation),
            Self::PreviewInvitation { token } | Self::AcceptInvitation { token } => Some(*token),
            _ => None,
        }
    }

    /// True if the request names an invitation by its token.
    pub fn has_token(&self) -> bool {
        matches!(self, Self::PreviewInvitation { .. } | Self::AcceptInvitation { .. })
    }

    /// The headers or the query parameter that the operation takes.
    pub fn parameter(&self) -> Parameter {
        match self {
            Self::CreateOrganization { .. } | Self::RecordUsage { .. } => Parameter::IdempotencyKey,
            Self::ListOrganizations { .. }
            | Self::ListMembers { .. }
            | Self::ListInvitations { .. }
            | Self::ListEvents { .. } => Parameter::Limit,
            Self::GetUsage { .. }
            | Self::GetMember { .. }
            | Self::PreviewInvitation { .. }
            | Self::AcceptInvitation { .. }
            | Self::DeleteUser { .. } => Parameter::None,
            Self::GetOrganization
            | Self::UpdateOrganization { .. }
            | Self::DeleteOrganization
            | Self::RestoreOrganization
            | Self::SetMaxOverages { .. }
            | Self::SetPlan { .. }
            | Self::AddMember { .. }
            | Self::UpdateMember { .. }
            | Self::RemoveMember { .. }
            | Self::CreateInvitation { .. }
            | Self::RevokeInvitation { .. } => Parameter::Precondition,
        }
    }

    /// The `Idempotency-Key`.
    pub fn key(&self) -> Option<&'static str> {
        match self {
            Self::CreateOrganization { key, .. } | Self::RecordUsage { key, .. } => *key,
            _ => None,
        }
    }

    /// The query parameter `limit`.
    pub fn limit(&self) -> Option<usize> {
        match self {
            Self::ListOrganizations { limit, .. }
            | Self::ListMembers { limit }
            | Self::ListInvitations { limit }
            | Self::ListEvents { limit, .. } => *limit,
            _ => None,
        }
    }

    /// The query parameters of the first page besides `limit`.
    pub fn filters(&self) -> Vec<(&'static str, &'static str)> {
        let filters = match self {
            Self::ListOrganizations { of, external_id, deleted, .. } => {
                vec![("userId", *of), ("externalId", external_id.map(|id| id.0)), ("deleted", *deleted)]
            }
            Self::GetUsage { period } => vec![("period", period.map(|period| period.0))],
            Self::ListEvents { after, .. } => vec![("after", *after)],
            _ => Vec::new(),
        };
        filters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// The field that an error names if its type is wrong, and the fields that are sent. `reference` is the
    /// token of an invitation.
    pub fn fields(&self, reference: &str) -> Option<(&'static str, Map<String, Value>)> {
        let fields = match self {
            Self::CreateOrganization { name, domain, owner, external_id, metadata, .. } => vec![
                ("organizationName", Some(json!(name.0))),
                ("domain", domain.map(|domain| json!(domain.0))),
                ("owner", owner.map(|owner| json!(owner))),
                ("externalId", external_id.map(|id| json!(id.0))),
                ("metadata", metadata.map(parsed)),
            ],
            Self::UpdateOrganization { name, domain, metadata } => vec![
                ("name", name.map(|name| json!(name.0))),
                ("domain", domain.map(|domain| json!(domain.map(|domain| domain.0)))),
                ("metadata", metadata.map(parsed)),
            ],
            Self::SetMaxOverages { units } => vec![("maxOverages", Some(json!(units)))],
            Self::SetPlan { included_units, max_members } => vec![
                ("includedUnits", included_units.map(|units| json!(units))),
                ("maxMembers", max_members.map(|members| json!(members))),
            ],
            Self::RecordUsage { units, period, over_limit, .. } => vec![
                ("units", Some(json!(units))),
                ("period", period.map(|period| json!(period.0))),
                ("overLimit", over_limit.map(|over_limit| json!(over_limit))),
            ],
            Self::AddMember { user, role } => {
                vec![("userId", Some(json!(user))), ("role", role.map(|role| json!(role)))]
            }
            Self::UpdateMember { role, .. } => vec![("role", Some(json!(role)))],
            Self::CreateInvitation { email, role, days } => vec![
                ("email", email.map(|email| json!(email.map(|email| email.0)))),
                ("role", role.map(|role| json!(role))),
                ("expiresInDays", days.map(|days| json!(days))),
            ],
            Self::PreviewInvitation { .. } | Self::AcceptInvitation { .. } => {
                vec![("token", Some(json!(reference)))]
            }
            _ => return None,
        };
        let first = fields[0].0;
        let sent = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Some((first, sent.collect()))
    }
}

/// Metadata as sent.
fn parsed((text, _): Text) -> Value {
    serde_json::from_str(text).unwrap()
}
