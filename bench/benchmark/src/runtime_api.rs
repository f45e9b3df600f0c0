//! The Lambda Runtime API for one instance
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).

use anyhow::{Context as _, Result, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, server::conn::http1};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

/// Longer than anything that is measured may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// The functions' timeout in template.yaml.
pub(crate) const FUNCTION_TIMEOUT: Duration = Duration::from_secs(15);

/// What the instance did.
#[derive(Debug)]
enum Happening {
    /// It asked for an event; nothing has been handed out yet.
    Polled(Instant),
    /// It posted an answer, so long after it was handed the event.
    Answered(Bytes, Duration),
    /// It reported that it cannot start, or that an invocation failed.
    Failed(Bytes),
}

/// A server for one instance. Dropped, it hangs up, upon which an instance ends by itself.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    address: SocketAddr,
    happenings: mpsc::UnboundedReceiver<Happening>,
    events: mpsc::UnboundedSender<Bytes>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    happened: mpsc::UnboundedSender<Happening>,
    pending: Mutex<Pending>,
}

#[derive(Debug)]
struct Pending {
    events: mpsc::UnboundedReceiver<Bytes>,
    handed_out: Instant,
}

impl RuntimeApi {
    /// Starts one on a free port.
    pub(crate) async fn start() -> Result<Self> {
        let (happened, happenings) = mpsc::unbounded_channel();
        let (events, pending) = mpsc::unbounded_channel();
        let pending = Mutex::new(Pending { events: pending, handed_out: Instant::now() });
        let shared = Arc::new(Shared { happened, pending });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(serve(listener, shared));
        Ok(Self { address, happenings, events, server })
    }

    /// For `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the instance asks for an event.
    pub(crate) async fn polled(&mut self) -> Result<Instant> {
        match self.next().await? {
            Happening::Polled(at) => Ok(at),
            Happening::Answered(..) => bail!("it answered what nobody asked"),
            Happening::Failed(report) => bail!("it reports: {}", String::from_utf8_lossy(&report)),
        }
    }

    /// Hands out an event, and gives the answer and the time from the one to the other.
    pub(crate) async fn invoke(&mut self, event: String) -> Result<(Bytes, Duration)> {
        self.events.send(event.into()).context("the Runtime API has stopped")?;
        match self.next().await? {
            Happening::Answered(answer, took) => Ok((answer, took)),
            Happening::Polled(_) => bail!("it asks for another event before it answers"),
            Happening::Failed(report) => bail!("it reports: {}", String::from_utf8_lossy(&report)),
        }
    }

    async fn next(&mut self) -> Result<Happening> {
        let happening = timeout(PATIENCE, self.happenings.recv()).await;
        happening.context("nothing comes from it")?.context("the Runtime API has stopped")
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    // Dropped together with this future, the connections end when the server is aborted.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        // A failure shows in what the instance does next.
        let _ = stream.set_nodelay(true);
        let shared = shared.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| answer(request, shared.clone()));
            http1::Builder::new().serve_connection(TokioIo::new(stream), service).await
        });
    }
}

async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Response<Full<Bytes>>> {
    let path = request.uri().path().to_owned();
    if request.method() == Method::GET && path.ends_with("/invocation/next") {
        let _ = shared.happened.send(Happening::Polled(Instant::now()));
        let mut pending = shared.pending.lock().await;
        let event = pending.events.recv().await.context("there are no more events")?;
        pending.handed_out = Instant::now();
        return next_event(event);
    }
    let body = request.into_body().collect().await?.to_bytes();
    let arrived = Instant::now();
    let happening = if path.ends_with("/response") {
        Happening::Answered(body, arrived - shared.pending.lock().await.handed_out)
    } else {
        Happening::Failed(body)
    };
    let _ = shared.happened.send(happening);
    Ok(Response::builder().status(StatusCode::ACCEPTED).body(Full::default())?)
}

fn next_event(event: Bytes) -> Result<Response<Full<Bytes>>> {
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH)? + FUNCTION_TIMEOUT;
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
        .header("lambda-runtime-deadline-ms", deadline.as_millis().to_string())
        .header(
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:123456789012:function:benchmark",
        )
        .header(
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
        );
    Ok(response.body(Full::new(event))?)
}
