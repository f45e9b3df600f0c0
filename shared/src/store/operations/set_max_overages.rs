//! Updates `ORG#<id>`/`ORG#<id>`. Guard: the caller is an owner or admin; the preconditions hold.

use crate::error::Error;
use crate::model::{Caller, EventType, MaxOverages, OrganizationId, OverageConfiguration, Preconditions};
use crate::store::guard::{Change, Guard};
use crate::store::items;
use crate::store::rules::Rule;
use crate::store::table::Store;

impl Store {
    /// Sets an organization's overage limit.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::OrganizationDeleted`], [`Error::Forbidden`],
    /// [`Error::PreconditionFailed`],
    /// [`Error::Conflict`], [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn set_max_overages(
        &self,
        caller: &Caller,
        id: &OrganizationId,
        max_overages: MaxOverages,
        preconditions: &Preconditions,
    ) -> Result<OverageConfiguration, Error> {
        let rules = [Rule::Administers(caller), Rule::Preconditions(preconditions)];
        let guard = Guard::new(id, caller, rules);
        let set = vec![("maxOverages", items::value(&max_overages)?)];
        let change = Change { set, ..Change::of(EventType::MaxOveragesSet) };
        let item = self.change_organization(&guard, change).await?;
        Ok(OverageConfiguration {
            organization_id: id.clone(),
            max_overages: item.max_overages,
            updated_by: item.updated_by()?,
            updated_at: item.updated_at,
            version: item.version,
        })
    }
}
