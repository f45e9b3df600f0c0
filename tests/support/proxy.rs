//! A proxy between the SDK and the embedded DynamoDB. It injects faults that the embedded DynamoDB does not
//! have: throttling, conflicts, lost answers. It also records every request.

use crate::faults::{Answer, End, Fault, Kind};
use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, Request, Response, request::Parts, response};
use futures_util::{StreamExt as _, stream};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::collections::VecDeque;
use std::fmt::{self, Debug, Formatter};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The maximum size of a request to DynamoDB.
const MAX_BYTES: usize = 16 << 20;

/// A proxy to one DynamoDB. Dropping it closes its connections.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    state: Arc<State>,
    server: JoinHandle<()>,
}

/// Returns the fault for a request, given its action, number and body.
type Plan = Box<dyn FnMut(&str, usize, &[u8]) -> Option<Fault> + Send>;

struct State {
    upstream: String,
    client: reqwest::Client,
    plan: Mutex<Plan>,
    /// Faults for the next requests, each with its action, or "" for any action. They take precedence over
    /// the plan.
    injected: Mutex<VecDeque<(&'static str, Fault)>>,
    /// The actions of all requests so far.
    actions: Mutex<Vec<String>>,
    connections: Mutex<Connections>,
}

#[derive(Default)]
struct Connections {
    opened: usize,
    /// Connections, each with a flag that is true if its incoming data is ignored.
    open: Vec<(Arc<AtomicBool>, JoinHandle<()>)>,
}

impl Debug for State {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("State").field("upstream", &self.upstream).finish_non_exhaustive()
    }
}

impl Proxy {
    /// Starts a proxy to the DynamoDB at this URL.
    pub async fn start(upstream: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            upstream,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            plan: Mutex::new(Box::new(|_, _, _| None)),
            injected: Mutex::default(),
            actions: Mutex::default(),
            connections: Mutex::default(),
        });
        let server = tokio::spawn(serve(listener, state.clone()));
        Self { url, state, server }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Applies these faults to the next requests with an action, one each. An empty action means any.
    pub fn inject(&self, action: &'static str, faults: impl IntoIterator<Item = Fault>) {
        self.state.injected.lock().unwrap().extend(faults.into_iter().map(|fault| (action, fault)));
    }

    /// Applies to each request the fault that `plan` returns for its action and number. The next request has
    /// number 0.
    pub fn plan(&self, mut plan: impl FnMut(&str, usize) -> Option<Fault> + Send + 'static) {
        // Locked so that no request is numbered before the new plan is set.
        let actions = self.state.actions.lock().unwrap();
        let before = actions.len();
        *self.state.plan.lock().unwrap() = Box::new(move |action, number, _| plan(action, number - before));
    }

    /// Applies to each request the fault that `plan` returns for its action and body.
    pub fn plan_by_body(&self, mut plan: impl FnMut(&str, &[u8]) -> Option<Fault> + Send + 'static) {
        *self.state.plan.lock().unwrap() = Box::new(move |action, _, body| plan(action, body));
    }

    /// Applies a random quick fault to this fraction of all requests, from 0 to 1.
    pub fn at_random(&self, seed: u64, share: f64) {
        let mut random = fastrand::Rng::with_seed(seed);
        self.plan(move |action, _| {
            let kind = random.choice(Kind::quick(action)).filter(|_| random.f64() < share);
            kind.map(|kind| (kind.fault)())
        });
    }

    /// Ends all faults, including pending ones.
    pub fn end(&self) {
        self.state.injected.lock().unwrap().clear();
        self.plan(|_, _| None);
    }

    /// The actions of the requests so far.
    pub fn actions(&self) -> Vec<String> {
        self.state.actions.lock().unwrap().clone()
    }

    /// The number of connections that clients have opened.
    pub fn connections(&self) -> usize {
        self.state.connections.lock().unwrap().opened
    }

    /// Closes all connections.
    pub async fn cut(&self) {
        let open = std::mem::take(&mut self.state.connections.lock().unwrap().open);
        for (_, task) in open {
            task.abort();
            let _aborted = task.await;
        }
    }

    /// Ignores all data on the connections that are open now, as if a firewall had dropped them.
    pub fn swallow(&self) {
        for (swallowed, _) in &self.state.connections.lock().unwrap().open {
            swallowed.store(true, Ordering::Relaxed);
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
        for (_, task) in &self.state.connections.lock().unwrap().open {
            task.abort();
        }
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let swallowed = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(connection(stream, state.clone(), swallowed.clone()));
        let mut connections = state.connections.lock().unwrap();
        connections.opened += 1;
        connections.open.push((swallowed, task));
    }
}

async fn connection(stream: TcpStream, state: Arc<State>, swallowed: Arc<AtomicBool>) {
    stream.set_nodelay(true).unwrap();
    let service = service_fn(|request| answer(&state, &swallowed, request));
    // Fails if a fault or the client closes the connection.
    let _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Closes the connection without an answer by returning an error.
async fn answer(
    state: &State,
    swallowed: &AtomicBool,
    request: Request<Incoming>,
) -> io::Result<Response<Body>> {
    if swallowed.load(Ordering::Relaxed) {
        return std::future::pending().await;
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(Body::new(body), MAX_BYTES).await.map_err(io::Error::other)?;
    let action = action(&parts.headers);
    let fault = state.fault(&action, &body);
    let forwarded = state.forward(parts, body.clone());
    let end = match fault {
        None => End::Answered(forwarded.await),
        Some(fault) => fault.meet(&action, &body, forwarded).await,
    };
    match end {
        End::Answered((status, body)) => Ok(response(status).body(body.into()).unwrap()),
        End::Cut((status, body)) => {
            let (length, half) = (body.len(), body.slice(..body.len() / 2));
            Ok(response(status).header(CONTENT_LENGTH, length).body(cut(half)).unwrap())
        }
        End::Closed => Err(io::Error::other("closed by a fault")),
        End::Never => std::future::pending().await,
    }
}

fn action(headers: &HeaderMap) -> String {
    let target = headers["x-amz-target"].to_str().unwrap();
    target.rsplit('.').next().unwrap_or_default().to_owned()
}

fn response(status: u16) -> response::Builder {
    Response::builder().status(status).header(CONTENT_TYPE, "application/x-amz-json-1.0")
}

/// A body that is cut off after `start`.
fn cut(start: Bytes) -> Body {
    let end = async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        Err(io::Error::other("cut by a fault"))
    };
    Body::from_stream(stream::iter([Ok(start)]).chain(stream::once(end)))
}

impl State {
    fn fault(&self, action: &str, body: &[u8]) -> Option<Fault> {
        let mut actions = self.actions.lock().unwrap();
        let number = actions.len();
        actions.push(action.to_owned());
        let mut injected = self.injected.lock().unwrap();
        let next = injected.iter().position(|(of, _)| of.is_empty() || *of == action);
        match next.and_then(|next| injected.remove(next)) {
            Some((_, fault)) => Some(fault),
            None => self.plan.lock().unwrap()(action, number, body),
        }
    }

    async fn forward(&self, parts: Parts, body: Bytes) -> Answer {
        let mut headers = parts.headers;
        headers.remove(HOST);
        let request = self.client.request(parts.method, &self.upstream).headers(headers).body(body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap())
    }
}
