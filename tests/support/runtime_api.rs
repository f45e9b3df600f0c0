//! The Lambda Runtime API of one instance
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use shared::edge::FUNCTION_TIMEOUT;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

/// What the instance calls.
#[derive(Debug)]
pub enum Call {
    /// It asks for an event.
    Next,
    /// It answers one.
    Response(Bytes),
    /// It says that it cannot start, or that an invocation failed.
    Error(Bytes),
}

/// A server for one instance. Dropped, it hangs up, upon which an instance ends by itself.
#[derive(Debug)]
pub struct RuntimeApi {
    address: SocketAddr,
    calls: mpsc::UnboundedReceiver<Call>,
    events: mpsc::UnboundedSender<String>,
    server: JoinHandle<()>,
}

struct Shared {
    calls: mpsc::UnboundedSender<Call>,
    events: Mutex<mpsc::UnboundedReceiver<String>>,
}

impl RuntimeApi {
    /// Starts one.
    pub async fn start() -> Self {
        let (call, calls) = mpsc::unbounded_channel();
        let (events, pending) = mpsc::unbounded_channel();
        let app = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(error))
            .with_state(Arc::new(Shared { calls: call, events: Mutex::new(pending) }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, calls, events, server }
    }

    /// For `AWS_LAMBDA_RUNTIME_API`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Hands out an event, once the instance asks for one.
    pub fn send(&self, event: String) {
        self.events.send(event).unwrap();
    }

    /// The instance's next call.
    pub async fn call(&mut self) -> Call {
        self.calls.recv().await.unwrap()
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    shared.calls.send(Call::Next).unwrap();
    let event = shared.events.lock().await.recv().await.unwrap_or_default();
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + FUNCTION_TIMEOUT;
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:123456789012:function:test".to_owned(),
        ),
    ];
    (headers, event)
}

async fn response(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    shared.calls.send(Call::Response(body)).unwrap();
    StatusCode::ACCEPTED
}

async fn error(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    shared.calls.send(Call::Error(body)).unwrap();
    StatusCode::ACCEPTED
}
