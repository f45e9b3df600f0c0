use super::event::MatchedByGateway;
use super::{Error, Fields, PageRequest, conditional, page_request, query};
use crate::error::Error as OperationError;
use crate::identity::{Authenticator, Identity, Refusal, Scope, VerifiedEmail};
use crate::model::{
    Caller, Email, IdempotencyKey, InvitationId, Invitee, OrganizationId, Preconditions, UserId,
};
use lambda_http::RequestExt;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::borrow::Cow;

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// All characters except RFC 3986's unreserved ones.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes `text` as one segment of a path.
pub fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// A request with an authenticated caller.
pub struct Request {
    identity: Identity,
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
        let identity = authenticator.authenticate(&event, scope).map_err(|refusal| match refusal {
            Refusal::Unauthorized => Error::Unauthorized,
            Refusal::InsufficientScope => Error::InsufficientScope,
        })?;
        Ok(Self { identity, event })
    }

    /// Who sent the request.
    pub fn caller(&self) -> &Caller {
        &self.identity.caller
    }

    /// The user who sent the request.
    ///
    /// # Errors
    /// [`OperationError::OnlyUsers`] when a service sent it.
    pub fn user(&self) -> Result<&UserId, Error> {
        self.identity.caller.user().ok_or_else(|| OperationError::OnlyUsers.into())
    }

    /// The service that sent the request. An operation with the scope of services has no other callers.
    ///
    /// # Errors
    /// [`Error::InsufficientScope`] when a user sent it.
    pub fn service(&self) -> Result<&UserId, Error> {
        match &self.identity.caller {
            Caller::Service(service) => Ok(service),
            Caller::User(_) => Err(Error::InsufficientScope),
        }
    }

    /// Whom the token identifies to invitations.
    pub fn invitee(&self) -> Invitee {
        // Parsed here, so that only the functions that call this link the rules for domains.
        match &self.identity.email {
            None => Invitee::Anyone,
            Some(VerifiedEmail(email)) => {
                Invitee::Address(email.as_ref().and_then(|email| Email::parse(email).ok()))
            }
        }
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
        self.valid_user_id().ok()
    }

    /// The same for an operation to which an invalid id is an error of its own.
    ///
    /// # Errors
    /// [`OperationError::ValidationFailed`] when it is not a valid user id.
    pub fn valid_user_id(&self) -> Result<UserId, Error> {
        let id = self.path_parameter("user_id").unwrap_or_default();
        UserId::parse(&id).map_err(|invalid| invalid.at("user_id").into())
    }

    /// The path's `invitation_id`, or `None` if it is not a valid id.
    pub fn invitation_id(&self) -> Option<InvitationId> {
        self.path_parameter("invitation_id").and_then(|id| InvitationId::parse(&id))
    }

    /// The JSON object in the body.
    ///
    /// # Errors
    /// [`Error::PayloadTooLarge`], [`Error::UnsupportedCoding`], [`Error::UnsupportedMediaType`] or
    /// [`Error::InvalidRequest`].
    pub fn body(&self) -> Result<Fields, Error> {
        Fields::parse(self.event.method(), self.event.headers(), self.event.body())
    }

    /// The preconditions in `If-Match` and `If-None-Match`.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when a header is malformed.
    pub fn preconditions(&self) -> Result<Preconditions, Error> {
        conditional::preconditions(self.event.headers())
    }

    /// The `Idempotency-Key` header, if there is one.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when the header is malformed.
    pub fn idempotency_key(&self) -> Result<Option<IdempotencyKey>, Error> {
        let Some(value) = self.event.headers().get(IDEMPOTENCY_KEY) else { return Ok(None) };
        // A header that is not ASCII is read as the empty string, which is never a valid key.
        let value = value.to_str().unwrap_or_default();
        let key = IdempotencyKey::parse(value.trim());
        key.map(Some).map_err(|invalid| Error::invalid(IDEMPOTENCY_KEY, invalid.message))
    }

    /// Refuses a query. An operation without query parameters calls this.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when there is a parameter.
    pub fn no_parameters(&self) -> Result<(), Error> {
        self.only_parameters(&[])
    }

    /// Refuses all query parameters except these.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when there is another one.
    pub fn only_parameters(&self, known: &[&str]) -> Result<(), Error> {
        query::refuse_unknown(&self.event.query_string_parameters(), known)
    }

    /// The requested page of `list`. A cursor contains this name, so that another list's cursor is refused.
    /// `filters` are the list's other parameters, which its links repeat.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for a bad `limit` or an unknown parameter, [`Error::InvalidCursor`] for a bad `cursor`.
    pub fn page(&self, list: &'static str, filters: &'static [&'static str]) -> Result<PageRequest, Error> {
        PageRequest::parse(list, filters, &self.event.query_string_parameters())
    }

    /// The parameter `limit` of a list.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when it is not an integer from 1 to 1000.
    pub fn limit(&self) -> Result<usize, Error> {
        page_request::limit(&self.event.query_string_parameters())
    }

    /// The parameter `after` of a list of events: the number of the last event that the client has, or 0.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when it is not an integer from 0 to 2^53 − 1.
    pub fn after(&self) -> Result<u64, Error> {
        let Some(text) = self.parameter("after")? else { return Ok(0) };
        page_request::integer(&text).filter(|number| *number < 1 << 53).ok_or_else(|| {
            Error::invalid("after", "after must be the number of an event, an integer of at least 0.")
        })
    }

    /// A query parameter.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when it is repeated.
    pub fn parameter(&self, name: &'static str) -> Result<Option<String>, Error> {
        Ok(query::single(&self.event.query_string_parameters(), name)?.map(str::to_owned))
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
