//! Queries `USER#<caller>`, `begins_with(sk, "ORG#")`, then reads each `ORG#<id>`/`ORG#<id>`, 100 at
//! a time and in parallel. All of it is strongly consistent, so a list has what was just created.

use super::failure::unexpected;
use super::items::{self, OrganizationItem};
use super::keys::{self, Item};
use super::meter;
use super::{Listed, Store};
use crate::error::Error;
use crate::model::{Organization, OrganizationId, UserId};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
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

    /// One more than `limit` is asked for: whether there is another page is then known without
    /// an empty one.
    async fn organization_ids(
        &self,
        caller: &UserId,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Listed<OrganizationId>, Error> {
        let output = self
            .client
            .query()
            .table_name(&*self.table)
            .key_condition_expression(MEMBERSHIPS)
            .expression_attribute_values(":user", AttributeValue::S(keys::user_key(caller)))
            .expression_attribute_values(":prefix", AttributeValue::S(keys::MEMBERSHIP_PREFIX.to_owned()))
            .projection_expression("sk")
            .consistent_read(true)
            .set_exclusive_start_key(
                after.map(|position| keys::at_position_among_organizations(caller, position)),
            )
            .limit(i32::try_from(limit + 1).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unexpected)?;
        meter::consumed(&output.consumed_capacity);
        let more = output.last_evaluated_key().is_some();
        let read = |item: Item| keys::organization_of(&item);
        let items = output.items.unwrap_or_default();
        Ok(Listed::page(items, limit, more, read, keys::position_among_organizations))
    }
}

impl<T> Listed<T> {
    /// The first `limit` of the items that a query returned. `more` says that DynamoDB itself
    /// stopped early: at its own limit of 1 MB, or after the one item too many.
    pub(super) fn page(
        items: Vec<Item>,
        limit: usize,
        more: bool,
        read: impl Fn(Item) -> Option<T>,
        position: impl Fn(&Item) -> Option<&str>,
    ) -> Self {
        let more = more || items.len() > limit;
        // Of the items, not of what could be read of them: the next page must not start anew.
        let next =
            items.iter().take(limit).next_back().filter(|_| more).and_then(position).map(str::to_owned);
        Self { items: items.into_iter().take(limit).filter_map(read).collect(), next }
    }
}
