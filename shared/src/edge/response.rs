use crate::error::Error;
use http::header::{CONTENT_TYPE, ETAG, HeaderName, LINK, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use lambda_http::Body;
use serde::Serialize;
use serde_json::Value;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Seconds after which to try again: long enough for a throttled partition to recover some
/// capacity, short enough for a person to wait.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// The body of every error.
#[derive(Serialize)]
struct ErrorBody {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Value>,
}

/// A response in the making.
#[derive(Debug)]
pub struct Response(http::Response<Body>);

impl Response {
    /// 200 with `value` as its JSON body.
    ///
    /// # Errors
    /// [`Error::Internal`] when the value cannot be written as JSON.
    pub fn ok(value: &impl Serialize) -> Result<Self, Error> {
        Self::json(StatusCode::OK, value)
    }

    /// 201 with `value` as its JSON body, located at the path `location`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the value cannot be written as JSON.
    pub fn created(location: &str, value: &impl Serialize) -> Result<Self, Error> {
        Self::json(StatusCode::CREATED, value)?.with(LOCATION, location)
    }

    /// 304 for a client that has `version` already.
    ///
    /// # Errors
    /// None in practice.
    pub fn not_modified(version: u64) -> Result<Self, Error> {
        let mut response = http::Response::new(Body::Empty);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        Self(response).etag(version)
    }

    /// The same with the entity tag of `version`.
    ///
    /// # Errors
    /// None in practice.
    pub fn etag(self, version: u64) -> Result<Self, Error> {
        self.with(ETAG, &format!("\"{version}\""))
    }

    /// The same with a link to the next page, if there is one (RFC 8288).
    ///
    /// # Errors
    /// None in practice.
    pub fn next(self, reference: Option<&str>) -> Result<Self, Error> {
        match reference {
            Some(reference) => self.with(LINK, &format!("<{reference}>; rel=\"next\"")),
            None => Ok(self),
        }
    }

    pub(crate) fn from_result(result: Result<Self, Error>) -> Self {
        result.unwrap_or_else(|error| Self::error(&error))
    }

    pub(crate) fn with_request_id(mut self, request_id: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(request_id) {
            self.0.headers_mut().insert(REQUEST_ID, value);
        }
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.0.status()
    }

    pub(crate) fn into_http(self) -> http::Response<Body> {
        self.0
    }

    fn error(error: &Error) -> Self {
        let body = ErrorBody { code: error.code(), message: error.to_string(), details: error.details() };
        // Texts and numbers alone always serialize.
        let body = serde_json::to_string(&body).unwrap_or_default();
        let mut response = Self::body(status(error), Body::Text(body));
        match error {
            Error::Unauthorized => {
                // RFC 9110 §11.6.1 wants a challenge with every 401.
                response.0.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Error::ServiceUnavailable(_) => {
                response.0.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
            }
            _ => {}
        }
        response
    }

    fn json(status: StatusCode, value: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_string(value).map_err(|error| Error::Internal(error.into()))?;
        Ok(Self::body(status, Body::Text(body)))
    }

    fn body(status: StatusCode, body: Body) -> Self {
        let mut response = http::Response::new(body);
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self(response)
    }

    fn with(mut self, name: HeaderName, value: &str) -> Result<Self, Error> {
        let value = HeaderValue::from_str(value).map_err(|error| Error::Internal(error.into()))?;
        self.0.headers_mut().insert(name, value);
        Ok(self)
    }
}

/// The one place where errors get their status.
pub(crate) fn status(error: &Error) -> StatusCode {
    match error {
        Error::InvalidRequest { .. } | Error::InvalidCursor => StatusCode::BAD_REQUEST,
        Error::Unauthorized => StatusCode::UNAUTHORIZED,
        Error::Forbidden { .. } => StatusCode::FORBIDDEN,
        Error::OrganizationNotFound | Error::MemberNotFound => StatusCode::NOT_FOUND,
        Error::MemberAlreadyExists | Error::Conflict | Error::IdempotencyInProgress => StatusCode::CONFLICT,
        Error::PreconditionFailed { .. } => StatusCode::PRECONDITION_FAILED,
        Error::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Error::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Error::ValidationFailed { .. }
        | Error::LastOwner
        | Error::TooManyAdmins
        | Error::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        Error::ServiceUnavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
