//! A client of the API: sends requests, and checks what holds for every response.

use crate::{gateway, stack};
use reqwest::{Method, StatusCode, Url, header::HeaderMap};
use serde_json::Value;
use std::time::Duration;

/// A caller of the API.
pub(crate) struct User {
    pub(crate) id: String,
    authorization: Option<String>,
    api_url: String,
    http: reqwest::Client,
}

impl User {
    pub(crate) fn new(api_url: &str, id: String, token: Option<&str>) -> Self {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(120));
        let http = if stack_is_here(api_url) { http.no_proxy() } else { http };
        Self {
            id,
            authorization: token.map(|token| format!("Bearer {token}")),
            api_url: api_url.to_owned(),
            http: http.build().expect("an HTTP client"),
        }
    }

    /// True for a service.
    pub(crate) fn is_service(&self) -> bool {
        self.id.starts_with("service:")
    }

    /// The user's token.
    pub(crate) fn token(&self) -> Option<&str> {
        self.authorization.as_deref()?.strip_prefix("Bearer ")
    }

    pub(crate) fn get(&self, path: impl AsRef<str>) -> Request {
        self.request(Method::GET, path)
    }

    pub(crate) fn post(&self, path: impl AsRef<str>, body: Value) -> Request {
        self.request(Method::POST, path).json(&body)
    }

    pub(crate) fn put(&self, path: impl AsRef<str>, body: Value) -> Request {
        self.request(Method::PUT, path).json(&body)
    }

    pub(crate) fn patch(&self, path: impl AsRef<str>, body: Value) -> Request {
        self.request(Method::PATCH, path).json(&body)
    }

    pub(crate) fn delete(&self, path: impl AsRef<str>) -> Request {
        self.request(Method::DELETE, path)
    }

    /// `path` is a path, which is sent unchanged, or a whole URL from a `Link` header.
    pub(crate) fn request(&self, method: Method, path: impl AsRef<str>) -> Request {
        let path = path.as_ref();
        let url = match path.strip_prefix('/') {
            Some(_) => format!("{}{path}", self.api_url),
            None => path.to_owned(),
        };
        let url = Url::parse(&url).unwrap_or_else(|error| panic!("{url}: {error}"));
        assert!(url.as_str().ends_with(path), "{path} would be changed to {url}");
        let mut http = self.http.request(method.clone(), url.clone());
        if let Some(authorization) = &self.authorization {
            http = http.header("authorization", authorization);
        }
        Request { http, label: format!("{} {method} {path}", self.id), url }
    }
}

fn stack_is_here(api_url: &str) -> bool {
    ["http://127.0.0.1", "http://localhost"].iter().any(|local| api_url.starts_with(local))
}

/// A request that is not sent yet.
pub(crate) struct Request {
    http: reqwest::RequestBuilder,
    label: String,
    url: Url,
}

impl Request {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.http = self.http.header(name, value);
        self.label = format!("{} [{name}: {value}]", self.label);
        self
    }

    /// `tag` is sent unchanged, so it includes the quotes.
    pub(crate) fn if_match(self, tag: &str) -> Self {
        self.header("if-match", tag)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        let body = serde_json::to_vec(body).expect("a JSON value");
        self.header("content-type", "application/json").body(body)
    }

    /// Sets only the body. The caller sets the media type, if any.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        self.label = format!("{} {}", self.label, excerpt(&body));
        self.http = self.http.body(body);
        self
    }

    pub(crate) async fn send(self) -> Response {
        let Self { http, label, url } = self;
        let response = http.send().await.unwrap_or_else(|error| panic!("{label}: {error:?}"));
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.unwrap_or_else(|error| panic!("{label}: {error:?}"));
        let response = Response { label, url, status, headers, body: body.to_vec() };
        if !gateway::answered(&response) {
            assert!(response.header("x-request-id").is_some_and(|id| !id.is_empty()), "{response}");
            // Two callers see different roles at the same version, so no cache may keep the answer.
            assert_eq!(response.header("cache-control"), Some("no-store"), "{response}");
            assert!(response.varies_by("authorization"), "{response}");
        }
        if status != StatusCode::NOT_MODIFIED {
            assert_eq!(response.header("content-type"), Some("application/json"), "{response}");
        } else if !gateway::may_add_media_type() {
            assert_eq!(response.header("content-type"), None, "{response}");
        }
        response
    }
}

/// A response. Its `Display` includes the request.
pub(crate) struct Response {
    label: String,
    url: Url,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl std::fmt::Display for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { label, status, headers, body, .. } = self;
        write!(f, "\n  {label}\n  -> {status} {}\n  {headers:?}", excerpt(body))
    }
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("an ASCII header"))
    }

    /// What is the same in two responses that tell a client the same: all but the date, what identifies the
    /// request, and whether it was a repetition. A gateway and the local stack add such headers of their own.
    pub(crate) fn content(&self) -> (StatusCode, Vec<(String, String)>, &[u8]) {
        let of_the_request = |name: &str| {
            ["date", "x-request-id", "apigw-requestid", "idempotent-replayed"].contains(&name)
                || ["lambda-", "xray-"].iter().any(|prefix| name.starts_with(prefix))
        };
        let headers = self.headers.iter().map(|(name, value)| (name.to_string(), format!("{value:?}")));
        let mut headers: Vec<_> = headers.filter(|(name, _)| !of_the_request(name)).collect();
        headers.sort_unstable();
        (self.status, headers, &self.body)
    }

    /// Expects this status. Returns the body.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self}");
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    /// Expects this error. Returns its `details`, or null if it has none.
    #[track_caller]
    pub(crate) fn expect_error(&self, status: u16, code: &str) -> Value {
        let error = self.expect(status);
        let error = error.as_object().unwrap_or_else(|| panic!("{self}"));
        if matches!(code, "unauthorized" | "insufficient_scope") && gateway::answered(self) {
            return Value::Null;
        }
        assert_eq!(error["code"], code, "{self}");
        assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{self}");
        let known = ["code", "message", "details"];
        assert!(error.keys().all(|key| known.contains(&key.as_str())), "{self}");
        error.get("details").cloned().unwrap_or_default()
    }

    /// Expects 400 with this field.
    #[track_caller]
    pub(crate) fn expect_invalid_request(&self, field: &str) {
        assert_eq!(self.expect_error(400, "invalid_request")["field"], field, "{self}");
    }

    /// Expects 422 with this field.
    #[track_caller]
    pub(crate) fn expect_validation_failed(&self, field: &str) {
        let details = self.expect_error(422, "validation_failed");
        assert_eq!(details["field"], field, "{self}");
        assert!(details["rule"].as_str().is_some_and(|rule| !rule.is_empty()), "{self}");
    }

    /// Expects 403 with this required role.
    #[track_caller]
    pub(crate) fn expect_forbidden(&self, role: &str) {
        assert_eq!(self.expect_error(403, "forbidden")["requiredRole"], role, "{self}");
    }

    /// Expects the refusal of a token without the scope that the operation requires.
    #[track_caller]
    pub(crate) fn expect_insufficient_scope(&self) {
        assert_eq!(self.expect_error(403, "insufficient_scope"), Value::Null, "{self}");
        if !gateway::answered(self) {
            let challenge = self.header("www-authenticate");
            assert_eq!(challenge, Some("Bearer error=\"insufficient_scope\""), "{self}");
        }
    }

    /// True if the response is a repetition of the first one to the same `Idempotency-Key`.
    pub(crate) fn is_replayed(&self) -> bool {
        let replayed = self.header("idempotent-replayed");
        assert!(replayed.is_none_or(|value| value == "true"), "{self}");
        replayed.is_some()
    }

    /// True if `Vary` lists this header. The local emulator and a gateway may add further `Vary` fields.
    pub(crate) fn varies_by(&self, name: &str) -> bool {
        let fields = self.headers.get_all("vary").iter().filter_map(|field| field.to_str().ok());
        fields.flat_map(|field| field.split(',')).any(|field| field.trim().eq_ignore_ascii_case(name))
    }

    /// The URL in `Location`, which is relative to that of the request (RFC 9110 §10.2.2).
    pub(crate) fn location(&self) -> String {
        let location = self.header("location").unwrap_or_else(|| panic!("no Location: {self}"));
        self.url.join(location).unwrap_or_else(|error| panic!("{error}: {self}")).into()
    }

    /// The URL of the next page, if there is one.
    pub(crate) fn next_page(&self) -> Option<String> {
        let link = self.header("link")?;
        let target = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
        let target = target.unwrap_or_else(|| panic!("not a link to a next page: {self}"));
        Some(self.url.join(target).unwrap_or_else(|error| panic!("{error}: {self}")).into())
    }
}

/// The beginning of a body, for error messages.
fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    match text.char_indices().nth(600) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], body.len()),
        None => text.into_owned(),
    }
}

/// True for a 409 `conflict`. On a real DynamoDB, a race may end with it. The embedded DynamoDB has no
/// conflicts.
pub(crate) fn is_conflict(response: &Response) -> bool {
    let conflict = || response.expect(409)["code"] == "conflict";
    !stack::is_local() && response.status == StatusCode::CONFLICT && conflict()
}
