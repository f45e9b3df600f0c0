use super::event::MatchedByGateway;
use super::{Error, Fields, IfNoneMatch, PageRequest, conditional};
use crate::error::Error as OperationError;
use crate::identity::{Authenticator, Refusal, Scope};
use crate::model::{ExpectedVersion, IdempotencyKey, OrganizationId, UserId};
use lambda_http::RequestExt;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::borrow::Cow;

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// All characters except RFC 3986's unreserved ones.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Characters that a path must not contain (RFC 3986 §3.3). The percent sign is not among them, because
/// it may belong to an existing encoding.
const NOT_IN_A_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Percent-encodes `text` as one segment of a path.
pub fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// A request with an authenticated caller.
pub struct Request {
    caller: UserId,
    event: lambda_http::Request,
}

impl Request {
    /// Authenticates the caller of an operation that requires `scope`.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] without a verified identity, [`Error::InsufficientScope`] without the scope.
    pub(crate) fn new(
        event: lambda_http::Request,
        authenticator: &Authenticator,
        scope: Scope,
    ) -> Result<Self, Error> {
        let caller = authenticator.authenticate(&event, scope).map_err(|refusal| match refusal {
            Refusal::Unauthorized => Error::Unauthorized,
            Refusal::InsufficientScope => Error::InsufficientScope,
        })?;
        Ok(Self { caller, event })
    }

    /// The user who sent the request.
    pub fn caller(&self) -> &UserId {
        &self.caller
    }

    /// The path of the request. New resources are located below it. API Gateway decodes the path, so
    /// characters that are not allowed in a URI reference or a header are encoded again here.
    pub fn path(&self) -> String {
        utf8_percent_encode(self.event.raw_http_path(), NOT_IN_A_PATH).to_string()
    }

    /// The path's `organization_id`. Call this after checking the body: a malformed id gives the same
    /// error as an organization that does not exist, and existence is checked after the body.
    ///
    /// # Errors
    /// [`OperationError::OrganizationNotFound`] when it is not a valid organization id.
    pub fn organization_id(&self) -> Result<OrganizationId, Error> {
        self.path_parameter("organization_id")
            .and_then(|id| OrganizationId::parse(&id))
            .ok_or_else(|| OperationError::OrganizationNotFound.into())
    }

    /// The path's `user_id`, or `None` if it is not a valid user id.
    pub fn user_id(&self) -> Option<UserId> {
        self.path_parameter("user_id").and_then(|id| UserId::parse(&id).ok())
    }

    /// The JSON object in the body.
    ///
    /// # Errors
    /// [`Error::PayloadTooLarge`], [`Error::UnsupportedMediaType`] or [`Error::InvalidRequest`].
    pub fn body(&self) -> Result<Fields, Error> {
        Fields::parse(self.event.headers(), self.event.body())
    }

    /// The versions that `If-Match` allows.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when the header is malformed.
    pub fn if_match(&self) -> Result<ExpectedVersion, Error> {
        conditional::if_match(self.event.headers())
    }

    /// The versions that `If-None-Match` excludes.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when the header is malformed.
    pub fn if_none_match(&self) -> Result<IfNoneMatch, Error> {
        conditional::if_none_match(self.event.headers())
    }

    /// The `Idempotency-Key` header, if there is one.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when the header is malformed.
    pub fn idempotency_key(&self) -> Result<Option<IdempotencyKey>, Error> {
        let mut values = self.event.headers().get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else { return Ok(None) };
        // A repeated or non-ASCII header is read as the empty string, which is never a valid key.
        let value = value.to_str().ok().filter(|_| values.next().is_none()).unwrap_or_default();
        let key = IdempotencyKey::parse(value.trim());
        key.map(Some).map_err(|invalid| Error::invalid(IDEMPOTENCY_KEY, invalid.message))
    }

    /// The requested page of `list`. A cursor contains this name, so that another list's cursor is refused.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for a bad `limit`, [`Error::InvalidCursor`] for a bad `cursor`.
    pub fn page(&self, list: &'static str) -> Result<PageRequest, Error> {
        PageRequest::parse(list, &self.path(), &self.event.query_string_parameters())
    }

    /// A path parameter, percent-decoded exactly once. API Gateway decodes parameters and names the route
    /// that matched; `cargo lambda watch` does neither.
    fn path_parameter(&self, name: &str) -> Option<String> {
        let parameters = self.event.path_parameters_ref()?;
        let value = parameters.first(name)?;
        if self.event.extensions().get::<MatchedByGateway>().is_some() {
            return Some(value.to_owned());
        }
        percent_decode_str(value).decode_utf8().ok().map(Cow::into_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::{Event, Response};
    use serde_json::{Value, json};

    fn request(changes: &[(&str, Value)]) -> Request {
        let mut event: Value =
            serde_json::from_str(include_str!("../../../tests/events/get-organization.json")).unwrap();
        for (pointer, value) in changes {
            *event.pointer_mut(pointer).unwrap() = value.clone();
        }
        let event = serde_json::from_str::<Event>(&event.to_string()).unwrap().into_request().unwrap();
        Request::new(event, &Authenticator::gateway(), Scope::Read).unwrap()
    }

    #[test]
    fn a_decoded_path_is_encoded_again() {
        let path = "/v 1/\n>\u{e9}%7C/list";
        let request = request(&[("/rawPath", json!(path))]);
        assert_eq!(request.path(), "/v%201/%0A%3E%C3%A9%7C/list");
        let next = request.page("organizations").unwrap().next("position");
        assert!(Response::ok(&()).unwrap().next(Some(&next)).is_ok());
    }
}
