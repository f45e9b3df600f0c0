//! Events that are missing when the next one is recorded: after the restore of a backup, whose stream begins empty; after
//! their records were given up; or because they expired.

use crate::recording::{TIME, handle};
use crate::table::{Item, Table, caller, integer, now, text};
use crate::usage::limit;
use serde_json::{Value, json};
use shared::model::{OrganizationId, Timestamp};
use shared::settings::Settings;
use support::bus::Bus;

const DAY: u64 = 24 * 60 * 60;

/// An organization whose events are not recorded yet.
struct History {
    table: Table,
    bus: Bus,
    id: OrganizationId,
    /// The record of each change.
    records: Vec<Value>,
}

impl History {
    async fn new() -> Self {
        Self::of(5).await
    }

    async fn of(version: i128) -> Self {
        let (table, bus) = (Table::new().await, Bus::start().await);
        let id = table.organization_of(&caller("ann")).await.id;
        for units in 2..=version {
            limit(table.store.clone(), id.clone(), units).await;
        }
        let records = table.organization_records(&id).await;
        assert_eq!(records.len() as i128, version);
        Self { table, bus, id, records }
    }

    /// Records the events of these numbers, each in a batch of its own.
    async fn record(&self, numbers: impl IntoIterator<Item = usize>) {
        for number in numbers {
            self.record_batch(&self.records[number - 1..number]).await;
        }
    }

    async fn record_batch(&self, records: &[Value]) {
        let answer = handle(&self.table.store, &self.bus, records, TIME).await;
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
    }

    async fn event(&self, number: u64) -> Option<Item> {
        let partition = format!("ORG#{}", self.id.as_str());
        self.table.item(&partition, &format!("EVENT#{number:020}")).await
    }

    /// Deletes an event, as TTL does.
    async fn delete(&self, number: u64) {
        let delete = self.table.client.delete_item().table_name(local::TABLE_NAME);
        let delete = delete.key("pk", text(&format!("ORG#{}", self.id.as_str())));
        delete.key("sk", text(&format!("EVENT#{number:020}"))).send().await.unwrap();
    }

    /// Ends the time of an event.
    async fn expire(&self, number: u64) {
        let mut item = self.event(number).await.unwrap();
        item.insert("expiresAt".to_owned(), integer(now() - 1));
        self.table.put(item).await;
    }

    /// The numbers of the first page after a number.
    async fn listed(&self, after: u64) -> Vec<u64> {
        let events = self.table.list_events(&caller("ann"), &self.id, after, 10).await.unwrap().events;
        events.iter().map(|event| event.number).collect()
    }

    /// The numbers of the events on the bus.
    fn sent(&self) -> Vec<u64> {
        let details = self.bus.taken().into_iter().map(|entry| entry.detail["number"].as_u64().unwrap());
        details.collect()
    }

    /// The record of a change, with these images of this long ago.
    fn record_at(&self, number: usize, images: &[&str], seconds: u64) -> Value {
        let then = Timestamp::from_seconds(Timestamp::seconds_now() - seconds).unwrap();
        let mut record = self.records[number - 1].clone();
        for image in images {
            record["dynamodb"][image]["updatedAt"] = json!({ "S": then.as_str() });
        }
        record
    }
}

#[tokio::test]
async fn one_that_was_never_recorded_is_made_of_the_change_after_it() {
    let complete = History::new().await;
    complete.record(1..=5).await;
    for missing in 1..=3 {
        let history = History::new().await;
        history.record((1..=5).filter(|number| *number != missing)).await;
        assert_eq!(history.listed(0).await, [1, 2, 3, 4, 5], "without {missing}");
        let expected = (1..=5).filter(|number| *number != missing).flat_map(|number| match number {
            number if number == missing + 1 => vec![missing as u64, number as u64],
            number => vec![number as u64],
        });
        assert_eq!(history.sent(), expected.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn what_is_made_of_the_change_after_it_is_what_its_own_record_makes() {
    let history = History::new().await;
    history.record(1..=3).await;
    for number in 1..=2 {
        let stored = history.event(number).await;
        history.delete(number).await;
        history.record([number as usize + 1]).await;
        assert_eq!(history.event(number).await, stored);
    }
}

#[tokio::test]
async fn two_that_are_missing_end_the_list() {
    let history = History::new().await;
    history.record([1, 4, 5]).await;
    assert_eq!((history.listed(0).await, history.listed(3).await), (vec![1], vec![4, 5]));
    assert_eq!(history.sent(), [1, 4, 5]);
    // Their own records may still come.
    history.record([2, 3]).await;
    assert_eq!(history.listed(0).await, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn the_first_ones_are_not_skipped_while_their_records_may_still_come() {
    let history = History::new().await;
    history.record([4, 5]).await;
    assert_eq!(history.listed(0).await, [0; 0]);
    history.record([1, 2, 3]).await;
    assert_eq!(history.listed(0).await, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn what_is_made_is_sent_although_the_bus_failed_before() {
    let history = History::new().await;
    history.record([1]).await;
    history.bus.fail_next(3);
    let records = &history.records[2..3];
    let failed = handle(&history.table.store, &history.bus, records, TIME).await;
    assert_ne!(failed, json!({ "batchItemFailures": [] }));
    assert_eq!((history.sent(), history.listed(0).await), (vec![1], vec![1]));
    history.record(3..=5).await;
    assert_eq!(history.sent(), [1, 2, 3, 4, 5]);
    assert_eq!(history.listed(0).await, [1, 2, 3, 4, 5]);
}

/// The records before the first that failed are not delivered again.
#[tokio::test]
async fn what_is_made_is_stored_although_the_bus_fails_later() {
    let history = History::of(13).await;
    history.record([1]).await;
    // Event 2, which is made, and 3 to 11 are taken.
    history.bus.fail_later(1, 3);
    let records = &history.records[2..];
    let failed = handle(&history.table.store, &history.bus, records, TIME).await;
    assert_eq!(failed["batchItemFailures"][0]["itemIdentifier"], records[9]["dynamodb"]["SequenceNumber"]);
    assert_eq!(history.sent(), (1..=11).collect::<Vec<_>>());
    history.record_batch(&records[9..]).await;
    assert_eq!((history.sent(), history.listed(0).await), ((1..=13).collect(), (1..=10).collect()));
}

/// After a rollback, the table has events of a type that only the later release knows.
#[tokio::test]
async fn a_list_ends_before_events_that_cannot_be_read() {
    let history = History::new().await;
    history.record(1..=5).await;
    for number in 1..=5 {
        let mut item = history.event(number).await.unwrap();
        let long_ago = Timestamp::from_seconds(Timestamp::seconds_now() - 3 * DAY).unwrap();
        item.insert("at".to_owned(), text(long_ago.as_str()));
        if number == 2 || number == 3 {
            item.insert("type".to_owned(), text("organization.merged"));
        }
        history.table.put(item).await;
    }
    // The later release returned event 2 to a client that goes on behind it.
    assert_eq!((history.listed(0).await, history.listed(2).await), (vec![1], vec![]));
    assert_eq!(history.listed(3).await, [4, 5]);
    history.expire(3).await;
    assert_eq!(history.listed(2).await, [4, 5]);
}

#[tokio::test]
async fn one_that_cannot_be_read_is_not_made_again() {
    let history = History::new().await;
    history.record([1, 2]).await;
    let mut unreadable = history.event(2).await.unwrap();
    unreadable.insert("type".to_owned(), text("organization.merged"));
    history.table.put(unreadable.clone()).await;
    history.record([3]).await;
    assert_eq!((history.event(2).await.unwrap(), history.sent()), (unreadable, vec![1, 2, 3]));
}

/// Its own expiry counts, and not the present retention.
#[tokio::test]
async fn a_list_begins_behind_expired_events_although_events_are_kept_for_longer_by_now() {
    let history = History::new().await;
    history.record(1..=3).await;
    for number in 1..=3 {
        history.expire(number).await;
    }
    history.record([4]).await;
    assert_eq!(history.listed(0).await, [4, 5]);
}

#[tokio::test]
async fn the_first_ones_are_skipped_once_their_records_cannot_come_any_more() {
    for days in [1, 3] {
        let history = History::new().await;
        history.record([1]).await;
        history.record_batch(&[history.record_at(4, &["OldImage", "NewImage"], days * DAY)]).await;
        let behind = if days < 2 { vec![] } else { vec![4, 5] };
        // What comes after a stored event is never skipped.
        assert_eq!((history.listed(0).await, history.listed(1).await), (vec![1], vec![]), "{days} days");
        // These readers have 2 or 3 from the bus, or have expired events.
        assert_eq!((history.listed(2).await, history.listed(3).await), (behind.clone(), vec![4, 5]));
        history.delete(1).await;
        assert_eq!(history.listed(0).await, behind);
    }
}

#[tokio::test]
async fn one_that_has_expired_is_not_made_again() {
    let mut history = History::new().await;
    history.table.store = history
        .table
        .store
        .clone()
        .with_settings(Settings { event_retention_days: 1, ..Settings::default() });
    history.record(1..=3).await;
    history.delete(3).await;
    history.record_batch(&[history.record_at(4, &["OldImage"], DAY)]).await;
    assert_eq!(history.event(3).await, None);
    assert_eq!(history.listed(3).await, [4, 5]);
}
