use super::{
    Caller, Domain, ExternalId, IncludedUnits, MaxMembers, MaxOverages, Metadata, OrganizationId,
    OrganizationName, Role, Timestamp,
};
use serde::Serialize;

/// An organization as the API shows it to one caller.
///
/// `name` and `domain` are returned as stored, without parsing them again: a stricter rule must not make
/// existing organizations unreadable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    /// The id.
    pub id: OrganizationId,
    /// The display name.
    pub name: String,
    /// The domain, if one is set. Not unique: related organizations may share one.
    pub domain: Option<String>,
    /// The overage limit.
    pub max_overages: MaxOverages,
    /// The units of a billing period that the plan includes.
    pub included_units: IncludedUnits,
    /// How many members it may have.
    pub max_members: MaxMembers,
    /// Its id in another system, if one was set.
    pub external_id: Option<ExternalId>,
    /// A client's own notes.
    pub metadata: Metadata,
    /// The number of members, including owners.
    pub member_count: u64,
    /// The user's role; `None` after the user has left, and for services.
    pub role: Option<Role>,
    /// Who created it.
    pub created_by: Caller,
    /// When it was created.
    pub created_at: Timestamp,
    /// When the organization, its members or their roles last changed.
    pub updated_at: Timestamp,
    /// 1 at creation, incremented by every change. Also the entity tag.
    pub version: u64,
    /// When it was deleted, and when it can no longer be restored; `None` if it is not deleted.
    #[serde(flatten)]
    pub deletion: Option<Deletion>,
}

/// The deletion of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Deletion {
    /// When it was deleted.
    pub deleted_at: Timestamp,
    /// When it can no longer be restored.
    pub purge_at: Timestamp,
}

/// The values of a new organization.
#[derive(Debug, Clone)]
pub struct NewOrganization {
    /// The display name.
    pub name: OrganizationName,
    /// The domain, if any.
    pub domain: Option<Domain>,
    /// A client's own notes.
    pub metadata: Metadata,
    /// Its id in another system. Only services set it.
    pub external_id: Option<ExternalId>,
}

impl NewOrganization {
    /// An organization with a name and a domain alone.
    pub fn new(name: OrganizationName, domain: Option<Domain>) -> Self {
        Self { name, domain, metadata: Metadata::default(), external_id: None }
    }
}

/// The answer to a creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    /// The organization as it was created.
    pub organization: Organization,
    /// True if an earlier request with the same `Idempotency-Key` created it.
    pub is_replayed: bool,
}

/// The fields to change. `None` leaves a field unchanged.
#[derive(Debug, Clone, Default)]
pub struct OrganizationChanges {
    /// A new name.
    pub name: Option<OrganizationName>,
    /// A new domain, or `Some(None)` to clear it.
    pub domain: Option<Option<Domain>>,
    /// New metadata, in place of all that there is.
    pub metadata: Option<Metadata>,
}

/// An organization's overage limit, with the time and the user of the last change to it.
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
    pub updated_by: Caller,
    /// The organization's version after this change.
    pub version: u64,
}
