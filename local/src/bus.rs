//! An EventBridge bus that shows and keeps what it gets: a server that takes `PutEvents`, the one request that the
//! function `record-events` sends to EventBridge.
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>

use crate::{Error, data_dir, loopback::listen_hidden, uuid::uuid};
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::post,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::task::JoinHandle;

/// The bus's name.
pub(crate) const NAME: &str = "organizations";
/// The `source` of the events, which is the stack's name when deployed.
pub(crate) const SOURCE: &str = "local";

const TARGET: &str = "AWSEvents.PutEvents";
/// EventBridge refuses a request with more.
const MAX_ENTRIES: usize = 10;

/// An event with the fields that a rule of EventBridge matches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BusEvent {
    /// Who sent it.
    pub source: String,
    /// Its type, such as `organization.created`.
    pub detail_type: String,
    /// When it happened, to the second.
    pub time: String,
    /// The event itself.
    pub detail: Value,
}

/// The running server. Stops when dropped.
#[derive(Debug)]
pub(crate) struct Bus {
    url: String,
    task: JoinHandle<()>,
}

struct Subscriber<F> {
    file: File,
    on_event: F,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    source: Option<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    /// In seconds.
    time: Option<f64>,
    event_bus_name: Option<String>,
}

impl Bus {
    /// Appends each event as a line to `file`, and calls `on_event` with it.
    pub(crate) fn start(file: &Path, on_event: impl Fn(&BusEvent) + Send + 'static) -> Result<Self, Error> {
        let file = data_dir::open(file, OpenOptions::new().append(true).create(true))?;
        let subscriber = Arc::new(Mutex::new(Subscriber { file, on_event }));
        let listener = listen_hidden()?;
        let failed = Error::program("a server on loopback");
        let bound = listener.set_nonblocking(true).and_then(|()| listener.local_addr());
        let bound = bound.and_then(|address| Ok((address, tokio::net::TcpListener::from_std(listener)?)));
        let (address, listener) = bound.map_err(failed)?;
        let app = Router::new().route("/", post(put_events)).with_state(subscriber);
        let task = tokio::spawn(async { drop(axum::serve(listener, app).await) });
        Ok(Self { url: format!("http://{address}"), task })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn put_events<F: Fn(&BusEvent)>(
    State(subscriber): State<Arc<Mutex<Subscriber<F>>>>,
    headers: HeaderMap,
    body: String,
) -> Response {
    if headers.get("x-amz-target").is_none_or(|target| target != TARGET) {
        return refused("UnknownOperationException", "This bus takes PutEvents.");
    }
    let entries = match serde_json::from_str::<PutEvents>(&body) {
        Ok(PutEvents { entries }) => entries,
        Err(error) => return refused("SerializationException", &error.to_string()),
    };
    if entries.is_empty() || entries.len() > MAX_ENTRIES {
        return refused("ValidationException", "A request has 1 to 10 entries.");
    }
    let mut subscriber = subscriber.lock().unwrap_or_else(PoisonError::into_inner);
    let results: Vec<_> = entries.into_iter().map(|entry| subscriber.take(entry)).collect();
    let failed = results.iter().filter(|result| result.get("ErrorCode").is_some()).count();
    Json(json!({ "FailedEntryCount": failed, "Entries": results })).into_response()
}

fn refused(kind: &str, message: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "__type": kind, "message": message }))).into_response()
}

impl<F: Fn(&BusEvent)> Subscriber<F> {
    /// The result of an entry.
    fn take(&mut self, entry: Entry) -> Value {
        let error = |code: &str, message: &str| json!({ "ErrorCode": code, "ErrorMessage": message });
        let event = match BusEvent::parse(entry, SystemTime::now()) {
            Ok(event) => event,
            Err((code, message)) => return error(code, message),
        };
        let written = serde_json::to_string(&event).map_err(Into::into);
        let written = written.and_then(|line| self.file.write_all(format!("{line}\n").as_bytes()));
        match (written, uuid()) {
            (Ok(()), Ok(id)) => {
                (self.on_event)(&event);
                json!({ "EventId": id })
            }
            (Err(failed), _) => error("InternalFailure", &failed.to_string()),
            (_, Err(failed)) => error("InternalFailure", &failed.to_string()),
        }
    }
}

impl BusEvent {
    /// The event of an entry, or code and message of why EventBridge does not take it.
    fn parse(entry: Entry, now: SystemTime) -> Result<Self, (&'static str, &'static str)> {
        let Entry { source, detail_type, detail, time, event_bus_name } = entry;
        if event_bus_name.as_deref() != Some(NAME) {
            return Err(("InvalidArgument", "This is not the bus of that name."));
        }
        let (Some(source), Some(detail_type), Some(detail)) = (source, detail_type, detail) else {
            return Err(("InvalidArgument", "An entry has Source, DetailType and Detail."));
        };
        let malformed = ("MalformedDetail", "Detail is not a JSON object.");
        let detail: Value = serde_json::from_str(&detail).map_err(|_| malformed)?;
        if !detail.is_object() {
            return Err(malformed);
        }
        let time = time.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let time = time.and_then(|time| UNIX_EPOCH.checked_add(time)).unwrap_or(now);
        Ok(Self { source, detail_type, time: humantime::format_rfc3339_seconds(time).to_string(), detail })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{http_client, process::test_dir};
    use std::{fs, sync::mpsc};

    async fn put(bus: &Bus, target: &str, body: &Value) -> (u16, Value) {
        let request = http_client().post(bus.url()).header("x-amz-target", target).body(body.to_string());
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), serde_json::from_str(&answer.text().await.unwrap()).unwrap())
    }

    fn entry(number: u64) -> Value {
        json!({
            "Source": SOURCE, "DetailType": "organization.updated", "EventBusName": NAME,
            "Time": 1_764_238_059.25, "Detail": json!({ "number": number }).to_string(),
        })
    }

    fn with(field: &str, value: Value) -> Value {
        let mut entry = entry(9);
        entry[field] = value;
        entry
    }

    #[tokio::test]
    async fn an_event_is_shown_and_appended_to_the_file() {
        let file = test_dir("bus").join("events.jsonl");
        fs::write(&file, "earlier\n").unwrap();
        let (sender, events) = mpsc::channel();
        let bus = Bus::start(&file, move |event| sender.send(event.clone()).unwrap()).unwrap();
        let (status, answer) = put(&bus, TARGET, &json!({ "Entries": [entry(1), entry(2)] })).await;
        assert_eq!((status, &answer["FailedEntryCount"]), (200, &0.into()));
        assert_eq!(answer["Entries"][1]["EventId"].as_str().unwrap().len(), 36);

        let lines = fs::read_to_string(&file).unwrap();
        let expected = r#"{"source":"local","detail-type":"organization.updated","time":"2025-11-27T10:07:39Z","detail":{"number":1}}"#;
        assert_eq!(lines.lines().take(2).collect::<Vec<_>>(), ["earlier", expected]);
        let shown: Vec<_> = events.try_iter().map(|event| event.detail["number"].clone()).collect();
        assert_eq!(shown, [1, 2]);
    }

    #[tokio::test]
    async fn an_entry_that_eventbridge_refuses_fails_alone() {
        let file = test_dir("bus-refusals").join("events.jsonl");
        let bus = Bus::start(&file, |_| ()).unwrap();
        for refused in [
            with("Detail", "[]".into()),
            with("Detail", "{".into()),
            with("Source", Value::Null),
            with("EventBusName", "other".into()),
        ] {
            let (status, answer) = put(&bus, TARGET, &json!({ "Entries": [refused, entry(1)] })).await;
            assert_eq!((status, &answer["FailedEntryCount"]), (200, &1.into()), "{answer}");
            assert!(answer["Entries"][0]["ErrorCode"].is_string(), "{answer}");
            assert!(answer["Entries"][1]["EventId"].is_string(), "{answer}");
        }
        assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 4);
    }

    #[tokio::test]
    async fn other_requests_are_refused() {
        let bus = Bus::start(&test_dir("bus-requests").join("events.jsonl"), |_| ()).unwrap();
        let entries = |count: u64| json!({ "Entries": (0..count).map(entry).collect::<Vec<_>>() });
        for (target, body) in [("AWSEvents.PutRule", entries(1)), (TARGET, entries(0)), (TARGET, entries(11))]
        {
            assert_eq!(put(&bus, target, &body).await.0, 400, "{target}");
        }
        assert_eq!(put(&bus, TARGET, &entries(10)).await.0, 200);
    }
}
