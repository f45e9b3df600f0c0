use super::{Caller, InvitationId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What happened to an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventType {
    /// It was created.
    #[serde(rename = "organization.created")]
    OrganizationCreated,
    /// Its name, domain or metadata were set.
    #[serde(rename = "organization.updated")]
    OrganizationUpdated,
    /// It was deleted, or can no longer be restored.
    #[serde(rename = "organization.deleted")]
    OrganizationDeleted,
    /// It was restored.
    #[serde(rename = "organization.restored")]
    OrganizationRestored,
    /// Its overage limit was set.
    #[serde(rename = "max_overages.set")]
    MaxOveragesSet,
    /// Its plan was set.
    #[serde(rename = "plan.set")]
    PlanSet,
    /// A service made a user a member.
    #[serde(rename = "member.added")]
    MemberAdded,
    /// A member was removed, or left.
    #[serde(rename = "member.removed")]
    MemberRemoved,
    /// A member's role was set.
    #[serde(rename = "member.role_changed")]
    MemberRoleChanged,
    /// Somebody was invited.
    #[serde(rename = "invitation.created")]
    InvitationCreated,
    /// A pending invitation got a new token.
    #[serde(rename = "invitation.renewed")]
    InvitationRenewed,
    /// A pending invitation was revoked.
    #[serde(rename = "invitation.revoked")]
    InvitationRevoked,
    /// A user joined by an invitation.
    #[serde(rename = "invitation.accepted")]
    InvitationAccepted,
}

impl EventType {
    /// All types.
    pub const ALL: [Self; 13] = [
        Self::OrganizationCreated,
        Self::OrganizationUpdated,
        Self::OrganizationDeleted,
        Self::OrganizationRestored,
        Self::MaxOveragesSet,
        Self::PlanSet,
        Self::MemberAdded,
        Self::MemberRemoved,
        Self::MemberRoleChanged,
        Self::InvitationCreated,
        Self::InvitationRenewed,
        Self::InvitationRevoked,
        Self::InvitationAccepted,
    ];
}

/// What an event is about, beside the organization. It has ids only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventTarget {
    /// The member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The invitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation_id: Option<InvitationId>,
}

/// What a write does to an organization. The write stores it in the organization's item, from which the event is
/// made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happening {
    /// The type of the event.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// What it is about; `None` if it is about the organization alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<EventTarget>,
}

impl Happening {
    /// Something that is about the organization alone.
    pub fn new(kind: EventType) -> Self {
        Self { kind, target: None }
    }

    /// Something that is about a member.
    pub fn to_user(kind: EventType, user: &UserId) -> Self {
        Self { kind, target: Some(EventTarget { user_id: Some(user.clone()), invitation_id: None }) }
    }

    /// Something that is about an invitation.
    pub fn to_invitation(kind: EventType, invitation: &InvitationId) -> Self {
        let target = EventTarget { user_id: None, invitation_id: Some(invitation.clone()) };
        Self { kind, target: Some(target) }
    }

    /// A user joined by an invitation.
    pub fn accepted(invitation: &InvitationId, user: &UserId) -> Self {
        let target = EventTarget { user_id: Some(user.clone()), invitation_id: Some(invitation.clone()) };
        Self { kind: EventType::InvitationAccepted, target: Some(target) }
    }
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    kind: ActorKind,
    id: UserId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum ActorKind {
    User,
    Service,
}

impl From<Caller> for Actor {
    fn from(caller: Caller) -> Self {
        match caller {
            Caller::User(id) => Self { kind: ActorKind::User, id },
            Caller::Service(id) => Self { kind: ActorKind::Service, id },
        }
    }
}

/// A value before and after a change. `null` is the value of what does not exist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Before.
    pub from: Value,
    /// After.
    pub to: Value,
}

/// One change of an organization's version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The version that it made: 1, 2, ….
    pub number: u64,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// Who did it.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// What it is about, beside the organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<EventTarget>,
    /// The fields that changed.
    pub changes: BTreeMap<String, Difference>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_type_has_a_name_of_its_own() {
        let names: HashSet<_> = EventType::ALL.map(|kind| serde_json::to_string(&kind).unwrap()).into();
        assert_eq!(names.len(), EventType::ALL.len());
    }

    #[test]
    fn an_actor_has_its_id_without_a_prefix() {
        let ann = UserId::parse("ann").unwrap();
        let json = |caller: Caller| serde_json::to_string(&Actor::from(caller)).unwrap();
        assert_eq!(json(Caller::User(ann.clone())), r#"{"kind":"user","id":"ann"}"#);
        assert_eq!(json(Caller::Service(ann)), r#"{"kind":"service","id":"ann"}"#);
    }
}
