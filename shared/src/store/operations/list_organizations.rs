//! Queries `USER#<caller>`, `begins_with(sk, "ORG#")`, then reads each `ORG#<id>`/`ORG#<id>` in parallel
//! batches of 100. All reads are strongly consistent, so a new organization is in the list at once.

use crate::error::Error;
use crate::model::{Organization, OrganizationId, UserId};
use crate::store::items::{self, OrganizationItem};
use crate::store::keys;
use crate::store::table::{List, Page, Store};
use futures_util::future::try_join_all;
use std::collections::HashMap;

/// Maximum number of keys in one BatchGetItem.
const MAX_BATCH: usize = 100;

impl Store {
    /// The organizations that `caller` is a member of, oldest first: at most `limit` of those after
    /// the position `after`.
    ///
    /// # Errors
    /// [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn list_organizations(
        &self,
        caller: &UserId,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<Organization>, Error> {
        let Page { items: ids, next } = self.organization_ids(caller, limit, after).await?;
        let batches = ids.chunks(MAX_BATCH).map(|batch| {
            self.batch_get(batch.iter().map(keys::organization).collect(), Some(OrganizationItem::LISTED))
        });
        let found = try_join_all(batches).await?.into_iter().flatten();
        let mut found: HashMap<_, _> =
            found.filter_map(|item| Some((keys::organization_of(&item)?, item))).collect();
        let items = ids
            .into_iter()
            .filter_map(|id| {
                let item = found.remove(&id);
                let organization = items::read_for_list::<OrganizationItem>(item)?;
                let role = organization.role_of(caller);
                Some(organization.into_organization(id, Some(role)))
            })
            .collect();
        Ok(Page { items, next })
    }

    async fn organization_ids(
        &self,
        caller: &UserId,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<OrganizationId>, Error> {
        let partition = keys::user_key(caller);
        let list = List { partition, prefix: keys::MEMBERSHIP_PREFIX, projection: "sk" };
        self.query_page(list, limit, after, |item| keys::organization_of(&item)).await
    }
}
