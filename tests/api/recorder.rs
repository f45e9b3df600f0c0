//! Stands between the functions and DynamoDB and writes down which action on which resource each
//! function asks for, failure paths included. `tests/contract` compares that with the roles in
//! template.yaml. For users of certain names it refuses as DynamoDB does.
//!
//! A function is known by the application name that its SDK sends, its operationId. Only a whole
//! run of the suite leaves a record: with a filter, actions would seem not to be needed.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    net::Ipv4Addr,
    path::Path,
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;

/// What DynamoDB takes at the most.
const MOST_BYTES: usize = 16 << 20;

/// A local user of this name meets a DynamoDB that throttles.
pub(crate) const THROTTLED: &str = "throttled";

/// A local user of this name meets transactions that others keep winning.
pub(crate) const CONTENDED: &str = "contended";

/// A local user of this name meets a DynamoDB that refuses without the item, as old builds of
/// Amazon's local one do even when asked for it.
pub(crate) const UNEXPLAINED: &str = "unexplained";

const EXCEPTION: &str = "com.amazonaws.dynamodb.v20120810#";

/// Actions by operationId.
type Record = BTreeMap<String, BTreeSet<String>>;

struct Recorder {
    dynamodb_url: String,
    client: reqwest::Client,
    /// `None` in a run with a filter.
    file: Option<String>,
    record: Mutex<Record>,
}

/// Starts a recorder in front of a DynamoDB and gives its URL.
pub(crate) async fn start(dynamodb_url: String) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port for the recorder");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dynamodb-actions.json").display().to_string();
    let whole_run = env::args().skip(1).all(|option| ["-q", "--quiet", "--nocapture"].contains(&&*option));
    if whole_run {
        // A run that fails must not leave the record of one before it.
        let _there_was_none = fs::remove_file(&file);
    }
    let recorder = Recorder {
        dynamodb_url,
        client: local::http_client(),
        file: whole_run.then_some(file),
        record: Mutex::default(),
    };
    let app = Router::new().fallback(forward).with_state(Arc::new(recorder));
    tokio::spawn(async move { axum::serve(listener, app).await.expect("the recorder runs") });
    url
}

async fn forward(State(recorder): State<Arc<Recorder>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MOST_BYTES).await.expect("a whole request");
    recorder.note(&parts.headers, &body);
    if let Some(refusal) = refusal(&body) {
        return refusal;
    }
    let mut request = Request::from_parts(parts, body.clone());
    *request.uri_mut() = recorder.dynamodb_url.parse().expect("a URL");
    let Ok(mut answer) = local::forward(&recorder.client, request).await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    if answer.status() == StatusCode::BAD_REQUEST && concerns(&body, UNEXPLAINED) {
        *answer.body_mut() = without_items(answer.body()).into();
    }
    answer.map(Body::from)
}

impl Recorder {
    fn note(&self, headers: &HeaderMap, body: &[u8]) {
        let (Some(file), Some(function)) = (&self.file, application(headers)) else { return };
        let target = text(headers, "x-amz-target");
        let (_, operation) = target.rsplit_once('.').expect("DynamoDB is told what to do");
        let body: Value = serde_json::from_slice(body).expect("DynamoDB speaks JSON");
        let mut record = self.record.lock().expect("no other holder has panicked");
        let known = record.entry(function.to_owned()).or_default();
        let before = known.len();
        known.extend(actions(operation, &body));
        if known.len() > before {
            fs::write(file, serde_json::to_vec_pretty(&*record).expect("JSON")).expect("a record on disk");
        }
    }
}

/// Refuses what concerns a user of one of these names, as a DynamoDB does that is short of capacity
/// or whose items are contended; the embedded one is never either.
fn refusal(body: &[u8]) -> Option<Response> {
    let refusal = if concerns(body, THROTTLED) {
        json!({ "__type": format!("{EXCEPTION}ThrottlingException"), "message": "throttled" })
    } else if concerns(body, CONTENDED) {
        let body: Value = serde_json::from_slice(body).expect("DynamoDB speaks JSON");
        let steps = body["TransactItems"].as_array().map_or(0, Vec::len);
        let reasons = vec![json!({ "Code": "TransactionConflict" }); steps];
        json!({ "__type": format!("{EXCEPTION}TransactionCanceledException"), "CancellationReasons": reasons })
    } else {
        return None;
    };
    Some((StatusCode::BAD_REQUEST, refusal.to_string()).into_response())
}

fn concerns(body: &[u8], name: &str) -> bool {
    String::from_utf8_lossy(body).contains(&format!("USER#{name}|"))
}

/// The refusal of a transaction, its reasons without the items.
fn without_items(refusal: &[u8]) -> String {
    let mut refusal: Value = serde_json::from_slice(refusal).expect("DynamoDB speaks JSON");
    for reason in refusal["CancellationReasons"].as_array_mut().into_iter().flatten() {
        reason.as_object_mut().expect("an object").remove("Item");
    }
    refusal.to_string()
}

/// What a request needs to be allowed to do. A transaction needs the actions of its items
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html>).
fn actions(operation: &str, body: &Value) -> Vec<String> {
    if let Some(items) = body["TransactItems"].as_array() {
        let kinds = items.iter().flat_map(|item| item.as_object().expect("an object").keys());
        return kinds
            .map(|kind| match kind.as_str() {
                "ConditionCheck" => "dynamodb:ConditionCheckItem on table".to_owned(),
                kind => format!("dynamodb:{kind}Item on table"),
            })
            .collect();
    }
    let resource = body["IndexName"].as_str().map_or("table".to_owned(), |index| format!("index/{index}"));
    vec![format!("dynamodb:{operation} on {resource}")]
}

/// `app/<name>` in the User-Agent
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-appid.html>).
fn application(headers: &HeaderMap) -> Option<&str> {
    let agents = ["user-agent", "x-amz-user-agent"].map(|name| text(headers, name));
    agents.into_iter().flat_map(|agent| agent.split(' ')).find_map(|part| part.strip_prefix("app/"))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
