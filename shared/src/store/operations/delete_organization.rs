//! Updates `ORG#<id>`/`ORG#<id>`: sets when it was deleted, and when TTL removes it. Guard: the caller is an
//! owner or a service; the organization is not deleted; the preconditions hold. A deleted one is left as it is.

use crate::error::Error;
use crate::model::{Caller, EventType, Organization, OrganizationId, Preconditions, Timestamp};
use crate::store::guard::{Change, Guard};
use crate::store::rules::Rule;
use crate::store::table::Store;
use aws_sdk_dynamodb::types::AttributeValue;

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

impl Store {
    /// Deletes an organization: hides it, and keeps it for some days. Returns a deleted one unchanged.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::Forbidden`], [`Error::PreconditionFailed`],
    /// [`Error::Conflict`], [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn delete_organization(
        &self,
        caller: &Caller,
        id: &OrganizationId,
        preconditions: &Preconditions,
    ) -> Result<Organization, Error> {
        let rules = [Rule::Owns(caller), Rule::NotYetDeleted, Rule::Preconditions(preconditions)];
        let guard = Guard::new(id, caller, rules);
        let kept = u64::from(self.settings().deleted_organization_days) * SECONDS_PER_DAY;
        let purge_at = AttributeValue::N((Timestamp::seconds_now() + kept).to_string());
        let deleted_at = AttributeValue::S(guard.now.as_str().to_owned());
        let set = vec![("deletedAt", deleted_at), ("expiresAt", purge_at)];
        let change = Change { set, ..Change::of(EventType::OrganizationDeleted) };
        let item = self.change_organization(&guard, change).await?;
        let role = self.role_since(&item, caller, id).await?;
        Ok(item.into_organization(id.clone(), role))
    }
}
