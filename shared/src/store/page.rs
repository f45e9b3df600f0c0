//! One page of a query.

use super::failure::unexpected;
use super::keys::Item;
use super::meter;
use super::{Listed, Store};
use crate::error::Error;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

impl Store {
    /// At most `limit` of the items that `query` finds, each as `read` has it; what it cannot read
    /// is left out. `position` says where an item stands.
    ///
    /// One more is asked for: whether there is another page is then known without an empty one.
    /// DynamoDB itself may stop earlier, at 1 MB.
    pub(super) async fn page<T>(
        &self,
        query: QueryFluentBuilder,
        limit: usize,
        read: impl Fn(Item) -> Option<T>,
        position: impl Fn(&Item) -> Option<&str>,
    ) -> Result<Listed<T>, Error> {
        let output = query
            .table_name(&*self.table)
            .limit(i32::try_from(limit + 1).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unexpected)?;
        meter::consumed(&output.consumed_capacity);
        let mut items = output.items.unwrap_or_default();
        let more = output.last_evaluated_key.is_some() || items.len() > limit;
        items.truncate(limit);
        // Of the items, not of what could be read of them: the next page must not start anew.
        let next = items.last().filter(|_| more).and_then(position).map(str::to_owned);
        Ok(Listed { items: items.into_iter().filter_map(read).collect(), next })
    }
}
