//! The events before the recorded ones: `ORG#<id>`/`EVENT#<number - 1>`, in BatchGetItems of 100, unless the same batch has
//! them. If one is missing, also the event before it, in the same way.
//!
//! An event can be missing because it expired, because a backup was restored, whose stream begins empty, or because its
//! record was given up after the retries. Then the record of the next change still has the item that the missing event
//! left, and with the event before it, the missing one can be made.

use super::items::{self, EventItem, Previous};
use super::keys::{self, Item};
use super::stream::RecordedEvent;
use super::table::{MAX_BATCH, Store};
use crate::error::Error;
use crate::model::{OrganizationId, Timestamp};
use std::collections::HashSet;

impl Store {
    /// Sets for each of these events until when the one before it is kept. Returns the events before them that are missing,
    /// would not have expired by the present retention, and can be made, each with the index of the one that follows it.
    ///
    /// Store what it returns after it was sent: once it is stored, it is not missing any more.
    ///
    /// # Errors
    /// [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn missing_events(
        &self,
        events: &mut [&mut RecordedEvent],
    ) -> Result<Vec<(usize, RecordedEvent)>, Error> {
        let in_batch: HashSet<_> = events.iter().map(|event| event.place()).collect();
        let follows_another = |(_, event): &(usize, &mut RecordedEvent)| {
            let (id, number) = event.place();
            number > 1 && !in_batch.contains(&(id, number - 1))
        };
        let indexed = events.iter_mut().map(|event| &mut **event).enumerate();
        let followers: Vec<_> = indexed.filter(follows_another).collect();

        let now = Timestamp::seconds_now();
        let mut missing = Vec::new();
        let stored = self.stored_before(&followers, 1).await?;
        for ((index, event), stored) in followers.into_iter().zip(stored) {
            let previous = &mut event.item.previous_expires_at;
            match stored {
                // One that cannot be read, perhaps of a later release, is not made again.
                Some(stored) => *previous = items::expiry(&stored).or(*previous),
                None if previous.is_some_and(|expires_at| expires_at > now) => missing.push((index, event)),
                None => {}
            }
        }
        let mut made = Vec::new();
        let stored = self.stored_before(&missing, 2).await?;
        for ((index, event), stored) in missing.into_iter().zip(stored) {
            let stored = stored.and_then(items::read_for_list);
            made.extend(self.made_before(event, stored)?.map(|event| (index, event)));
        }
        Ok(made)
    }

    /// For each of these events, the stored one of the number `distance` before.
    async fn stored_before(
        &self,
        events: &[(usize, &mut RecordedEvent)],
        distance: u64,
    ) -> Result<Vec<Option<Item>>, Error> {
        let key = |(_, event): &(usize, &mut RecordedEvent)| {
            let (id, number) = event.place();
            keys::key(keys::organization_key(&id), keys::event_key(number.saturating_sub(distance)))
        };
        let mut found = Vec::with_capacity(events.len());
        for events in events.chunks(MAX_BATCH) {
            found.extend(self.batch_get_each(events.iter().map(key).collect()).await?);
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
}

impl RecordedEvent {
    /// The organization and the number.
    fn place(&self) -> (OrganizationId, u64) {
        (self.organization_id.clone(), self.item.event.number)
    }
}
