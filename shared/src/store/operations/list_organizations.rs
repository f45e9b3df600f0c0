//! Queries `USER#<user>`, `begins_with(sk, "ORG#")`, then reads each `ORG#<id>`/`ORG#<id>` in parallel
//! batches of 100. All reads are strongly consistent, so a new organization is in the list at once.
//!
//! By an external id, reads `EXTERNAL#<external id>` and then its `ORG#<id>`/`ORG#<id>`.

use crate::error::Error;
use crate::model::{Caller, ExternalId, Organization, UserId};
use crate::store::items::{self, OrganizationItem};
use crate::store::keys;
use crate::store::table::{Page, Store};

impl Store {
    /// The organizations that `user` is a member of, oldest first: at most `limit` of those after the position
    /// `after`. With `deleted`, those that the user owned and can restore.
    ///
    /// Both lists are made of the same memberships, so a page may be shorter than `limit` and not the last.
    ///
    /// # Errors
    /// [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn list_organizations(
        &self,
        user: &UserId,
        deleted: bool,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<Organization>, Error> {
        let Page { items: ids, next } = self.organization_ids(user, limit, after).await?;
        let caller = Caller::User(user.clone());
        let found = self.organizations(ids, Some(OrganizationItem::LISTED)).await?;
        let items = found
            .into_iter()
            .filter_map(|(id, item)| {
                // After the time for restoring it, TTL removes an organization before its members.
                let organization: OrganizationItem = items::read_for_list(item?)?;
                let role = organization.role_of(user);
                let is_listed = organization.is_visible_to(&caller) && organization.is_deleted() == deleted;
                is_listed.then(|| organization.into_organization(id, Some(role)))
            })
            .collect();
        Ok(Page { items, next })
    }

    /// The organization with an external id, deleted or not, as a service sees it.
    ///
    /// # Errors
    /// [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn organization_by_external_id(
        &self,
        service: &UserId,
        external_id: &ExternalId,
    ) -> Result<Option<Organization>, Error> {
        let holder = self.get_item(keys::external_id(external_id)).await?;
        let Some(id) = holder.as_ref().and_then(keys::holder) else { return Ok(None) };
        match self.get_organization(&Caller::Service(service.clone()), &id).await {
            Ok(organization) => Ok(Some(organization)),
            Err(Error::OrganizationNotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
