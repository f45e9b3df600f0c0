//! Reads `ORG#<id>`/`ORG#<id>` and `USER#<caller>`/`ORG#<id>`, strongly consistent, in one BatchGetItem.

use crate::error::Error;
use crate::model::{Organization, OrganizationId, UserId};
use crate::store::table::Store;

impl Store {
    /// The organization as `caller` sees it. The caller must be a member.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn get_organization(
        &self,
        caller: &UserId,
        id: &OrganizationId,
    ) -> Result<Organization, Error> {
        let organization = self.organization_of_member(caller, id).await?;
        let role = organization.role_of(caller);
        Ok(organization.into_organization(id.clone(), Some(role)))
    }
}
