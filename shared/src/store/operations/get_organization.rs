//! Reads `ORG#<id>`/`ORG#<id>` and, for a user, `USER#<caller>`/`ORG#<id>`, strongly consistent, in one
//! BatchGetItem.

use crate::error::Error;
use crate::model::{Caller, Organization, OrganizationId};
use crate::store::table::Store;

impl Store {
    /// The organization as `caller` sees it. A user must be a member, or an owner if it is deleted.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn get_organization(
        &self,
        caller: &Caller,
        id: &OrganizationId,
    ) -> Result<Organization, Error> {
        let (organization, []) = self.organization_even_deleted(caller, id, []).await?;
        let role = organization.role_for(caller);
        Ok(organization.into_organization(id.clone(), role))
    }
}
