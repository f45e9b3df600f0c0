//! Queries `USER#<caller>`, `begins_with(sk, "ORG#")`, then reads each `ORG#<id>`/`ORG#<id>`, 100 at
//! a time and in parallel. All of it is strongly consistent, so a list has what was just created.

use super::items::{self, OrganizationItem};
use super::keys::{self, Item};
use super::{Listed, Store};
use crate::error::Error;
use crate::model::{Organization, OrganizationId, UserId};
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;
use std::collections::HashMap;

const MEMBERSHIPS: &str = "pk = :user AND begins_with(sk, :prefix)";

/// The most keys that one BatchGetItem takes.
const BATCH: usize = 100;

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
    ) -> Result<Listed<Organization>, Error> {
        let Listed { items: ids, next } = self.organization_ids(caller, limit, after).await?;
        let batches =
            ids.chunks(BATCH).map(|batch| self.batch_get(batch.iter().map(keys::organization).collect()));
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
        Ok(Listed { items, next })
    }

    async fn organization_ids(
        &self,
        caller: &UserId,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Listed<OrganizationId>, Error> {
        let query = self
            .client
            .query()
            .key_condition_expression(MEMBERSHIPS)
            .expression_attribute_values(":user", AttributeValue::S(keys::user_key(caller)))
            .expression_attribute_values(":prefix", AttributeValue::S(keys::MEMBERSHIP_PREFIX.to_owned()))
            .projection_expression("sk")
            .consistent_read(true)
            .set_exclusive_start_key(
                after.map(|position| keys::at_position_among_organizations(caller, position)),
            );
        let read = |item: Item| keys::organization_of(&item);
        self.page(query, limit, read, keys::position_among_organizations).await
    }
}
