//! DynamoDB for the subjects: over HTTPS, without an extra hop. Also EventBridge, which takes every event and keeps none.
//!
//! The embedded DynamoDB's HTTP server does not speak TLS. Relaying to it would add a loopback round trip to
//! each request. It would also add checks for malformed requests, which no subject sends.

use anyhow::{Context as _, Result, bail};
use dynoxide::{Database, DynoxideError};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, server::conn::http1};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// Serves connections to `listener` until dropped.
pub(crate) async fn serve(listener: TcpListener, acceptor: TlsAcceptor, database: Database) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        // If a connection ends badly, its client reports it.
        connections.spawn(serve_one(client, acceptor.clone(), database.clone()));
    }
}

async fn serve_one(client: TcpStream, acceptor: TlsAcceptor, database: Database) -> Result<()> {
    client.set_nodelay(true)?;
    let client = TokioIo::new(acceptor.accept(client).await?);
    let service = service_fn(|request| answer(request, &database));
    Ok(http1::Builder::new().serve_connection(client, service).await?)
}

/// See <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html>.
async fn answer(request: Request<Incoming>, database: &Database) -> Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let target =
        head.headers.get("x-amz-target").context("the request has no x-amz-target header")?.to_str()?;
    let operation = target.strip_prefix("DynamoDB_20120810.");
    let body = body.collect().await?.to_bytes();
    let (status, body) = match operation {
        Some(operation) => match perform(database, operation, &body) {
            Ok(body) => (StatusCode::OK, body),
            Err(error) => (StatusCode::from_u16(error.status_code())?, error.to_json().into_bytes()),
        },
        None if target == "AWSEvents.PutEvents" => (StatusCode::OK, take(&body)?),
        None => bail!("x-amz-target names another API: {target}"),
    };
    let response = Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "application/x-amz-json-1.0")
        .header("x-amzn-requestid", "T2K3A9P1J5V7R8C0N4B6M2X1Z3Q5W7E9L0D8F6H4S2G1Y3U5I7O9");
    Ok(response.body(Full::from(body))?)
}

/// EventBridge's answer to events.
fn take(body: &[u8]) -> Result<Vec<u8>> {
    let request: Value = serde_json::from_slice(body)?;
    let entries = request.get("Entries").and_then(Value::as_array).context("the request has no entries")?;
    let taken = vec![json!({ "EventId": "11710aed-b79e-4468-a20b-bb3c0c3b4860" }); entries.len()];
    Ok(serde_json::to_vec(&json!({ "FailedEntryCount": 0, "Entries": taken }))?)
}

/// The actions that the functions and `plain` use.
fn perform(database: &Database, operation: &str, body: &[u8]) -> dynoxide::Result<Vec<u8>> {
    match operation {
        "BatchWriteItem" => run(body, |request| database.batch_write_item(request)),
        "BatchGetItem" => run(body, |request| database.batch_get_item(request)),
        "GetItem" => run(body, |request| database.get_item(request)),
        "Query" => run(body, |request| database.query(request)),
        "TransactWriteItems" => run(body, |request| database.transact_write_items(request)),
        "UpdateItem" => run(body, |request| database.update_item(request)),
        other => Err(DynoxideError::ValidationException(format!("{other} is not served here"))),
    }
}

fn run<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    operation: impl FnOnce(Q) -> dynoxide::Result<A>,
) -> dynoxide::Result<Vec<u8>> {
    let invalid = |error: serde_json::Error| DynoxideError::SerializationException(error.to_string());
    let answer = operation(serde_json::from_slice(body).map_err(invalid)?)?;
    serde_json::to_vec(&answer).map_err(invalid)
}
