use super::Error;
use crate::error::Error as OperationError;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, LINK, LOCATION, RETRY_AFTER, VARY,
    WWW_AUTHENTICATE,
};
use http::{HeaderValue, StatusCode};
use lambda_http::Body;
use serde::Serialize;
use serde_json::Value;

const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");
const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Long enough for a throttled partition to recover some capacity; short enough for a user to wait.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

const PATCH_FORMATS: HeaderValue = HeaderValue::from_static("application/json, application/merge-patch+json");
const INSUFFICIENT_SCOPE: HeaderValue = HeaderValue::from_static("Bearer error=\"insufficient_scope\"");

/// The body of every error.
#[derive(Serialize)]
struct ErrorBody {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Value>,
}

/// A response to a request.
#[derive(Debug)]
pub struct Response(http::Response<Body>);

impl Response {
    /// 200 with `value` as its JSON body.
    ///
    /// # Errors
    /// [`OperationError::Internal`] when `value` does not serialize to JSON.
    pub fn ok(value: &impl Serialize) -> Result<Self, Error> {
        Self::json(StatusCode::OK, value)
    }

    /// 201 with `value` as its JSON body, and the new resource in `Location`. `location` is relative to the
    /// request's URL, so that it is right behind any base path.
    ///
    /// # Errors
    /// [`OperationError::Internal`] when `value` does not serialize to JSON, or `location` contains
    /// characters that are not allowed in a header.
    pub fn created(location: &str, value: &impl Serialize) -> Result<Self, Error> {
        Self::json(StatusCode::CREATED, value)?.location(location)
    }

    /// Adds where the resource in the body is, relative to the request's URL.
    ///
    /// # Errors
    /// [`OperationError::Internal`] when `location` contains characters that are not allowed in a header.
    pub fn location(self, location: &str) -> Result<Self, Error> {
        self.with(LOCATION, location)
    }

    /// 304 for a client that already has `version`.
    ///
    /// # Errors
    /// None: an entity tag is a valid header.
    pub fn not_modified(version: u64) -> Result<Self, Error> {
        let mut response = http::Response::new(Body::Empty);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        Self(response).etag(version)
    }

    /// Adds the entity tag of `version`.
    ///
    /// # Errors
    /// None: an entity tag is a valid header.
    pub fn etag(self, version: u64) -> Result<Self, Error> {
        self.with(ETAG, &format!("\"{version}\""))
    }

    /// Adds a link to the next page, if there is one (RFC 8288).
    ///
    /// # Errors
    /// [`OperationError::Internal`] when `reference` contains characters that are not allowed in a header.
    pub fn next(self, reference: Option<&str>) -> Result<Self, Error> {
        match reference {
            Some(reference) => self.with(LINK, &format!("<{reference}>; rel=\"next\"")),
            None => Ok(self),
        }
    }

    pub(crate) fn from_result(result: Result<Self, Error>) -> Self {
        result.unwrap_or_else(|error| Self::error(&error))
    }

    /// Marks a response that repeats the one to an earlier request with the same `Idempotency-Key`.
    #[must_use]
    pub fn replayed(mut self, is_replayed: bool) -> Self {
        if is_replayed {
            self.0.headers_mut().insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
        }
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// The HTTP response, with the headers that every response has.
    ///
    /// Caches must not keep a response: it is one caller's view, and other callers see another `role` at the
    /// same version.
    pub(crate) fn into_http(self, request_id: &str) -> http::Response<Body> {
        let mut response = self.0;
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(VARY, HeaderValue::from_static("Authorization"));
        if let Ok(value) = HeaderValue::from_str(request_id) {
            headers.insert(REQUEST_ID, value);
        }
        response
    }

    fn error(error: &Error) -> Self {
        let body = ErrorBody { code: error.code(), message: error.to_string(), details: error.details() };
        // Strings and numbers always serialize.
        let body = serde_json::to_string(&body).unwrap_or_default();
        let mut response = Self::body(error.status(), Body::Text(body));
        let headers = response.0.headers_mut();
        match error {
            // RFC 9110 §11.6.1 requires a challenge with every 401.
            Error::Unauthorized => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            // RFC 6750 §3.1.
            Error::InsufficientScope => {
                headers.insert(WWW_AUTHENTICATE, INSUFFICIENT_SCOPE);
            }
            Error::Operation(OperationError::ServiceUnavailable(_)) => {
                headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
            }
            _ => {}
        }
        // RFC 9110 §12.5.3 allows Accept-Encoding only if the coding is the reason.
        if let Error::UnsupportedCoding { .. } = error {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        if let Error::UnsupportedMediaType { is_patch: true } | Error::UnsupportedCoding { is_patch: true } =
            error
        {
            headers.insert(ACCEPT_PATCH, PATCH_FORMATS);
        }
        response
    }

    fn json(status: StatusCode, value: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_string(value).map_err(internal)?;
        Ok(Self::body(status, Body::Text(body)))
    }

    fn body(status: StatusCode, body: Body) -> Self {
        let mut response = http::Response::new(body);
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self(response)
    }

    fn with(mut self, name: HeaderName, value: &str) -> Result<Self, Error> {
        let value = HeaderValue::from_str(value).map_err(internal)?;
        self.0.headers_mut().insert(name, value);
        Ok(self)
    }
}

fn internal(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    OperationError::Internal(error.into()).into()
}
