//! What an event leaves of an organization: the next event is compared with it.

use super::OrganizationItem;
use super::digest::{UserDigest, role_in};
use crate::error::Error;
use crate::model::{
    Difference, ExternalId, IncludedUnits, MaxMembers, MaxOverages, Metadata, Role, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The fields of an organization that an event's `changes` may name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    name: String,
    domain: Option<String>,
    metadata: Metadata,
    #[serde(deserialize_with = "MaxOverages::deserialize")]
    max_overages: MaxOverages,
    included_units: IncludedUnits,
    #[serde(deserialize_with = "MaxMembers::deserialize")]
    max_members: MaxMembers,
    external_id: Option<ExternalId>,
    deleted_at: Option<Timestamp>,
    purge_at: Option<Timestamp>,
}

/// What the event after this one is compared with: the organization as this event left it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::store) struct Snapshot {
    fields: Fields,
    #[serde(with = "serde_dynamo::binary_set")]
    owners: Vec<UserDigest>,
    #[serde(with = "serde_dynamo::binary_set")]
    privileged: Vec<UserDigest>,
}

impl Snapshot {
    pub(in crate::store) fn of(organization: &OrganizationItem) -> Self {
        Self {
            fields: Fields {
                name: organization.name.clone(),
                domain: organization.domain.clone(),
                metadata: organization.metadata.clone(),
                max_overages: organization.max_overages,
                included_units: organization.included_units,
                max_members: organization.max_members,
                external_id: organization.external_id.clone(),
                deleted_at: organization.deleted_at().cloned(),
                purge_at: organization.purge_at(),
            },
            owners: organization.owners.clone(),
            privileged: organization.privileged.clone(),
        }
    }

    /// The role of a user who is a member at this moment.
    pub(super) fn role_of(&self, user: &UserId) -> Role {
        role_in(&self.owners, &self.privileged, user)
    }
}

/// The fields that differ between two snapshots. Before the creation, every field is null.
///
/// # Errors
/// When a field cannot be written as JSON.
pub(super) fn differences(
    before: Option<&Snapshot>,
    after: &Snapshot,
) -> Result<BTreeMap<String, Difference>, Error> {
    let values = |snapshot: &Snapshot| match serde_json::to_value(&snapshot.fields) {
        Ok(Value::Object(values)) => Ok(values),
        Ok(_) => Err(Error::Internal("the fields of an organization are not an object".into())),
        Err(error) => Err(Error::Internal(error.into())),
    };
    let mut before = before.map(values).transpose()?.unwrap_or_default();
    let changed = values(after)?.into_iter().filter_map(|(field, to)| {
        let from = before.remove(&field).unwrap_or_default();
        (from != to).then_some((field, Difference { from, to }))
    });
    Ok(changed.collect())
}
