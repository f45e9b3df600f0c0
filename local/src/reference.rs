//! The API reference: a web page on its own port that shows openapi.yaml and sends requests to the API
//! as a user of the demo data.
//!
//! The page sends its requests to its own port, which forwards them to the API, so it needs no CORS. This port
//! serves tokens, so pages of other origins in the developer's browser must not read them. Besides the check in
//! [`crate::front`]:
//!
//! - Responses have no CORS headers, so pages of other origins cannot read them, and other headers keep such
//!   pages from embedding or framing this one.
//! - The page loads and runs only content from this server (Content-Security-Policy).
//! - Only the API's paths are forwarded, not the events of `cargo lambda invoke`, whose claims are trusted.
//!
//! The server reads files, unpacks them and signs tokens only when it is asked for them.

use crate::{
    Error, Identity, TOKEN_LIFETIME, api::Api, forward::Upstream, front::Port, loopback, swagger_ui,
    workspace_root,
};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Map, Value};
use std::{convert::Infallible, fs, io, sync::Arc};

/// The users of `cargo local seed`.
const USERS: [&str; 3] = ["alice", "bob", "carol"];

const PAGE: &str = include_str!("reference/page.html");
const PAGE_SCRIPT: &str = include_str!("reference/page.js");
const PAGE_STYLE: &str = include_str!("reference/page.css");

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
    port: Port,
    api: Api,
}

impl Reference {
    /// Listens on a loopback port; 0 selects a free one.
    ///
    /// # Errors
    /// If the port is taken, or openapi.yaml cannot be read.
    pub fn listen(port: u16) -> Result<Self, Error> {
        let port = Port::new(loopback::listen(port, "--reference-port")?)?;
        Ok(Self { port, api: Api::read()? })
    }

    /// URL of the page: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.port.url()
    }

    /// Serves the page until this future is dropped. The API at `api_url`, as [`crate::Stack`] names it, must
    /// accept tokens of `identity`.
    pub async fn serve(self, api_url: String, identity: Arc<Identity>) -> Infallible {
        let site = Site { api: self.api, server: Upstream::new(&api_url), identity };
        self.port.serve(Router::new().fallback(respond).with_state(Arc::new(site))).await
    }
}

struct Site {
    api: Api,
    server: Upstream,
    identity: Arc<Identity>,
}

async fn respond(State(site): State<Arc<Site>>, mut request: Request) -> Response {
    if site.api.has(request.uri().path()) {
        // They name this port. The API's port has a check of its own.
        request.headers_mut().remove(header::HOST);
        request.headers_mut().remove(header::ORIGIN);
        return site.server.forward(request).await;
    }
    match site.content(request.uri().path()) {
        Ok(Some((kind, content))) => {
            (HEADERS, [(header::CONTENT_TYPE, format!("{kind}; charset=utf-8"))], content).into_response()
        }
        Ok(None) => (StatusCode::NOT_FOUND, "Not found. The API reference is at /.").into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
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
}
