//! Forwards HTTP requests to one server.

use axum::{
    body::Body,
    extract::Request,
    http::{StatusCode, Uri, Version},
    response::{IntoResponse as _, Response},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

/// A server that requests are forwarded to.
#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    /// Its host and port.
    server: String,
    client: Client<HttpConnector, Body>,
}

impl Upstream {
    /// The server at this URL, `http://HOST:PORT`.
    pub(crate) fn new(url: &str) -> Self {
        let mut connector = HttpConnector::new();
        // Otherwise the system may hold back a body for 40 ms after the headers.
        connector.set_nodelay(true);
        let server = url.strip_prefix("http://").unwrap_or(url).to_owned();
        Self { server, client: Client::builder(TokioExecutor::new()).build(connector) }
    }

    /// Forwards a request with its method, path, query, headers and body unchanged, and returns the answer. It is
    /// 502 if the server does not answer.
    pub(crate) async fn forward(&self, mut request: Request) -> Response {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        match Uri::builder().scheme("http").authority(self.server.as_str()).path_and_query(path).build() {
            Ok(uri) => *request.uri_mut() = uri,
            Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
        }
        *request.version_mut() = Version::HTTP_11;
        match self.client.request(request).await {
            Ok(response) => response.map(Body::new),
            Err(error) => {
                (StatusCode::BAD_GATEWAY, format!("The server does not answer: {error}.")).into_response()
            }
        }
    }
}
