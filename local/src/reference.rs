//! The API reference: a page on a port of its own that shows openapi.yaml and tries it out, as one
//! of the users of the demo data, whose tokens it holds.
//!
//! The page asks the API on its own port, from which its requests are passed on; so it needs no
//! CORS, and gets none. CORS for exactly this page cannot be had from `cargo lambda watch`, which lets
//! every origin in and can be told nothing else. (Deployed, CORS is the gateway's: `CorsOrigins` in
//! template.yaml.) For the API's paths another origin lacks a token there, and here are tokens. They are
//! kept from the other pages that the developer's browser shows:
//!
//! - A request must be for this host by one of its two names: a page whose own name has been made to
//!   lead here (DNS rebinding) has another.
//! - A request of a page of another origin is refused, and without the API's CORS headers no answer can
//!   be read by one. Nor can another page embed anything of this one, or frame it.
//! - The page itself runs and loads nothing that does not come from here (Content-Security-Policy).
//! - Of the API only its own paths are passed on. The emulator's path of invocations, which believes the
//!   claims of any event, is not; on the API's own port it is open to all that reaches loopback.
//!
//! Nothing is read, unpacked or signed before somebody asks.

use crate::{Error, Identity, dynamodb, forward::forward, http_client, viewer, workspace_root};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use reqwest::Url;
use serde_json::{Map, Value};
use std::{convert::Infallible, fs, future, io, sync::Arc, time::Duration};
use tokio::net::TcpListener;

/// Whose errors these are.
const PROGRAM: &str = "the API reference";

/// Of `cargo local seed`.
const USERS: [&str; 3] = ["alice", "bob", "carol"];
/// The page makes new ones each time it is loaded.
const TTL: Duration = Duration::from_secs(8 * 60 * 60);
/// What API Gateway takes at the most.
const MOST_BYTES: usize = 10 << 20;

const PAGE: &str = include_str!("reference/page.html");
const PAGE_SCRIPT: &str = include_str!("reference/page.js");
const PAGE_STYLE: &str = include_str!("reference/page.css");

/// What cargo-lambda adds to every answer.
const CORS: [HeaderName; 4] = [
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::VARY,
];

/// Of the page and what belongs to it.
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

/// A port for the API reference.
#[derive(Debug)]
pub struct Reference {
    listener: TcpListener,
    port: u16,
}

impl Reference {
    /// Takes a loopback port, 0 for any free one.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn listen(port: u16) -> Result<Self, Error> {
        let listener = dynamodb::listen(port, "--reference-port")?;
        listener.set_nonblocking(true).map_err(Error::program(PROGRAM))?;
        let listener = TcpListener::from_std(listener).map_err(Error::program(PROGRAM))?;
        let port = listener.local_addr().map_err(Error::program(PROGRAM))?.port();
        Ok(Self { listener, port })
    }

    /// Where the page is: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Serves the page for the API at `api_url`, which takes the tokens of `identity`, until this
    /// future is dropped.
    pub async fn serve(self, api_url: String, identity: Arc<Identity>) -> Infallible {
        let served = Served { port: self.port, api_url, identity, client: http_client() };
        let app = Router::new().fallback(answer).with_state(Arc::new(served));
        let _ = axum::serve(self.listener, app).await;
        // By axum's documentation it has not ended.
        future::pending().await
    }
}

struct Served {
    port: u16,
    api_url: String,
    identity: Arc<Identity>,
    client: reqwest::Client,
}

async fn answer(State(served): State<Arc<Served>>, request: Request) -> Response {
    if let Some(refusal) = refusal(served.port, request.headers()) {
        return (StatusCode::FORBIDDEN, refusal).into_response();
    }
    if let Some(url) = target(&served.api_url, request.uri()) {
        return served.pass_on(url, request).await.into_response();
    }
    match served.content(request.uri().path()) {
        Ok(Some((kind, content))) => {
            (HEADERS, [(header::CONTENT_TYPE, format!("{kind}; charset=utf-8"))], content).into_response()
        }
        Ok(None) => (StatusCode::NOT_FOUND, "There is nothing here.").into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Why a request is none of the page's, or of a person who opens it.
fn refusal(port: u16, headers: &HeaderMap) -> Option<&'static str> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    // The port of http itself goes without saying.
    let without_port = host.strip_suffix(&format!(":{port}")).or((port == 80).then_some(host));
    let is_ours = without_port.is_some_and(|name| ["127.0.0.1", "localhost"].contains(&name));
    let is_same_origin = |origin: &HeaderValue| origin.as_bytes() == format!("http://{host}").as_bytes();
    if !is_ours {
        Some("This is 127.0.0.1 or localhost, and answers to no other name.")
    } else if !headers.get_all(header::ORIGIN).iter().all(is_same_origin) {
        Some("Pages of other origins are not answered.")
    } else {
        None
    }
}

/// Where a request goes that is for the API. What counts is the path after `..` has been resolved, as the
/// client that passes it on does.
fn target(api_url: &str, uri: &Uri) -> Option<Uri> {
    let url: Url = format!("{api_url}{}", uri.path_and_query()?).parse().ok()?;
    let is_for_the_api = url.path() == "/organization" || url.path().starts_with("/organization/");
    url.as_str().parse().ok().filter(|_| is_for_the_api)
}

impl Served {
    /// Type and content of what is at that path.
    fn content(&self, path: &str) -> io::Result<Option<(&'static str, Vec<u8>)>> {
        Ok(Some(match path {
            "/" => ("text/html", self.page().into_bytes()),
            "/page.css" => ("text/css", PAGE_STYLE.into()),
            "/page.js" => ("text/javascript", PAGE_SCRIPT.into()),
            "/openapi.yaml" => ("application/yaml", fs::read(workspace_root().join("openapi.yaml"))?),
            "/swagger-ui.css" => ("text/css", viewer::file("swagger-ui.css")?),
            "/swagger-ui.js" => ("text/javascript", viewer::file("swagger-ui-bundle.js")?),
            "/favicon.ico" => ("image/png", viewer::file("favicon-32x32.png")?),
            _ => return Ok(None),
        }))
    }

    fn page(&self) -> String {
        let token = |user: &str| self.identity.token(user, TTL).into();
        let tokens: Map<_, Value> = USERS.iter().map(|user| ((*user).to_owned(), token(user))).collect();
        // Tokens and names have no character that would end the element.
        PAGE.replace("{{tokens}}", &Value::Object(tokens).to_string())
    }

    /// The API's own answer, less what cargo-lambda says in it about CORS.
    async fn pass_on(&self, url: Uri, request: Request) -> Result<Response, (StatusCode, String)> {
        let (mut parts, body) = request.into_parts();
        let too_large = |error: axum::Error| (StatusCode::PAYLOAD_TOO_LARGE, error.to_string());
        let body = to_bytes(body, MOST_BYTES).await.map_err(too_large)?;
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
    fn only_its_own_names_are_answered() {
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
    fn only_its_own_origin_is_answered() {
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
    fn only_paths_of_the_api_are_passed_on() {
        let target = |path: &str| target("http://127.0.0.1:9000", &path.parse().unwrap());
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
