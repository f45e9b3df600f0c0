//! Updates `ORG#<id>`/`ORG#<id>`: removes what `delete_organization` set. Guard: the caller is an owner or a
//! service; the organization is deleted and can be restored; the preconditions hold. One that is not deleted is
//! left as it is.

use crate::error::Error;
use crate::model::{Caller, EventType, Organization, OrganizationId, Preconditions};
use crate::store::guard::{Change, Guard};
use crate::store::rules::Rule;
use crate::store::table::Store;

impl Store {
    /// Restores a deleted organization. Returns one that is not deleted unchanged.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::Forbidden`], [`Error::PreconditionFailed`],
    /// [`Error::Conflict`], [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn restore_organization(
        &self,
        caller: &Caller,
        id: &OrganizationId,
        preconditions: &Preconditions,
    ) -> Result<Organization, Error> {
        let rules = [Rule::Owns(caller), Rule::CanBeRestored, Rule::Preconditions(preconditions)];
        let guard = Guard::new(id, caller, rules);
        let change =
            Change { remove: vec!["deletedAt", "expiresAt"], ..Change::of(EventType::OrganizationRestored) };
        let item = self.change_organization(&guard, change).await?;
        let role = self.role_since(&item, caller, id).await?;
        Ok(item.into_organization(id.clone(), role))
    }
}
