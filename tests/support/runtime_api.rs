//! The Lambda Runtime API for one instance
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).
//!
//! The benchmark uses it to measure latencies. So the server takes times as close to the socket as hyper
//! allows, and has no router.

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use shared::edge::FUNCTION_TIMEOUT;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

/// Upper bound on the time between two calls of an instance, even on a busy machine or under valgrind.
const CALL_TIMEOUT: Duration = Duration::from_secs(120);

/// A call of the instance.
#[derive(Debug)]
enum Call {
    /// It polls for an event. The request arrived at this time. No event has been handed out yet.
    Next(Instant),
    /// It answers an event, this long after the event was handed out.
    Response(Bytes, Duration),
    /// It reports that it cannot start, or that an invocation failed.
    Error(Bytes),
}

/// A server for one instance. Dropping it closes its connections, and the instance then exits by itself.
#[derive(Debug)]
pub struct RuntimeApi {
    address: SocketAddr,
    calls: mpsc::UnboundedReceiver<Call>,
    events: mpsc::UnboundedSender<Bytes>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    calls: mpsc::UnboundedSender<Call>,
    pending: Mutex<Pending>,
}

#[derive(Debug)]
struct Pending {
    events: mpsc::UnboundedReceiver<Bytes>,
    handed_out: Instant,
}

impl RuntimeApi {
    /// Starts a server on a free port.
    ///
    /// # Errors
    /// If it cannot listen.
    pub async fn start() -> io::Result<Self> {
        let (called, calls) = mpsc::unbounded_channel();
        let (events, pending) = mpsc::unbounded_channel();
        let pending = Mutex::new(Pending { events: pending, handed_out: Instant::now() });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(serve(listener, Arc::new(Shared { calls: called, pending })));
        Ok(Self { address, calls, events, server })
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the instance polls for an event, and returns the time of the poll.
    ///
    /// # Errors
    /// If it makes any other call, or makes no call in time.
    pub async fn polled(&mut self) -> io::Result<Instant> {
        match self.call().await? {
            Call::Next(at) => Ok(at),
            Call::Response(..) => Err(io::Error::other("the instance answered without an event")),
            Call::Error(report) => Err(reported(&report)),
        }
    }

    /// Hands out an event. Returns the answer and the time it took.
    ///
    /// # Errors
    /// If the instance polls again before it answers, reports an error, or makes no call in time.
    pub async fn invoke(&mut self, event: String) -> io::Result<(Bytes, Duration)> {
        self.events.send(event.into()).map_err(io::Error::other)?;
        match self.call().await? {
            Call::Response(answer, took) => Ok((answer, took)),
            Call::Next(_) => Err(io::Error::other("the instance asked for another event before it answered")),
            Call::Error(report) => Err(reported(&report)),
        }
    }

    async fn call(&mut self) -> io::Result<Call> {
        let call = timeout(CALL_TIMEOUT, self.calls.recv()).await;
        call.map_err(|_| io::Error::other("the instance made no call in time"))?.ok_or_else(stopped)
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    // Dropped with this future, so that connections end when the server is aborted.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        // A failure shows in the instance's next call.
        let _ = stream.set_nodelay(true);
        let shared = shared.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| answer(request, shared.clone()));
            http1::Builder::new().serve_connection(TokioIo::new(stream), service).await
        });
    }
}

/// Closes the connection without an answer by returning an error.
async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> io::Result<Response<Body>> {
    let path = request.uri().path().to_owned();
    if request.method() == Method::GET && path.ends_with("/invocation/next") {
        let _ = shared.calls.send(Call::Next(Instant::now()));
        let mut pending = shared.pending.lock().await;
        let event = pending.events.recv().await.ok_or_else(stopped)?;
        pending.handed_out = Instant::now();
        return next_event(event);
    }
    let body = to_bytes(Body::new(request.into_body()), usize::MAX).await.map_err(io::Error::other)?;
    let arrived = Instant::now();
    let call = if path.ends_with("/response") {
        Call::Response(body, arrived - shared.pending.lock().await.handed_out)
    } else {
        Call::Error(body)
    };
    let _ = shared.calls.send(call);
    Response::builder().status(StatusCode::ACCEPTED).body(Body::empty()).map_err(io::Error::other)
}

fn next_event(event: Bytes) -> io::Result<Response<Body>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
        .header("lambda-runtime-deadline-ms", (now + FUNCTION_TIMEOUT).as_millis().to_string())
        .header(
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:123456789012:function:operation",
        )
        .header(
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
        );
    response.body(event.into()).map_err(io::Error::other)
}

fn reported(report: &[u8]) -> io::Error {
    io::Error::other(format!("the instance reported: {}", String::from_utf8_lossy(report)))
}

fn stopped() -> io::Error {
    io::Error::other("the Runtime API has stopped")
}
