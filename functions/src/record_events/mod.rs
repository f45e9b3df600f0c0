//! The function on the table's stream: stores each change of an organization as an event, sends it to the bus, tells when
//! usage reaches a part of the overage limit, and purges organizations whose items were removed.
//!
//! Lambda delivers a batch again until all of it is done. So everything can be repeated: an event that is stored again is
//! the same, and one that is sent again has the same id.

mod bus;

pub use bus::Bus;

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use bus::Entry;
use lambda_http::lambda_runtime::{self, Diagnostic, LambdaEvent};
use lambda_http::service_fn;
use shared::model::ReachedThreshold;
use shared::store::{Recorded, RecordedEvent, RemovedOrganization, Store, deadline, meter};
use shared::telemetry;
use std::collections::HashSet;
use std::pin::Pin;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

/// The name in the log and in the SDK's User-Agent.
const NAME: &str = "recordEvents";

/// The function's time-out: the `Timeout` in template.yaml.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// The time reserved at the end of an invocation for its answer.
const MARGIN: Duration = Duration::from_secs(2);

/// Does what the records of the stream ask for.
#[derive(Clone)]
pub struct Recorder {
    store: Store,
    bus: Bus,
}

/// Why the records from one on are not done.
struct Failure {
    /// The place of the record in the batch.
    place: usize,
    /// None if there only was too little time.
    cause: Option<String>,
}

/// What the records of a batch ask for, each with the record's place.
#[derive(Default)]
struct Work {
    events: Vec<(usize, Box<RecordedEvent>)>,
    thresholds: Vec<(usize, ReachedThreshold)>,
    removals: Vec<(usize, RemovedOrganization)>,
}

/// Runs the function until its instance ends.
///
/// If the configuration is missing or invalid, logs the cause, and every invocation fails.
pub async fn serve() -> ExitCode {
    telemetry::init();
    let recorder = Recorder::from_env().await;
    if let Err(cause) = &recorder {
        tracing::error!(operation = NAME, cause, "the function cannot run; every invocation fails");
    }
    let invoke = |event: LambdaEvent<Event>| {
        let recorder = recorder.clone();
        async move {
            let failed = |cause: String| Diagnostic { error_type: NAME.to_owned(), error_message: cause };
            let LambdaEvent { payload, context } = event;
            let time = time_limit(context.deadline(), SystemTime::now());
            let recorder = recorder.map_err(failed)?;
            Ok::<_, Diagnostic>(recorder.invoke(payload, &context.request_id, time).await)
        }
    };
    match lambda_runtime::run(service_fn(invoke)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(operation = NAME, cause = %error, "the Lambda runtime failed");
            ExitCode::FAILURE
        }
    }
}

/// The time for a batch. A deadline in the past is that of an emulator.
fn time_limit(deadline: SystemTime, now: SystemTime) -> Duration {
    deadline.duration_since(now).unwrap_or(TIMEOUT).min(TIMEOUT).saturating_sub(MARGIN)
}

impl Recorder {
    /// Records the stream of `store`'s table on `bus`.
    pub fn new(store: Store, bus: Bus) -> Self {
        Self { store, bus }
    }

    async fn from_env() -> Result<Self, String> {
        let url = Bus::url_from_env(NAME).await?;
        let store = Store::from_env(NAME, &[&url]).await?;
        let bus = Bus::from_env(NAME, &store, &url).await?;
        Ok(Self::new(store, bus))
    }

    /// Handles a batch within this time, and logs it. The answer names the first record that is not done: Lambda delivers
    /// it, and those after it, again.
    pub async fn invoke(&self, batch: Event, request_id: &str, time: Duration) -> DynamoDbEventResponse {
        let started = Instant::now();
        let records = batch.records;
        // It is large, so it is boxed: otherwise the futures that wrap it would copy it.
        let work: Pin<Box<dyn Future<Output = _> + Send>> =
            Box::pin(deadline::within(time, self.record(&records)));
        let (done, usage) = meter::measure(work).await;
        let failed = done.as_ref().err().map(|failure| failure.place);
        let failed_record = failed.and_then(|place| records.get(place));
        let cause = done.err().and_then(|failure| failure.cause);
        let latency_ms = started.elapsed().as_micros() as f64 / 1000.0;
        macro_rules! line {
            ($level:ident, $message:literal) => {
                tracing::$level!(
                    operation = NAME,
                    request_id,
                    records = records.len(),
                    done = failed.unwrap_or(records.len()),
                    failed_record = failed_record.and_then(|record| record.change.sequence_number.as_deref()),
                    latency_ms,
                    dynamodb.requests = usage.requests,
                    dynamodb.capacity = usage.capacity,
                    cause,
                    $message
                )
            };
        }
        match (failed, &cause) {
            (None, _) => line!(info, "records handled"),
            (Some(_), None) => {
                line!(info, "the time is up: a purge goes on when its record is delivered again")
            }
            (Some(_), Some(_)) => line!(error, "records failed and are delivered again"),
        }
        let mut response = DynamoDbEventResponse::default();
        if let Some(record) = failed_record {
            let mut failure = DynamoDbBatchItemFailure::default();
            // Without a number, Lambda delivers the whole batch again.
            failure.item_identifier = record.change.sequence_number.clone();
            response.batch_item_failures.push(failure);
        }
        response
    }

    /// Does the work of all records up to the first that fails.
    async fn record(&self, records: &[EventRecord]) -> Result<(), Failure> {
        let (work, unreadable) = self.work(records);
        let outcomes = [
            self.record_events(work.events).await,
            self.tell_thresholds(work.thresholds).await,
            self.purge(&work.removals).await,
            unreadable.map_or(Ok(()), Err),
        ];
        let mut failures: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
        failures.sort_by_key(|failure| failure.place);
        // What comes after the first failure may be done. It is done again.
        let Some(place) = failures.first().map(|failure| failure.place) else { return Ok(()) };
        // A purge that needs more time does not hide what failed behind it.
        Err(Failure { place, cause: failures.into_iter().find_map(|failure| failure.cause) })
    }

    /// What the records ask for, up to the first that cannot be read.
    fn work(&self, records: &[EventRecord]) -> (Work, Option<Failure>) {
        let mut work = Work::default();
        let mut seen = HashSet::new();
        for (place, record) in records.iter().enumerate() {
            match self.store.recorded(record) {
                Ok(Recorded::Event(event)) => {
                    // A request may not write an item twice.
                    if seen.insert((event.organization_id.clone(), event.event().number)) {
                        work.events.push((place, event));
                    }
                }
                Ok(Recorded::Thresholds(reached)) => {
                    work.thresholds.extend(reached.into_iter().map(|reached| (place, reached)));
                }
                Ok(Recorded::Removal(removed)) => work.removals.push((place, removed)),
                Ok(Recorded::Nothing) => {}
                Err(error) => return (work, Some(failed_at(place)(error))),
            }
        }
        (work, None)
    }

    /// Stores events, and then sends them, with those before them that are missing.
    async fn record_events(&self, mut events: Vec<(usize, Box<RecordedEvent>)>) -> Result<(), Failure> {
        let first = events.first().map_or(0, |(place, _)| *place);
        let mut recorded: Vec<_> = events.iter_mut().map(|(_, event)| event.as_mut()).collect();
        let missing = self.store.missing_events(&mut recorded).await.map_err(failed_at(first))?;
        let place = |index: usize| events.get(index).map_or(first, |(place, _)| *place);
        let made: Vec<_> = missing.into_iter().map(|(next, event)| (place(next), event)).collect();
        let read: Vec<_> = events.iter().map(|(place, event)| (*place, event.as_ref())).collect();
        let stored: Vec<_> = read.iter().map(|(_, event)| *event).collect();
        self.store.record_events(&stored).await.map_err(failed_at(first))?;

        let mut all: Vec<_> = made.iter().map(|(place, event)| (*place, event)).chain(read).collect();
        all.sort_by_key(|(place, event)| (*place, event.event().number));
        let entries: Result<Vec<_>, _> = all.iter().map(|(_, event)| Entry::of_event(event)).collect();
        let sent = self.send(&entries.map_err(failed_at(first))?, all.iter().map(|(place, _)| *place)).await;

        // Once it is stored, it is not missing any more, and would not be made and sent when its record is delivered again.
        let done = sent.as_ref().map_or_else(|failure| failure.place, |()| usize::MAX);
        let made: Vec<_> = made.iter().filter(|(place, _)| *place < done).map(|(_, event)| event).collect();
        self.store.record_events(&made).await.map_err(failed_at(first))?;
        for event in made {
            tracing::warn!(
                operation = NAME,
                organization_id = event.organization_id.as_str(),
                number = event.event().number,
                "an event was missing, and was made of the change after it"
            );
        }
        sent
    }

    /// Sends the thresholds that were not told before, and then remembers that they were.
    async fn tell_thresholds(&self, thresholds: Vec<(usize, ReachedThreshold)>) -> Result<(), Failure> {
        let first = thresholds.first().map_or(0, |(place, _)| *place);
        // Usage may fall below a threshold and reach it again within a batch.
        let mut seen = HashSet::new();
        let is_new = |(_, reached): &(usize, ReachedThreshold)| {
            seen.insert((reached.organization_id.clone(), reached.period, reached.threshold))
        };
        let thresholds: Vec<_> = thresholds.into_iter().filter(is_new).map(|(_, reached)| reached).collect();
        let untold = self.store.untold_thresholds(thresholds).await.map_err(failed_at(first))?;
        let entries: Result<Vec<_>, _> = untold.iter().map(Entry::of_threshold).collect();
        self.send(&entries.map_err(failed_at(first))?, std::iter::repeat(first)).await?;
        self.store.remember_thresholds(&untold.iter().collect::<Vec<_>>()).await.map_err(failed_at(first))
    }

    async fn purge(&self, removals: &[(usize, RemovedOrganization)]) -> Result<(), Failure> {
        for (place, removed) in removals {
            if !self.store.purge_organization(removed).await.map_err(failed_at(*place))? {
                return Err(Failure { place: *place, cause: None });
            }
        }
        Ok(())
    }

    /// Sends entries. `places` are those of their records.
    async fn send(
        &self,
        entries: &[Entry],
        places: impl Iterator<Item = usize> + Clone,
    ) -> Result<(), Failure> {
        let failed = |(entry, cause)| {
            let place = places.clone().nth(entry).unwrap_or_default();
            Failure { place, cause: Some(cause) }
        };
        self.bus.send(entries).await.map_err(failed)
    }
}

fn failed_at<E: std::error::Error + 'static>(place: usize) -> impl Fn(E) -> Failure {
    // The text of an error of the API is for its clients. What happened is in its source.
    move |error| Failure { place, cause: Some(telemetry::chain(error.source().unwrap_or(&error))) }
}
