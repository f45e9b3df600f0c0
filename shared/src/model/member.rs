use super::{OrganizationId, Role, Timestamp, UserId};
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
    /// The user who added the member; the organization's creator added themselves.
    pub added_by: UserId,
    /// When the member was added.
    pub joined_at: Timestamp,
}
