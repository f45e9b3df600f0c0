//! The API reference: a web page on its own port that shows openapi.yaml and sends requests to the API
//! as a user of the demo data.
//!
//! The page sends its requests to its own port, which forwards them to the API, so it needs no CORS.
//! `cargo lambda watch` allows all origins and cannot be configured to allow only this page. (A deployed
//! API has `CorsOrigins` in template.yaml.) On the API's port a page of another origin has no token. On
//! this port tokens are served, so other pages in the developer's browser must not read them:
//!
//! - The Host header must be one of this server's two names. In a DNS rebinding attack it is the
//!   attacker's name.
//! - Requests with another origin are refused. Responses have no CORS headers, so pages of other origins
//!   cannot read them, and other headers keep such pages from embedding or framing this one.
//! - The page loads and runs only content from this server (Content-Security-Policy).
//! - Only the API's paths are forwarded. The emulator's invocation path trusts the claims in any event; it
//!   is reachable on the API's own port by any program on this machine.
//!
//! The server reads files, unpacks them and signs tokens only when it is asked for them.

use crate::{
    Error, Identity, TOKEN_LIFETIME, forward::forward, http_client, loopback, swagger_ui, workspace_root,
};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use reqwest::Url;
use serde_json::{Map, Value};
use std::{convert::Infallible, fs, future, io, sync::Arc};
use tokio::net::TcpListener;

/// The program that error messages name.
const PROGRAM: &str = "the API reference";

/// The users of `cargo local seed`.
const USERS: [&str; 3] = ["alice", "bob", "carol"];
/// API Gateway's limit.
const MAX_BODY_BYTES: usize = 10 << 20;

const PAGE: &str = include_str!("reference/page.html");
const PAGE_SCRIPT: &str = include_str!("reference/page.js");
const PAGE_STYLE: &str = include_str!("reference/page.css");

/// Headers that cargo-lambda adds to each response.
const CORS: [HeaderName; 3] = [
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
];

/// Headers of the page and its files.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CACHE_CONTROL, "no-store"),
];

/// The API reference, bound to a port.
#[derive(Debug)]
pub struct Reference {
    listener: TcpListener,
    port: u16,
}

impl Reference {
    /// Listens on a loopback port; 0 selects a free one.
    ///
    /// # Errors
    /// If the port is taken.
    pub fn listen(port: u16) -> Result<Self, Error> {
        let listener = loopback::listen(port, "--reference-port")?;
        listener.set_nonblocking(true).map_err(Error::program(PROGRAM))?;
        let listener = TcpListener::from_std(listener).map_err(Error::program(PROGRAM))?;
        let port = listener.local_addr().map_err(Error::program(PROGRAM))?.port();
        Ok(Self { listener, port })
    }

    /// URL of the page: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Serves the page until this future is dropped. The API at `api_url` must accept tokens of
    /// `identity`.
    pub async fn serve(self, api_url: String, identity: Arc<Identity>) -> Infallible {
        let site = Site { port: self.port, api_url, identity, client: http_client() };
        let app = Router::new().fallback(respond).with_state(Arc::new(site));
        let _ = axum::serve(self.listener, app).await;
        // axum documents that `serve` never returns.
        future::pending().await
    }
}

struct Site {
    port: u16,
    api_url: String,
    identity: Arc<Identity>,
    client: reqwest::Client,
}

async fn respond(State(site): State<Arc<Site>>, request: Request) -> Response {
    if let Some(refusal) = refusal(site.port, request.headers()) {
        return (StatusCode::FORBIDDEN, refusal).into_response();
    }
    if let Some(url) = forward_url(&site.api_url, request.uri()) {
        return site.forward(url, request).await.into_response();
    }
    match site.content(request.uri().path()) {
        Ok(Some((kind, content))) => {
            (HEADERS, [(header::CONTENT_TYPE, format!("{kind}; charset=utf-8"))], content).into_response()
        }
        Ok(None) => (StatusCode::NOT_FOUND, "Not found. The API reference is at /.").into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// The reason to refuse a request that comes neither from the page nor from a person who opens it.
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

/// The URL to forward a request to, if its path is one of the API's. Resolves `..` in the path first, as the
/// forwarding client does.
fn forward_url(api_url: &str, uri: &Uri) -> Option<Uri> {
    let url: Url = format!("{api_url}{}", uri.path_and_query()?).parse().ok()?;
    let is_for_the_api = url.path() == "/organization" || url.path().starts_with("/organization/");
    url.as_str().parse().ok().filter(|_| is_for_the_api)
}

impl Site {
    /// Content type and content of a file of the page.
    fn content(&self, path: &str) -> io::Result<Option<(&'static str, Vec<u8>)>> {
        Ok(Some(match path {
            "/" => ("text/html", self.page().into_bytes()),
            "/page.css" => ("text/css", PAGE_STYLE.into()),
            "/page.js" => ("text/javascript", PAGE_SCRIPT.into()),
            "/openapi.yaml" => ("application/yaml", fs::read(workspace_root().join("openapi.yaml"))?),
            "/swagger-ui.css" => ("text/css", swagger_ui::file("swagger-ui.css")?),
            "/swagger-ui.js" => ("text/javascript", swagger_ui::file("swagger-ui-bundle.js")?),
            "/favicon.ico" => ("image/png", swagger_ui::file("favicon-32x32.png")?),
            _ => return Ok(None),
        }))
    }

    fn page(&self) -> String {
        let token = |user: &str| self.identity.token(user, TOKEN_LIFETIME).into();
        let tokens: Map<_, Value> = USERS.iter().map(|user| ((*user).to_owned(), token(user))).collect();
        // Neither tokens nor names contain `<`, which could end the element.
        PAGE.replace("{{tokens}}", &Value::Object(tokens).to_string())
    }

    /// Forwards a request to the API, and removes cargo-lambda's CORS headers from the response.
    async fn forward(&self, url: Uri, request: Request) -> Result<Response, (StatusCode, String)> {
        let (mut parts, body) = request.into_parts();
        let too_large = |error: axum::Error| (StatusCode::PAYLOAD_TOO_LARGE, error.to_string());
        let body = to_bytes(body, MAX_BODY_BYTES).await.map_err(too_large)?;
        parts.uri = url;
        let unreachable = |error: reqwest::Error| (StatusCode::BAD_GATEWAY, error.to_string());
        let mut answer =
            forward(&self.client, Request::from_parts(parts, body)).await.map_err(unreachable)?;
        for name in CORS {
            answer.headers_mut().remove(name);
        }
        Ok(answer.map(Body::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn only_paths_of_the_api_are_forwarded() {
        let target = |path: &str| forward_url("http://127.0.0.1:9000", &path.parse().unwrap());
        for path in ["/organization", "/organization/list?limit=7", "/organization/org_1/member/a%7Cb"] {
            assert_eq!(target(path).unwrap().to_string(), format!("http://127.0.0.1:9000{path}"));
        }
        for path in [
            "/",
            "/organizations",
            "/2015-03-31/x",
            "/organization/../2015-03-31/x",
            "/organization/%2e%2e/x",
            "//organization",
        ] {
            assert_eq!(target(path), None, "{path}");
        }
    }
}
