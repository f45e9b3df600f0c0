//! Puts `ORG#<id>`/`EVENT#<number>` in BatchWriteItems of 25. Unconditional: an event that is put again is the same.
//!
//! Reads `ORG#<id>`/`THRESHOLD#<period>#<percent>` in BatchGetItems of 100, and puts them in the same way.

use crate::error::Error;
use crate::model::ReachedThreshold;
use crate::store::RecordedEvent;
use crate::store::items;
use crate::store::keys::{self, Item};
use crate::store::table::{MAX_BATCH, Store};
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};

impl Store {
    /// Stores events.
    ///
    /// # Errors
    /// [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn record_events(&self, events: &[&RecordedEvent]) -> Result<(), Error> {
        let puts = events.iter().map(|event| put(items::write(&event.item)?));
        self.batch_write(puts.collect::<Result<_, _>>()?).await
    }

    /// Those of the thresholds that have not been told before.
    ///
    /// # Errors
    /// [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn untold_thresholds(
        &self,
        thresholds: Vec<ReachedThreshold>,
    ) -> Result<Vec<ReachedThreshold>, Error> {
        let keys: Vec<_> = thresholds.iter().map(keys::threshold).collect();
        let mut told = Vec::new();
        for keys in keys.chunks(MAX_BATCH) {
            told.extend(self.batch_get_each(keys.to_vec()).await?);
        }
        let untold = thresholds.into_iter().zip(told).filter(|(_, told)| told.is_none());
        Ok(untold.map(|(threshold, _)| threshold).collect())
    }

    /// Remembers that thresholds were told, as long as their period takes reports.
    ///
    /// # Errors
    /// [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn remember_thresholds(&self, thresholds: &[&ReachedThreshold]) -> Result<(), Error> {
        let puts = thresholds.iter().map(|threshold| {
            let mut item = keys::threshold(threshold);
            let expires_at = AttributeValue::N(threshold.period.end_of_reports().to_string());
            item.insert(keys::EXPIRES_AT.to_owned(), expires_at);
            put(item)
        });
        self.batch_write(puts.collect::<Result<_, _>>()?).await
    }
}

fn put(item: Item) -> Result<WriteRequest, Error> {
    let put = PutRequest::builder().set_item(Some(item)).build();
    let put = put.map_err(|error| Error::Internal(error.into()))?;
    Ok(WriteRequest::builder().put_request(put).build())
}
