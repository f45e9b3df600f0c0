//! The check in front of every port of the local stack. It keeps web pages in the developer's browser away:
//!
//! - The Host header must be one of the server's two names. In a DNS rebinding attack it is the attacker's
//!   name.
//! - Requests with another origin are refused. A browser sends the header Origin if the page might read the
//!   answer, and with every method other than GET and HEAD.
//!
//! What remains are GET requests whose answers the page cannot read. No GET on these ports changes anything.

use crate::{Error, forward::Upstream};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    serve::ListenerExt as _,
};
use std::{convert::Infallible, future, net::TcpListener};
use tokio::task::JoinHandle;

/// The program that error messages name.
const PROGRAM: &str = "a server on loopback";

/// A loopback port whose requests are checked.
#[derive(Debug)]
pub(crate) struct Port {
    listener: tokio::net::TcpListener,
    number: u16,
}

impl Port {
    /// Takes over the port of a listener.
    pub(crate) fn new(listener: TcpListener) -> Result<Self, Error> {
        let number = listener.local_addr().map_err(Error::program(PROGRAM))?.port();
        listener.set_nonblocking(true).map_err(Error::program(PROGRAM))?;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(Error::program(PROGRAM))?;
        Ok(Self { listener, number })
    }

    /// `http://127.0.0.1:PORT`
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.number)
    }

    /// Serves the requests that pass the check, until this future is dropped.
    pub(crate) async fn serve(self, app: Router) -> Infallible {
        let app = app.layer(middleware::from_fn_with_state(self.number, check));
        // An answer is written in parts when it is forwarded.
        let listener = self.listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let _ = axum::serve(listener, app).await;
        // axum documents that `serve` never returns.
        future::pending().await
    }
}

/// A server that checks requests before it hands them to a server that does not. Stops when dropped.
#[derive(Debug)]
pub(crate) struct Front {
    url: String,
    task: JoinHandle<Infallible>,
}

impl Front {
    /// Serves this app on a port.
    pub(crate) fn start(listener: TcpListener, app: Router) -> Result<Self, Error> {
        let port = Port::new(listener)?;
        Ok(Self { url: port.url(), task: tokio::spawn(port.serve(app)) })
    }

    /// Forwards all requests.
    pub(crate) fn to(listener: TcpListener, upstream: Upstream) -> Result<Self, Error> {
        let forward = async |State(upstream): State<Upstream>, request| upstream.forward(request).await;
        Self::start(listener, Router::new().fallback(forward).with_state(upstream))
    }

    /// `http://127.0.0.1:PORT`
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn check(State(port): State<u16>, request: Request, next: Next) -> Response {
    match refusal(port, request.headers()) {
        Some(refusal) => (StatusCode::FORBIDDEN, refusal).into_response(),
        None => next.run(request).await,
    }
}

/// The reason to refuse a request that comes neither from a program, nor from a page of this port, nor from a
/// person who opens one.
fn refusal(port: u16, headers: &HeaderMap) -> Option<&'static str> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    // A browser omits the default port of http.
    let without_port = host.strip_suffix(&format!(":{port}")).or((port == 80).then_some(host));
    let is_ours = without_port.is_some_and(|name| ["127.0.0.1", "localhost"].contains(&name));
    let is_same_origin = |origin: &HeaderValue| origin.as_bytes() == format!("http://{host}").as_bytes();
    if !is_ours {
        Some("This server answers only to the names 127.0.0.1 and localhost.")
    } else if !headers.get_all(header::ORIGIN).iter().all(is_same_origin) {
        Some("Requests from other origins are refused.")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    fn is_refused(headers: &[(HeaderName, &str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap()));
        refusal(9010, &headers.collect()).is_some()
    }

    #[test]
    fn requests_to_other_host_names_are_refused() {
        for host in ["127.0.0.1:9010", "localhost:9010"] {
            assert!(!is_refused(&[(header::HOST, host)]), "{host}");
        }
        for host in [
            "rebound.example:9010",
            "127.0.0.1:9000",
            "127.0.0.1",
            "localhost.example:9010",
            "x@localhost:9010",
            "",
        ] {
            assert!(is_refused(&[(header::HOST, host)]), "{host}");
        }
        assert!(is_refused(&[]));
    }

    #[test]
    fn requests_from_another_origin_are_refused() {
        let host = (header::HOST, "localhost:9010");
        assert!(!is_refused(&[host.clone(), (header::ORIGIN, "http://localhost:9010")]));
        for origin in [
            "http://127.0.0.1:9010",
            "https://localhost:9010",
            "http://localhost:9000",
            "http://evil.example",
            "null",
        ] {
            assert!(is_refused(&[host.clone(), (header::ORIGIN, origin)]), "{origin}");
        }
    }

    #[tokio::test]
    async fn a_program_reaches_dynamodb_through_a_front_and_a_page_does_not() {
        let dynamodb = crate::start_in_memory().await.unwrap();
        let listener = crate::loopback::listen(0, "").unwrap();
        let front = Front::to(listener, Upstream::new(&dynamodb.url())).unwrap();
        crate::table::create(&crate::dynamodb::client(&front.url()), "table").await.unwrap();
        let tables = dynamodb.client().list_tables().send().await.unwrap();
        assert_eq!(tables.table_names(), ["table"]);

        let request =
            |origin: &str| crate::http_client().get(front.url()).header(header::ORIGIN, origin).send();
        assert_eq!(request("http://evil.example").await.unwrap().status(), StatusCode::FORBIDDEN);
        assert_eq!(request(&front.url()).await.unwrap().status(), StatusCode::OK);
        drop(dynamodb);
        assert_eq!(request(&front.url()).await.unwrap().status(), StatusCode::BAD_GATEWAY);
    }
}
