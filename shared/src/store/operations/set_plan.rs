//! Updates `ORG#<id>`/`ORG#<id>`. Guard: the caller is a service; the organization is not deleted; the preconditions
//! hold.

use crate::error::Error;
use crate::model::{Caller, EventType, OrganizationId, Plan, PlanChanges, Preconditions, UserId};
use crate::store::guard::{Change, Guard};
use crate::store::items;
use crate::store::rules::Rule;
use crate::store::table::Store;

impl Store {
    /// Sets what an organization's plan allows. Lower limits than what is used remove nothing.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::OrganizationDeleted`], [`Error::PreconditionFailed`],
    /// [`Error::Conflict`], [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn set_plan(
        &self,
        service: &UserId,
        id: &OrganizationId,
        changes: PlanChanges,
        preconditions: &Preconditions,
    ) -> Result<Plan, Error> {
        let caller = Caller::Service(service.clone());
        let guard = Guard::new(id, &caller, [Rule::Preconditions(preconditions)]);
        let mut change = Change::of(EventType::PlanSet);
        if let Some(units) = changes.included_units {
            change.set.push(("includedUnits", items::value(&units)?));
        }
        if let Some(members) = changes.max_members {
            change.set.push(("maxMembers", items::value(&members)?));
        }
        let item = self.change_organization(&guard, change).await?;
        Ok(Plan {
            organization_id: id.clone(),
            included_units: item.included_units,
            max_members: item.max_members,
            updated_by: item.updated_by()?,
            updated_at: item.updated_at,
            version: item.version,
        })
    }
}
