use crate::error::Error as OperationError;
use http::StatusCode;
use serde_json::{Value, json};

/// Maximum number of characters that an error quotes of what a client sent.
const MAX_QUOTED: usize = 64;

/// Why a request failed: it was malformed, or its operation was refused or failed.
///
/// The text of an error is the `message` in the response. It tells the client what to do and contains no
/// internals.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is malformed.
    #[error("{message}")]
    InvalidRequest {
        /// The field, parameter or header at fault, if there is one.
        field: Option<String>,
        /// What the client must do.
        message: String,
    },
    /// The cursor does not belong to this list.
    #[error(
        "The cursor does not belong to this list. Take it from the Link header of the previous page, or omit it to start over."
    )]
    InvalidCursor,
    /// The request has no valid access token.
    #[error(
        "Send a valid, unexpired access token in the Authorization header: `Authorization: Bearer <token>`."
    )]
    Unauthorized,
    /// The token lacks the scope that the operation requires.
    #[error("The token lacks the scope that this operation requires. Send an access token that has it.")]
    InsufficientScope,
    /// The body exceeds the size limit.
    #[error("The body is larger than 64 KiB. Send a smaller body.")]
    PayloadTooLarge,
    /// The Content-Type is not JSON.
    #[error("The body must be JSON. Send it with `Content-Type: application/json`.")]
    UnsupportedMediaType {
        /// True for a PATCH. Its answer lists the patch formats (RFC 5789 §2.2).
        is_patch: bool,
    },
    /// The body has a content coding.
    #[error("The body must not be compressed. Send plain JSON without Content-Encoding.")]
    UnsupportedCoding {
        /// True for a PATCH. Its answer lists the patch formats (RFC 5789 §2.2).
        is_patch: bool,
    },
    /// The request was well-formed, and its operation was refused or failed.
    #[error(transparent)]
    Operation(#[from] OperationError),
}

impl Error {
    /// An [`Error::InvalidRequest`] for the field, parameter or header `field`.
    /// Only `Error::about` quotes what a client sent.
    pub fn invalid(field: &'static str, message: &'static str) -> Self {
        Self::InvalidRequest { field: Some(field.to_owned()), message: message.to_owned() }
    }

    /// An [`Error::InvalidRequest`] about a field or parameter whose name a client may have chosen. The name
    /// is cut at 64 characters, in the details and in what `message` gets: the name in quotes.
    pub(super) fn about(name: &str, message: impl FnOnce(&str) -> String) -> Self {
        let (name, more) = match name.char_indices().nth(MAX_QUOTED) {
            Some((end, _)) => (name.split_at(end).0, "…"),
            None => (name, ""),
        };
        let quoted = format!("{:?}", format!("{name}{more}"));
        Self::InvalidRequest { field: Some(name.to_owned()), message: message(&quoted) }
    }

    /// An [`Error::InvalidRequest`] for the request as a whole.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::InvalidRequest { field: None, message: message.into() }
    }

    /// The HTTP status. Nothing else maps errors to statuses.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::InvalidRequest { .. } | Self::InvalidCursor => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope => StatusCode::FORBIDDEN,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType { .. } | Self::UnsupportedCoding { .. } => {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
            Self::Operation(error) => match error {
                OperationError::Forbidden { .. }
                | OperationError::OnlyServicesSend { .. }
                | OperationError::OnlyUsers
                | OperationError::AnotherUser
                | OperationError::InvitationForAnotherEmail => StatusCode::FORBIDDEN,
                OperationError::OrganizationNotFound
                | OperationError::MemberNotFound
                | OperationError::InvitationNotFound => StatusCode::NOT_FOUND,
                OperationError::OrganizationDeleted
                | OperationError::MemberAlreadyExists
                | OperationError::ExternalIdTaken
                | OperationError::Conflict
                | OperationError::IdempotencyInProgress => StatusCode::CONFLICT,
                OperationError::PreconditionFailed { .. } => StatusCode::PRECONDITION_FAILED,
                OperationError::ValidationFailed { .. }
                | OperationError::LastOwner
                | OperationError::OnlyOwner { .. }
                | OperationError::TooManyMembers { .. }
                | OperationError::TooManyAdmins
                | OperationError::TooManyInvitations
                | OperationError::TooManyOrganizations { .. }
                | OperationError::OveragesExhausted { .. }
                | OperationError::InvitationExpired
                | OperationError::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
                OperationError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
                OperationError::ServiceUnavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            },
        }
    }

    /// The `code` in the response body: a stable identifier for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidRequest { .. } => "invalid_request",
            Self::InvalidCursor => "invalid_cursor",
            Self::Unauthorized => "unauthorized",
            Self::InsufficientScope => "insufficient_scope",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UnsupportedMediaType { .. } | Self::UnsupportedCoding { .. } => "unsupported_media_type",
            Self::Operation(error) => error.code(),
        }
    }

    /// The `details` in the response body, if this error has any.
    pub fn details(&self) -> Option<Value> {
        match self {
            Self::InvalidRequest { field, .. } => field.as_ref().map(|field| json!({ "field": field })),
            Self::Operation(error) => error.details(),
            _ => None,
        }
    }
}
