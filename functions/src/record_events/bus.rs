//! Sends events to the EventBridge bus.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_sdk_eventbridge::config::retry::RetryConfig;
use aws_sdk_eventbridge::config::timeout::TimeoutConfig;
use aws_sdk_eventbridge::error::DisplayErrorContext;
use aws_sdk_eventbridge::primitives::{DateTime, DateTimeFormat};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use shared::model::{Event, ReachedThreshold, Timestamp};
use shared::store::{RecordedEvent, Store, deadline, rehearsal};
use shared::telemetry;
use std::env;
use std::time::Duration;

/// Maximum number of entries in one PutEvents
/// (<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>).
const MAX_ENTRIES: usize = 10;

/// How often an entry is sent that the bus does not take.
const MAX_ATTEMPTS: u32 = 3;

/// Time for the bus to answer one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);

/// Time for all attempts of the SDK at one request, with the pauses between them.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The error code whose message is safe to log: it names a permission, a role and the bus. The one that AWS documents for
/// all services (<https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html>).
const TELLING: &str = "AccessDeniedException";

/// The `detail-type` of a threshold.
const THRESHOLD_REACHED: &str = "usage.threshold_reached";

/// A bus.
#[derive(Debug, Clone)]
pub struct Bus {
    client: Client,
    name: String,
    /// The `source` of the events.
    source: String,
}

/// What is sent to the bus.
#[derive(Debug)]
pub(super) struct Entry {
    kind: String,
    at: Option<Timestamp>,
    detail: String,
}

/// The `detail` of an event on the bus. By `id`, a subscriber recognizes an event that is delivered again.
#[derive(serde::Serialize)]
struct Detail<'a, T> {
    id: String,
    #[serde(flatten)]
    about: &'a T,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct OfOrganization<'a> {
    organization_id: &'a str,
    #[serde(flatten)]
    event: &'a Event,
}

impl Entry {
    pub(super) fn of_event(recorded: &RecordedEvent) -> Result<Self, serde_json::Error> {
        let (event, organization_id) = (recorded.event(), recorded.organization_id.as_str());
        let id = format!("{organization_id}#{}", event.number);
        let detail = Detail { id, about: &OfOrganization { organization_id, event } };
        let kind = serde_json::to_value(event.kind)?.as_str().unwrap_or_default().to_owned();
        Ok(Self { kind, at: Some(event.at.clone()), detail: serde_json::to_string(&detail)? })
    }

    pub(super) fn of_threshold(reached: &ReachedThreshold) -> Result<Self, serde_json::Error> {
        let ReachedThreshold { organization_id, period, threshold, .. } = reached;
        let id = format!("{}#{period}#{threshold}", organization_id.as_str());
        let detail = serde_json::to_string(&Detail { id, about: reached })?;
        Ok(Self { kind: THRESHOLD_REACHED.to_owned(), at: None, detail })
    }
}

impl Bus {
    /// A bus of this name. The events have this `source`.
    pub fn new(config: &aws_sdk_eventbridge::config::Builder, name: &str, source: &str) -> Self {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT);
        let timeouts = timeouts.operation_timeout(REQUEST_TIMEOUT).build();
        let retries = RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS);
        let config = config.clone().timeout_config(timeouts).retry_config(retries).build();
        Self { client: Client::from_conf(config), name: name.to_owned(), source: source.to_owned() }
    }

    /// The URL of EventBridge: `AWS_ENDPOINT_URL_EVENTBRIDGE`, or else the region's endpoint.
    ///
    /// # Errors
    /// When `AWS_REGION` is not set, or the SDK has no endpoint for it.
    pub async fn url_from_env(application: &'static str) -> Result<String, String> {
        let config = shared::store::config_from_env(application).await?;
        if let Ok(url) = env::var("AWS_ENDPOINT_URL_EVENTBRIDGE") {
            return Ok(url);
        }
        let region = Params::builder().set_region(config.region().map(ToString::to_string)).build();
        let resolver = DefaultResolver::new();
        let endpoint = resolver.resolve_endpoint(&region.map_err(|error| error.to_string())?).await;
        Ok(endpoint.map_err(|error| telemetry::chain(&*error))?.url().to_owned())
    }

    /// The bus named in `EVENT_BUS_NAME` at this URL, with the `source` in `EVENT_SOURCE`. Requests are made by the HTTP
    /// client of `store`.
    ///
    /// # Errors
    /// When a variable is not set.
    pub async fn from_env(application: &'static str, store: &Store, url: &str) -> Result<Self, String> {
        let variable = |name: &str, hint: &str| {
            let value = env::var(name).ok().filter(|value| !value.is_empty());
            value.ok_or(format!("{name} is not set: set it to {hint}"))
        };
        let name = variable("EVENT_BUS_NAME", "the name of the EventBridge bus")?;
        let source = variable("EVENT_SOURCE", "the source of the events on the bus")?;
        let config = shared::store::config_from_env(application).await?;
        let mut config = aws_sdk_eventbridge::config::Builder::from(&config);
        config.set_http_client(store.http_client());
        let bus = Self::new(&config.endpoint_url(url), &name, &source);
        bus.rehearse().await;
        Ok(bus)
    }

    /// Has the SDK make a request that stays in this process, during init, in which a function has a whole core.
    async fn rehearse(&self) {
        let client = aws_sdk_eventbridge::config::Builder::new().http_client(rehearsal());
        let request = self.client.put_events().entries(PutEventsRequestEntry::builder().build());
        if let Err(error) = request.customize().config_override(client).send().await {
            let cause = DisplayErrorContext(error);
            tracing::warn!(%cause, "the SDK cannot make a request to EventBridge; starting anyway");
        }
    }

    /// Sends entries in order. Sends those that the bus does not take again, without the others, up to three times in all.
    /// Returns the place of the first that it did not take at last, and why.
    pub(super) async fn send(&self, entries: &[Entry]) -> Result<(), (usize, String)> {
        for (chunk, place) in entries.chunks(MAX_ENTRIES).zip((0..).step_by(MAX_ENTRIES)) {
            let mut left: Vec<usize> = (0..chunk.len()).collect();
            for attempt in 1.. {
                if deadline::left() < REQUEST_TIMEOUT {
                    return Err((place, "no time is left for a request to EventBridge".to_owned()));
                }
                let sent: Vec<_> = left.iter().filter_map(|place| chunk.get(*place)).collect();
                let refused = self.put(&sent).await.map_err(|cause| (place, cause))?;
                left = refused.iter().filter_map(|(index, _)| left.get(*index).copied()).collect();
                match (left.first(), refused.into_iter().next()) {
                    (Some(first), Some((_, cause))) if attempt == MAX_ATTEMPTS => {
                        return Err((place + first, cause));
                    }
                    (None, _) => break,
                    _ => tokio::time::sleep(Duration::from_millis(100) * attempt).await,
                }
            }
        }
        Ok(())
    }

    /// Makes one request. Returns the places of the entries that the bus did not take, and why.
    async fn put(&self, entries: &[&Entry]) -> Result<Vec<(usize, String)>, String> {
        let entries = entries.iter().map(|entry| self.request_entry(entry));
        let request = self.client.put_events().set_entries(Some(entries.collect()));
        // The text of the error has no part of the request.
        let output = request.send().await.map_err(|error| {
            match error.as_service_error().map(|error| error.meta()) {
                Some(refused) => {
                    let code = refused.code().unwrap_or_default();
                    let message = refused.message().filter(|_| code == TELLING).unwrap_or_default();
                    format!("EventBridge answered {code} {message}").trim_end().to_owned()
                }
                None => "EventBridge cannot be reached, or does not answer".to_owned(),
            }
        })?;
        let results = output.entries().iter().enumerate();
        let refused = results.filter_map(|(place, result)| Some((place, result.error_code()?)));
        Ok(refused
            .map(|(place, code)| (place, format!("EventBridge did not take an event: {code}")))
            .collect())
    }

    fn request_entry(&self, entry: &Entry) -> PutEventsRequestEntry {
        let at = entry.at.as_ref();
        let at = at.and_then(|at| DateTime::from_str(at.as_str(), DateTimeFormat::DateTime).ok());
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(&self.source)
            .detail_type(&entry.kind)
            .detail(&entry.detail)
            .set_time(at)
            .build()
    }
}
