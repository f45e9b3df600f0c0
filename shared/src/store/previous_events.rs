//! The events before the recorded ones: `ORG#<id>`/`EVENT#<number - 1>`, in BatchGetItems of 100, unless the same batch
//! has them. Only if one is missing: the event before it in the same way, and perhaps a Query of the first one.
//!
//! An event can be missing because it expired; because a backup was restored, whose stream begins empty; or because its
//! record was given up after the retries. In the last two cases, the record of the next change still has the item that the
//! missing event left.

use super::items::{self, EventItem, Previous};
use super::keys;
use super::stream::RecordedEvent;
use super::table::{List, MAX_BATCH, Store};
use crate::error::Error;
use crate::model::{OrganizationId, Timestamp};
use std::collections::HashSet;

/// How long a missing event may still be recorded, in seconds: the stream keeps a record for a day
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>), and reading it takes some time.
const RECORDABLE: u64 = 2 * 24 * 60 * 60;

impl Store {
    /// Sets for each of these events how long the one before it is kept. Returns the events before them that are missing
    /// and can be made, each with the index of the one that follows it. They are to be recorded, too.
    ///
    /// # Errors
    /// [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn missing_events(
        &self,
        events: &mut [&mut RecordedEvent],
    ) -> Result<Vec<(usize, RecordedEvent)>, Error> {
        let in_batch: HashSet<_> = events.iter().map(|event| event.place()).collect();
        let follows_another = |event: &RecordedEvent| {
            let (id, number) = event.place();
            number > 1 && !in_batch.contains(&(id, number - 1))
        };
        let indexed = events.iter().enumerate();
        let wanted: Vec<_> =
            indexed.filter(|(_, event)| follows_another(event)).map(|(index, _)| index).collect();

        let now = Timestamp::seconds_now();
        let mut missing = Vec::new();
        for (index, stored) in self.stored_before(events, &wanted, 1).await? {
            let previous = &mut events[index].item.previous_expires_at;
            match stored {
                Some(stored) => *previous = Some(stored.expires_at),
                None if previous.is_some_and(|expires_at| expires_at > now) => missing.push(index),
                None => {}
            }
        }
        let mut made = Vec::new();
        for (index, stored) in self.stored_before(events, &missing, 2).await? {
            let stored = stored.filter(|stored| stored.is_kept(now));
            match self.made_before(events[index], stored)? {
                Some(event) => made.push((index, event)),
                None if self.have_expired_before(events[index], now).await? => {
                    events[index].item.previous_expires_at = Some(0);
                }
                None => {}
            }
        }
        Ok(made)
    }

    /// For each of these indexes, the stored event of the number `distance` before. Unreadable ones count as missing.
    async fn stored_before(
        &self,
        events: &[&mut RecordedEvent],
        indexes: &[usize],
        distance: u64,
    ) -> Result<Vec<(usize, Option<EventItem>)>, Error> {
        let mut found = Vec::with_capacity(indexes.len());
        for indexes in indexes.chunks(MAX_BATCH) {
            let key = |index: &usize| {
                let (id, number) = events[*index].place();
                keys::key(keys::organization_key(id), keys::event_key(number.saturating_sub(distance)))
            };
            let stored = self.batch_get_each(indexes.iter().map(key).collect()).await?;
            let stored = stored.into_iter().map(|item| item.and_then(items::read_for_list));
            found.extend(indexes.iter().copied().zip(stored));
        }
        Ok(found)
    }

    /// The event before this one, of the organization as it was before the change. `stored` is the event before that one.
    fn made_before(
        &self,
        event: &RecordedEvent,
        stored: Option<EventItem>,
    ) -> Result<Option<RecordedEvent>, Error> {
        let Some(before) = &event.before else { return Ok(None) };
        if before.change.is_none() || (stored.is_none() && before.version > 1) {
            return Ok(None);
        }
        let id = event.organization_id.clone();
        let previous = stored.map(Previous::from);
        let item = EventItem::of_change(&id, previous, before, self.event_retention())?;
        Ok(Some(RecordedEvent { organization_id: id, item, before: None }))
    }

    /// True if no event is stored before this one, and none can still be recorded: then it is the oldest.
    async fn have_expired_before(&self, event: &RecordedEvent, now: u64) -> Result<bool, Error> {
        if event.before.as_ref().is_none_or(|before| before.updated_at.as_seconds() + RECORDABLE > now) {
            return Ok(false);
        }
        let (id, number) = event.place();
        let list = List {
            partition: keys::organization_key(id),
            prefix: keys::EVENT_PREFIX,
            projection: EventItem::LISTED,
        };
        let first = self.query_page(list, 1, None, items::read_for_list::<EventItem>).await?.items;
        Ok(first.first().is_none_or(|first| first.event.number >= number))
    }
}

impl RecordedEvent {
    /// The organization and the number.
    fn place(&self) -> (&OrganizationId, u64) {
        (&self.organization_id, self.item.event.number)
    }
}
