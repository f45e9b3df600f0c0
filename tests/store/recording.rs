//! Helpers for tests of the record: the table's stream, and the function behind it.

use crate::table::{Item, Table};
use functions::record_events::Recorder;
use local::{EventSourceMapping, MappingOptions};
use serde_json::{Value, json};
use shared::model::{OrganizationId, Period};
use shared::store::Store;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::{self, Write};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use support::bus::Bus;
use support::database::items;
use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;

/// The time for one invocation, as Lambda gives it.
pub const TIME: Duration = Duration::from_secs(58);

/// The items of a table by their keys.
pub type Items = BTreeMap<(String, String), Item>;

/// The function's log lines of the current thread, while this exists.
pub struct Log {
    text: Text,
    _logging: DefaultGuard,
}

/// With one subscriber alone, tracing asks only the thread that first reaches a log line whether anybody wants it, and keeps
/// the answer: if that is another test's thread, nobody. With this one as well, it asks both subscribers.
static ANOTHER: LazyLock<Dispatch> =
    LazyLock::new(|| Dispatch::new(tracing_subscriber::fmt().with_writer(io::sink).finish()));

#[derive(Clone, Default)]
struct Text(Arc<Mutex<Vec<u8>>>);

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub fn start() -> Self {
        LazyLock::force(&ANOTHER);
        let text = Text::default();
        let writer = text.clone();
        let format = tracing_subscriber::fmt().json().flatten_event(true);
        let subscriber = format.with_writer(move || writer.clone()).finish();
        Self { text, _logging: tracing::subscriber::set_default(subscriber) }
    }

    pub fn lines(&self) -> Vec<Value> {
        let lines = self.text.0.lock().unwrap();
        let lines = serde_json::Deserializer::from_slice(&lines).into_iter().map(Result::unwrap);
        let is_own =
            |line: &Value| line["target"].as_str().is_some_and(|target| target.starts_with("functions"));
        lines.filter(is_own).collect()
    }
}

/// Gives a function of this store and bus these records. Returns its answer.
pub async fn handle(store: &Store, bus: &Bus, records: &[Value], time: Duration) -> Value {
    let batch = serde_json::from_value(json!({ "Records": records })).unwrap();
    let answer = Recorder::new(store.clone(), bus.client()).invoke(batch, "a request", time).await;
    serde_json::to_value(answer).unwrap()
}

/// The mapping of template.yaml, with short pauses.
pub fn options() -> MappingOptions {
    let millisecond = Duration::from_millis(1);
    let options = MappingOptions::of_template().unwrap();
    MappingOptions { retry_delay: millisecond, max_retry_delay: 4 * millisecond, ..options }
}

impl Table {
    /// All records of the table's stream.
    pub async fn records(&self) -> Vec<Value> {
        let mut records = Vec::new();
        let read = async |event: Value| {
            records.extend(event["Records"].as_array().unwrap().iter().cloned());
            Ok::<_, Infallible>(json!({ "batchItemFailures": [] }))
        };
        let (url, options) =
            (self.dynamodb_url(), MappingOptions { batch_size: 1000, ..MappingOptions::default() });
        let mapping = EventSourceMapping::new(&url, local::TABLE_NAME, options, read);
        mapping.unwrap().run_until_idle().await.unwrap();
        records
    }

    /// Has the function do what all records of the stream ask for.
    pub async fn record(&self, bus: &Bus) {
        let handle = async |event: Value| {
            let records = event["Records"].as_array().unwrap();
            Ok::<_, Infallible>(handle(&self.store, bus, records, TIME).await)
        };
        let mapping = EventSourceMapping::new(&self.dynamodb_url(), local::TABLE_NAME, options(), handle);
        assert!(mapping.unwrap().run_until_idle().await.unwrap().is_empty());
    }

    /// The records of the organization's own item.
    pub async fn organization_records(&self, id: &OrganizationId) -> Vec<Value> {
        let key = json!({ "S": format!("ORG#{}", id.as_str()) });
        let keys = json!({ "pk": key, "sk": key });
        let mut records = self.records().await;
        records.retain(|record| record["dynamodb"]["Keys"] == keys);
        records
    }

    /// The stored item of an organization's event.
    pub async fn event_item(&self, id: &OrganizationId, number: u64) -> Item {
        self.item(&format!("ORG#{}", id.as_str()), &format!("EVENT#{number:020}")).await.unwrap()
    }

    /// The stored item that remembers that usage of the current month reached a threshold.
    pub async fn threshold_item(&self, id: &OrganizationId, percent: u8) -> Option<Item> {
        let sort = format!("THRESHOLD#{}#{percent}", Period::current());
        self.item(&format!("ORG#{}", id.as_str()), &sort).await
    }

    /// Deletes the organization's item, as TTL does. Returns the record of that.
    pub async fn expire_organization(&self, id: &OrganizationId) -> Value {
        let key = crate::table::text(&format!("ORG#{}", id.as_str()));
        let delete = self.client.delete_item().table_name(local::TABLE_NAME);
        delete.key("pk", key.clone()).key("sk", key).send().await.unwrap();
        let removed = self.organization_records(id).await.pop().unwrap();
        assert_eq!(removed["eventName"], "REMOVE");
        removed
    }

    /// The whole table.
    pub async fn items(&self) -> Items {
        let key = |item: &Item, name: &str| item[name].as_s().unwrap().clone();
        let items = items(&self.client).await.into_iter();
        items.map(|item| ((key(&item, "pk"), key(&item, "sk")), item)).collect()
    }
}
