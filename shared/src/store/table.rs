//! Together with `transaction.rs`, the only code that calls DynamoDB. Every call is metered. Reads are
//! strongly consistent.

use super::client::failure::unexpected;
use super::client::meter;
use super::client::retry::{Attempts, NotRetried};
use super::keys::{self, Item};
use crate::error::Error;
use crate::settings::Settings;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{self, Config};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, ReturnConsumedCapacity, ReturnValue, Update, WriteRequest,
};
use std::collections::HashMap;
use std::sync::Arc;

/// Maximum number of keys in one BatchGetItem.
pub(super) const MAX_BATCH: usize = 100;

/// Maximum number of puts and deletes in one BatchWriteItem.
const MAX_WRITES: usize = 25;

/// The organizations table.
#[derive(Clone)]
pub struct Store {
    pub(super) client: Client,
    pub(super) table: Arc<str>,
    settings: Arc<Settings>,
}

/// One page of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// The items of the page.
    pub items: Vec<T>,
    /// The position after which the next page starts, if there is one.
    pub next: Option<String>,
}

/// The items of a partition whose sort keys start with `prefix`.
pub(super) struct List {
    pub partition: String,
    pub prefix: &'static str,
    /// The attributes to read.
    pub projection: Projection,
}

/// The attributes to read. DynamoDB's reserved words need an alias.
#[derive(Debug, Clone, Copy)]
pub(super) struct Projection {
    pub attributes: &'static str,
    pub names: &'static [(&'static str, &'static str)],
}

impl Projection {
    /// The aliases as a request has them. DynamoDB refuses an empty map.
    fn aliases(self) -> Option<HashMap<String, String>> {
        let names = self.names.iter().map(|(alias, name)| ((*alias).to_owned(), (*name).to_owned()));
        (!self.names.is_empty()).then(|| names.collect())
    }
}

/// A failed condition, with the item that it failed on if DynamoDB returned one.
pub(super) struct Refused {
    pub item: Option<Item>,
}

impl Store {
    pub(super) fn new(client: Client, table: &str) -> Self {
        Self { client, table: table.into(), settings: Arc::default() }
    }

    /// The settings of operations.
    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The same table with other settings.
    #[must_use]
    pub fn with_settings(self, settings: Settings) -> Self {
        Self { settings: Arc::new(settings), ..self }
    }

    /// Reads one item.
    pub(super) async fn get_item(&self, key: Item) -> Result<Option<Item>, Error> {
        let request = self.client.get_item().table_name(&*self.table).set_key(Some(key));
        let request = request.consistent_read(true).return_consumed_capacity(ReturnConsumedCapacity::Total);
        let output = request.send().await.map_err(unexpected)?;
        meter::consumed(&output.consumed_capacity);
        Ok(output.item)
    }

    /// Reads these items, in the order of the keys.
    pub(super) async fn batch_get_each(&self, keys: Vec<Item>) -> Result<Vec<Option<Item>>, Error> {
        let found = self.batch_get(keys.clone(), None).await?;
        let has = |item: &Item, key: &Item| key.iter().all(|(name, value)| item.get(name) == Some(value));
        Ok(keys.iter().map(|key| found.iter().find(|item| has(item, key)).cloned()).collect())
    }

    /// Reads up to 100 items, or the attributes in `projection`, in no particular order. Items that do not
    /// exist are left out.
    pub(super) async fn batch_get(
        &self,
        keys: Vec<Item>,
        projection: Option<Projection>,
    ) -> Result<Vec<Item>, Error> {
        let mut found = Vec::with_capacity(keys.len());
        let mut wanted = keys;
        let mut attempts = Attempts::default();
        loop {
            let names = projection.and_then(Projection::aliases);
            let request = KeysAndAttributes::builder()
                .set_keys(Some(wanted))
                .set_projection_expression(projection.map(|projection| projection.attributes.to_owned()))
                .set_expression_attribute_names(names)
                .consistent_read(true)
                .build()
                .map_err(|error| Error::Internal(error.into()))?;
            let output = self
                .client
                .batch_get_item()
                .request_items(&*self.table, request)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(unexpected)?;
            meter::consumed(output.consumed_capacity());
            found.extend(output.responses.into_iter().flat_map(HashMap::into_values).flatten());
            let rest = output.unprocessed_keys.into_iter().flat_map(HashMap::into_values);
            wanted = rest.flat_map(|rest| rest.keys).collect();
            if wanted.is_empty() {
                return Ok(found);
            }
            // Unprocessed keys mean throttling, so pause before the retry.
            if !attempts.pause().await {
                return Err(Error::ServiceUnavailable("keys left unprocessed by BatchGetItem".into()));
            }
        }
    }

    /// Makes these puts and deletes, in requests of at most 25. Not atomic: after a failure, some may be made.
    pub(super) async fn batch_write(&self, writes: Vec<WriteRequest>) -> Result<(), Error> {
        for batch in writes.chunks(MAX_WRITES) {
            let mut wanted = batch.to_vec();
            let mut attempts = Attempts::default();
            loop {
                let output = self
                    .client
                    .batch_write_item()
                    .request_items(&*self.table, wanted)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send()
                    .await
                    .map_err(unexpected)?;
                meter::consumed(output.consumed_capacity());
                wanted =
                    output.unprocessed_items.into_iter().flat_map(HashMap::into_values).flatten().collect();
                if wanted.is_empty() {
                    break;
                }
                // As with unprocessed keys.
                if !attempts.pause().await {
                    let cause = "items left unprocessed by BatchWriteItem";
                    return Err(Error::ServiceUnavailable(cause.into()));
                }
            }
        }
        Ok(())
    }

    /// At most `limit` items of a list after the position `after`, converted by `read`. Items that
    /// `read` cannot convert are omitted.
    ///
    /// The query asks for one more item, so that the last page has no link to an empty one. DynamoDB may
    /// stop earlier, at 1 MB.
    pub(super) async fn query_page<T>(
        &self,
        list: List,
        limit: usize,
        after: Option<&str>,
        read: impl Fn(Item) -> Option<T>,
    ) -> Result<Page<T>, Error> {
        let List { partition, prefix, projection } = list;
        let after = after.map(|position| keys::key(partition.clone(), format!("{prefix}{position}")));
        let output = self
            .client
            .query()
            .table_name(&*self.table)
            .key_condition_expression("pk = :partition AND begins_with(sk, :prefix)")
            .expression_attribute_values(":partition", AttributeValue::S(partition))
            .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))
            .projection_expression(projection.attributes)
            .set_expression_attribute_names(projection.aliases())
            .consistent_read(true)
            .limit(i32::try_from(limit + 1).unwrap_or(i32::MAX))
            .set_exclusive_start_key(after)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unexpected)?;
        meter::consumed(&output.consumed_capacity);
        let mut items = output.items.unwrap_or_default();
        let more = output.last_evaluated_key.is_some() || items.len() > limit;
        items.truncate(limit);
        // The position of the last item, even if it is unreadable: otherwise the next page would repeat
        // items.
        let next = items.last().filter(|_| more).and_then(|item| keys::position(prefix, item));
        let next = next.map(str::to_owned);
        Ok(Page { items: items.into_iter().filter_map(read).collect(), next })
    }

    /// Makes an update if its condition holds, and returns the updated item.
    ///
    /// # Errors
    /// [`Error::Conflict`] if a transaction is writing the item.
    pub(super) async fn update_item(
        &self,
        update: &Update,
        attempts: &Attempts,
    ) -> Result<Result<Item, Refused>, Error> {
        self.send_update(update, attempts, None).await
    }

    /// The same without retries by the SDK.
    ///
    /// # Errors
    /// [`Error::ServiceUnavailable`] with the source [`NotRetried`] if it can be retried.
    pub(super) async fn update_item_once(
        &self,
        update: &Update,
        attempts: &Attempts,
    ) -> Result<Result<Item, Refused>, Error> {
        let once = Config::builder().retry_config(RetryConfig::disabled());
        self.send_update(update, attempts, Some(once)).await.map_err(|error| match error {
            Error::ServiceUnavailable(cause) => Error::ServiceUnavailable(NotRetried(cause).into()),
            error => error,
        })
    }

    async fn send_update(
        &self,
        update: &Update,
        attempts: &Attempts,
        config: Option<config::Builder>,
    ) -> Result<Result<Item, Refused>, Error> {
        let Update { key, update_expression, table_name, .. } = update.clone();
        let request = self
            .client
            .update_item()
            .table_name(table_name)
            .set_key(Some(key))
            .update_expression(update_expression)
            .set_condition_expression(update.condition_expression.clone())
            .set_expression_attribute_names(update.expression_attribute_names.clone())
            .set_expression_attribute_values(update.expression_attribute_values.clone())
            .set_return_values_on_condition_check_failure(
                update.return_values_on_condition_check_failure.clone(),
            )
            .return_values(ReturnValue::AllNew)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let mut request = request.customize().interceptor(attempts.in_doubt());
        if let Some(config) = config {
            request = request.config_override(config);
        }
        match request.send().await {
            Ok(output) => {
                meter::consumed(&output.consumed_capacity);
                Ok(Ok(output.attributes.unwrap_or_default()))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                    Ok(Err(Refused { item: refused.item().cloned().filter(|item| !item.is_empty()) }))
                }
                _ => Err(unexpected(error)),
            },
        }
    }
}
