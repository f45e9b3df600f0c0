//! An EventBridge bus that keeps what it is sent
//! (<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>).

use aws_sdk_eventbridge::Config;
use aws_sdk_eventbridge::config::{BehaviorVersion, Credentials, Region};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The bus that functions send to: their `EVENT_BUS_NAME`.
pub const NAME: &str = "organizations-events";

/// The `source` of what they send: their `EVENT_SOURCE`.
pub const SOURCE: &str = "organizations";

/// Maximum number of entries in one request.
const MAX_ENTRIES: usize = 10;

/// A bus on a loopback port. Stops when dropped.
#[derive(Debug)]
pub struct Bus {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    server: JoinHandle<()>,
}

/// An event that the bus took.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The name of the bus that it was sent to.
    pub bus: String,
    /// The `source`.
    pub source: String,
    /// The `detail-type`.
    pub detail_type: String,
    /// The `time` in milliseconds after 1970, or `None` if the bus sets it.
    pub time: Option<i64>,
    /// The `detail`.
    pub detail: Value,
}

#[derive(Debug, Default)]
struct Shared {
    taken: Vec<Entry>,
    /// How many entries the bus will refuse.
    refused: usize,
    /// How many requests will fail, once `spared` are answered.
    failed: usize,
    /// How many requests will be answered first.
    spared: usize,
    /// How many requests were answered.
    requests: usize,
}

impl Bus {
    /// Starts a bus on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::<Mutex<Shared>>::default();
        let routes = Router::new().route("/", post(answer)).with_state(shared.clone());
        let server = tokio::spawn(async move {
            // It ends only when it is aborted.
            let _ = axum::serve(listener, routes).await;
        });
        Self { address, shared, server }
    }

    /// The value of `AWS_ENDPOINT_URL_EVENTBRIDGE`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// This bus, as `record-events` uses it.
    pub fn client(&self) -> functions::record_events::Bus {
        self.client_at(self.url())
    }

    /// This bus behind a proxy at that URL. The SDK keeps one retry budget per region, so a store and a bus of the same
    /// test do not share one.
    pub fn client_at(&self, url: String) -> functions::record_events::Bus {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(format!("bus-{}", self.address.port())))
            .credentials_provider(Credentials::for_tests())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(url);
        functions::record_events::Bus::new(&config, NAME, SOURCE)
    }

    /// Everything that the bus took, in the order of its arrival.
    pub fn taken(&self) -> Vec<Entry> {
        self.lock().taken.clone()
    }

    /// How many requests the bus answered, failures included.
    pub fn requests(&self) -> usize {
        self.lock().requests
    }

    /// Refuses the next `entries`. Takes the others in the same request.
    pub fn refuse_next(&self, entries: usize) {
        self.lock().refused = entries;
    }

    /// Fails the next `requests`. Takes nothing of them.
    pub fn fail_next(&self, requests: usize) {
        self.fail_later(0, requests);
    }

    /// Answers `spared` requests, and fails the next `requests`.
    pub fn fail_later(&self, spared: usize, requests: usize) {
        let mut shared = self.lock();
        (shared.spared, shared.failed) = (spared, requests);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap()
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(
    State(shared): State<Arc<Mutex<Shared>>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let mut shared = shared.lock().unwrap();
    shared.requests += 1;
    if let Some(left) = shared.spared.checked_sub(1) {
        shared.spared = left;
    } else if let Some(left) = shared.failed.checked_sub(1) {
        shared.failed = left;
        let failure = json!({ "__type": "InternalException", "message": "The bus fails." });
        return (StatusCode::INTERNAL_SERVER_ERROR, failure.to_string());
    }
    let invalid = |message: &str| {
        (StatusCode::BAD_REQUEST, json!({ "__type": "ValidationException", "message": message }).to_string())
    };
    if headers.get("x-amz-target").is_none_or(|target| target != "AWSEvents.PutEvents") {
        return invalid("This bus knows PutEvents alone.");
    }
    let Ok(body) = serde_json::from_slice::<Value>(&body) else { return invalid("The body is not JSON.") };
    match body["Entries"].as_array() {
        Some(entries) if (1..=MAX_ENTRIES).contains(&entries.len()) => {
            let results: Vec<_> = entries.iter().map(|entry| shared.take(entry)).collect();
            let refused = results.iter().filter(|result| result.get("ErrorCode").is_some()).count();
            (StatusCode::OK, json!({ "FailedEntryCount": refused, "Entries": results }).to_string())
        }
        _ => invalid("A request has 1 to 10 entries."),
    }
}

impl Shared {
    /// Takes an entry, or refuses it. Returns its result.
    fn take(&mut self, entry: &Value) -> Value {
        if let Some(left) = self.refused.checked_sub(1) {
            self.refused = left;
            return json!({ "ErrorCode": "ThrottlingException", "ErrorMessage": "The bus refuses." });
        }
        let text = |name: &str| entry[name].as_str().map(str::to_owned);
        let detail = text("Detail").and_then(|detail| serde_json::from_str(&detail).ok());
        let detail: Option<Value> = detail.filter(Value::is_object);
        let (Some(bus), Some(source), Some(detail_type), Some(detail)) =
            (text("EventBusName"), text("Source"), text("DetailType"), detail)
        else {
            return json!({ "ErrorCode": "InvalidArgument", "ErrorMessage": "A field is missing or malformed." });
        };
        let time = entry["Time"].as_f64().map(|seconds| (seconds * 1000.0).round() as i64);
        self.taken.push(Entry { bus, source, detail_type, time, detail });
        json!({ "EventId": format!("event-{}", self.taken.len()) })
    }
}
