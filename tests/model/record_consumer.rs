//! The consumer of the table's stream, with what can happen to it: it crashes between any two of its requests, its
//! requests meet faults, its batches are delivered twice, and the records of different items arrive in another order.

use aws_sdk_dynamodb::types::AttributeValue::{N, S};
use fastrand::Rng;
use functions::record_events::Recorder;
use local::{EventSourceMapping, MappingOptions};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use support::bus::{Bus, Entry};
use support::database::{self, Database};
use support::faults::{Fault, Kind};
use support::proxy::Proxy;
use tokio::sync::Notify;

/// The fraction of the consumer's requests at which it crashes, and that meet a fault.
const CRASHES: f64 = 0.08;
const FAULTS: f64 = 0.05;

/// The fraction of batches that are delivered twice, that a bus refuses a part of, and that have little time.
const TWICE: f64 = 0.2;
const REFUSED: f64 = 0.15;
const HURRIED: f64 = 0.15;

/// The fraction of consumers that get only the records that template.yaml selects.
const FILTERED: f64 = 0.7;

/// The retries of a batch, where one of its records can never be handled.
const RETRIES: u32 = 4;

/// The time for a batch, and one in which no purge is finished.
const TIME: Duration = Duration::from_secs(58);
const LITTLE_TIME: Duration = Duration::from_secs(5);

/// What happens to a consumer.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    pub seed: u64,
    /// True if it crashes, and its requests meet faults.
    pub is_rough: bool,
    /// True if a record can never be handled.
    pub is_poisoned: bool,
}

/// What happened to consumers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    pub records: usize,
    pub batches: usize,
    pub twice: usize,
    pub crashes: usize,
    pub faults: usize,
    /// Invocations that did not handle all of their records.
    pub unfinished: usize,
}

/// The records that were given up: the messages to the failure queue.
pub type Discarded = Vec<Value>;

/// A consumer.
pub struct Consumer {
    recorder: Recorder,
    bus: Bus,
    proxies: [Proxy; 2],
    weather: Cell<Weather>,
    crash: Arc<Notify>,
    random: RefCell<Rng>,
    counts: Cell<Counts>,
    faults: Arc<std::sync::atomic::AtomicUsize>,
}

impl Consumer {
    /// A consumer of the database's stream, and its bus.
    pub async fn start(database: &Database, weather: Weather) -> Self {
        let bus = Bus::start().await;
        let proxies = [Proxy::start(database.url()).await, Proxy::start(bus.url()).await];
        let store = database::store(proxies[0].url()).await;
        let consumer = Self {
            recorder: Recorder::new(store, bus.client_at(proxies[1].url())),
            bus,
            proxies,
            weather: Cell::new(weather),
            crash: Arc::default(),
            random: RefCell::new(Rng::with_seed(weather.seed)),
            counts: Cell::default(),
            faults: Arc::default(),
        };
        if weather.is_rough {
            consumer.proxies.iter().for_each(|proxy| consumer.trouble(proxy));
        }
        consumer
    }

    /// Ends its trouble.
    pub fn calm(&self) {
        self.proxies.iter().for_each(Proxy::end);
        self.bus.refuse_next(0);
        self.weather.set(Weather { is_rough: false, is_poisoned: false, ..self.weather.get() });
    }

    /// What the bus took.
    pub fn taken(&self) -> Vec<Entry> {
        self.bus.taken()
    }

    pub fn counts(&self) -> Counts {
        Counts { faults: self.faults.load(std::sync::atomic::Ordering::Relaxed), ..self.counts.get() }
    }

    /// Handles records until `is_done`, and then all that are left.
    pub async fn run(&self, database: &Database, is_done: &Cell<bool>) -> Result<Discarded, String> {
        let Weather { is_poisoned, .. } = self.weather.get();
        let batch_size = self.random.borrow_mut().choice([1, 2, 3, 5, 10, 25, 100]).unwrap();
        // They only save invocations: without them, the consumer ignores other records itself.
        let filters = MappingOptions::of_template().map_err(|error| error.to_string())?.filters;
        let filters = if self.happens(FILTERED) { filters } else { Vec::new() };
        let options = MappingOptions {
            batch_size,
            filters,
            max_retries: is_poisoned.then_some(RETRIES),
            retry_delay: Duration::from_millis(1),
            max_retry_delay: Duration::from_millis(10),
            ..MappingOptions::default()
        };
        let handler = async |event: Value| self.handle(&event).await;
        let mut mapping = mapping(database, options, handler)?;
        let mut discarded = Vec::new();
        loop {
            let is_last = is_done.get();
            discarded.extend(mapping.run_until_idle().await.map_err(|error| error.to_string())?);
            if is_last {
                return Ok(discarded);
            }
            // Several records make a batch only while the consumer is slower than the clients.
            let pause = self.random.borrow_mut().u64(1..80);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }

    /// Handles one after the other the records that were given up, as whoever repairs them does. Returns those that
    /// cannot be handled.
    pub async fn redrive(&self, database: &Database, discarded: &[Value]) -> Result<Vec<Value>, String> {
        let bound = |message: &Value, name: &str| {
            message["DDBStreamBatchInfo"][name].as_str().unwrap().parse::<u128>().unwrap()
        };
        let ranges: Vec<_> = discarded
            .iter()
            .map(|one| bound(one, "startSequenceNumber")..=bound(one, "endSequenceNumber"))
            .collect();
        let failed = RefCell::new(Vec::new());
        let handler = async |event: Value| {
            for record in event["Records"].as_array().unwrap() {
                let number = sequence_number(record).parse().unwrap();
                if ranges.iter().any(|range| range.contains(&number))
                    && self.invoke(std::slice::from_ref(record)).await? < 1
                {
                    failed.borrow_mut().push(record.clone());
                }
            }
            Ok(json!({}))
        };
        mapping(database, MappingOptions::default(), handler)?
            .run_until_idle()
            .await
            .map_err(|error| error.to_string())?;
        Ok(failed.into_inner())
    }

    /// Handles a batch, as the function does, in another order and perhaps twice.
    async fn handle(&self, event: &Value) -> Result<Value, String> {
        let records = self.shuffled(event["Records"].as_array().unwrap());
        self.count(|counts| counts.batches += 1);
        let mut done = self.invoke(&records).await?;
        if self.happens(TWICE) {
            self.count(|counts| counts.twice += 1);
            done = self.invoke(&records).await?;
        }
        self.count(|counts| counts.records += done);
        // Those that are not done are other ones in the order of the stream.
        let failed = records[done..].iter();
        let failed = failed.map(|record| json!({ "itemIdentifier": sequence_number(record) }));
        Ok(json!({ "batchItemFailures": failed.collect::<Vec<_>>() }))
    }

    /// Invokes the function with records. Returns how many are done, from the first on. It may crash.
    async fn invoke(&self, records: &[Value]) -> Result<usize, String> {
        let is_rough = self.weather.get().is_rough;
        if is_rough && self.happens(REFUSED) {
            // More than it is sent again, so that some of the records fail.
            self.bus.refuse_next(self.random.borrow_mut().usize(1..30));
        }
        let time = if is_rough && self.happens(HURRIED) { LITTLE_TIME } else { TIME };
        let batch = serde_json::from_value(json!({ "Records": records })).unwrap();
        let answer = tokio::select! {
            answer = self.recorder.invoke(batch, "a batch", time) => answer,
            () = self.crash.notified() => {
                self.count(|counts| counts.crashes += 1);
                return Err("crashed".to_owned());
            }
        };
        let answer = serde_json::to_value(answer).unwrap();
        let first = answer["batchItemFailures"][0]["itemIdentifier"].as_str();
        let place = first.map(|first| records.iter().position(|record| sequence_number(record) == first));
        self.count(|counts| counts.unfinished += usize::from(place.is_some()));
        Ok(place.map_or(records.len(), |place| place.expect("a record of the batch")))
    }

    /// The records in another order. Those of one item stay in theirs.
    fn shuffled(&self, records: &[Value]) -> Vec<Value> {
        let mut items: BTreeMap<String, VecDeque<&Value>> = BTreeMap::new();
        for record in records {
            items.entry(record["dynamodb"]["Keys"].to_string()).or_default().push_back(record);
        }
        let mut items: Vec<_> = items.into_values().collect();
        let mut shuffled = Vec::new();
        while !items.is_empty() {
            let next = self.random.borrow_mut().usize(..items.len());
            shuffled.extend(items[next].pop_front().cloned());
            items.retain(|item| !item.is_empty());
        }
        shuffled
    }

    /// Makes the consumer crash before or after some of these requests, and some meet a fault.
    fn trouble(&self, proxy: &Proxy) {
        let (crash, faults) = (self.crash.clone(), self.faults.clone());
        let mut random = self.random.borrow_mut().fork();
        proxy.plan(move |action, _| {
            if random.f64() < CRASHES {
                if random.bool() {
                    crash.notify_one();
                    return Some(Fault::Stall);
                }
                let crash = crash.clone();
                return Some(Fault::LostAnswerAfter(Box::pin(async move {
                    crash.notify_one();
                    // The instance is gone before its connection is.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                })));
            }
            let kind = random.choice(Kind::quick(action)).filter(|_| random.f64() < FAULTS)?;
            faults.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Some((kind.fault)())
        });
    }

    fn happens(&self, share: f64) -> bool {
        self.random.borrow_mut().f64() < share
    }

    fn count(&self, count: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts.get();
        count(&mut counts);
        self.counts.set(counts);
    }
}

fn mapping<H>(
    database: &Database,
    options: MappingOptions,
    handler: H,
) -> Result<EventSourceMapping<H>, String>
where
    H: AsyncFnMut(Value) -> Result<Value, String>,
{
    EventSourceMapping::new(&database.url(), local::TABLE_NAME, options, handler)
        .map_err(|error| error.to_string())
}

fn sequence_number(record: &Value) -> &str {
    record["dynamodb"]["SequenceNumber"].as_str().unwrap()
}

/// Overwrites an organization's item with one that cannot be read.
pub async fn poison(database: &Database, organization: &str) {
    let key = S(format!("ORG#{organization}"));
    let put =
        database.client.put_item().table_name(local::TABLE_NAME).item("pk", key.clone()).item("sk", key);
    put.item("version", N("-1".to_owned())).send().await.unwrap();
}
