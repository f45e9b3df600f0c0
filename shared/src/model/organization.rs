use super::{Domain, MaxOverages, OrganizationId, OrganizationName, Role, Timestamp, UserId};
use serde::Serialize;

/// An organization as the API shows it to one caller.
///
/// `name` and `domain` are what was stored, and not parsed again: a rule that grows stricter must
/// not make an organization unreadable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    /// The id.
    pub id: OrganizationId,
    /// The display name.
    pub name: String,
    /// The domain, if one is set. Not unique: sister organizations share one.
    pub domain: Option<String>,
    /// The overage limit.
    pub max_overages: MaxOverages,
    /// How many members there are, the owners among them.
    pub member_count: u64,
    /// The caller's role; `None` when the caller has just left.
    pub role: Option<Role>,
    /// Who created it.
    pub created_by: UserId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it, its members or their roles last changed.
    pub updated_at: Timestamp,
    /// 1 at creation and one more for each change; the entity tag.
    pub version: u64,
}

/// What an organization is created from.
#[derive(Debug, Clone)]
pub struct NewOrganization {
    /// The display name.
    pub name: OrganizationName,
    /// The domain, if any.
    pub domain: Option<Domain>,
}

/// The fields to change; the others stay as they are.
#[derive(Debug, Clone)]
pub struct OrganizationChanges {
    /// A new name.
    pub name: Option<OrganizationName>,
    /// A new domain, or `Some(None)` to clear it.
    pub domain: Option<Option<Domain>>,
}

/// An organization's overage limit and when and by whom the organization was last changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OverageConfiguration {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The limit.
    pub max_overages: MaxOverages,
    /// When the limit was set.
    pub updated_at: Timestamp,
    /// Who set it.
    pub updated_by: UserId,
    /// The organization's version since.
    pub version: u64,
}
