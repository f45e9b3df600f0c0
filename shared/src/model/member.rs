use super::{Caller, OrganizationId, Role, Timestamp, UserId};
use serde::Serialize;

/// A user's membership of an organization, as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The member.
    pub user_id: UserId,
    /// The member's role.
    pub role: Role,
    /// Who added or invited the member; the organization's creator added themselves.
    pub added_by: Caller,
    /// When the member was added.
    pub joined_at: Timestamp,
}

/// What ended when a user was erased.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Erasure {
    /// The organizations of which the user was a member.
    pub left: Vec<OrganizationId>,
    /// Those of them that ended with the user.
    pub deleted: Vec<OrganizationId>,
}

/// The answer to the acceptance of an invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joining {
    /// The member, as it is now.
    pub member: Member,
    /// True if an earlier request of the same user accepted the invitation.
    pub is_replayed: bool,
}
