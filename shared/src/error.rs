//! One error type for all operations, without any notion of HTTP: [`crate::edge`] gives each a
//! status and turns it into a response, in one place.

use crate::model::{Invalid, Role};
use serde_json::{Value, json};
use std::error::Error as StdError;

/// Why a request was refused or failed.
///
/// The text of an error is its `message` in the response: it says what to do about it and holds
/// no internals. Causes travel as `source`, for the log only.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request does not have the form the operation takes.
    #[error("{message}")]
    InvalidRequest {
        /// The field, parameter or header at fault, if it is one.
        field: Option<String>,
        /// What to do about it.
        message: String,
    },
    /// The cursor is not one of this list.
    #[error(
        "The cursor is not one of this list. Take it from the Link header of the previous page, or leave it out to start anew."
    )]
    InvalidCursor,
    /// There is no verified identity.
    #[error(
        "Send a valid, unexpired access token in the Authorization header: `Authorization: Bearer <token>`."
    )]
    Unauthorized,
    /// The caller is a member whose role does not allow the operation.
    #[error("Your role in this organization does not allow this. Ask {article} {role} to do it.",
        article = match .required { Role::Owner | Role::Admin => "an", Role::Member => "a" },
        role = match .required { Role::Admin => "owner or admin", role => role.as_str() })]
    Forbidden {
        /// The least role that would do.
        required: Role,
    },
    /// There is no such organization, or the caller is not a member: the same, so that nobody
    /// learns that it exists.
    #[error(
        "There is no such organization, or you are not a member of it. Check the id, or ask an owner to add you."
    )]
    OrganizationNotFound,
    /// The caller is a member of the organization, the target is not.
    #[error("This user is not a member of the organization. List its members to see who is.")]
    MemberNotFound,
    /// The user to add is a member already.
    #[error("This user is a member already. Update the member to change the role.")]
    MemberAlreadyExists,
    /// Others kept changing the same organization.
    #[error("Others are changing this organization at the same moment. Send the request again.")]
    Conflict,
    /// A request with the same Idempotency-Key is not answered yet.
    #[error("The first request with this Idempotency-Key is not done yet. Send the request again.")]
    IdempotencyInProgress,
    /// The Idempotency-Key belongs to a request for something else.
    #[error("This Idempotency-Key was used for another request. Give this one a key of its own.")]
    IdempotencyKeyReused,
    /// The organization is not at the version that If-Match named.
    #[error("The organization has changed since. Get it again, and repeat the change on version {current}.")]
    PreconditionFailed {
        /// The version it is at.
        current: u64,
    },
    /// The body is over the limit.
    #[error("The body is larger than 64 KiB. Send less.")]
    PayloadTooLarge,
    /// The body is not JSON by its Content-Type.
    #[error("The body must be JSON. Send it with `Content-Type: application/json`.")]
    UnsupportedMediaType,
    /// A value is outside its rules.
    #[error("{}", invalid.message)]
    ValidationFailed {
        /// The field that held the value.
        field: &'static str,
        /// The rule it broke.
        invalid: Invalid,
    },
    /// It would leave the organization without an owner.
    #[error("This would leave the organization without an owner. Make another member an owner first.")]
    LastOwner,
    /// It would give the organization more owners and admins than it may have.
    #[error("An organization has at most 100 owners and admins together. Demote one first.")]
    TooManyAdmins,
    /// A bug, or data that this version cannot read.
    #[error(
        "Something went wrong on our side. If it persists, report it with the x-request-id of this response."
    )]
    Internal(#[source] Box<dyn StdError + Send + Sync>),
    /// DynamoDB throttled or could not be reached, retries included.
    #[error(
        "The service is overloaded or temporarily unavailable. Send the request again after the Retry-After time."
    )]
    ServiceUnavailable(#[source] Box<dyn StdError + Send + Sync>),
}

impl Error {
    /// The form of the request is wrong at `field`.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::InvalidRequest { field: Some(field.into()), message: message.into() }
    }

    /// What came is no HTTP request.
    pub(crate) fn unreadable() -> Self {
        let message = "The request cannot be read. Percent-encode the query, and send no control characters.";
        Self::InvalidRequest { field: None, message: message.to_owned() }
    }

    /// The `code` of the response body.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidRequest { .. } => "invalid_request",
            Self::InvalidCursor => "invalid_cursor",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden { .. } => "forbidden",
            Self::OrganizationNotFound => "organization_not_found",
            Self::MemberNotFound => "member_not_found",
            Self::MemberAlreadyExists => "member_already_exists",
            Self::Conflict => "conflict",
            Self::IdempotencyInProgress => "idempotency_in_progress",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::PreconditionFailed { .. } => "precondition_failed",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::ValidationFailed { .. } => "validation_failed",
            Self::LastOwner => "last_owner",
            Self::TooManyAdmins => "too_many_admins",
            Self::Internal(_) => "internal_error",
            Self::ServiceUnavailable(_) => "service_unavailable",
        }
    }

    /// The `details` of the response body, where the error has any.
    pub fn details(&self) -> Option<Value> {
        match self {
            Self::InvalidRequest { field: Some(field), .. } => Some(json!({ "field": field })),
            Self::Forbidden { required } => Some(json!({ "requiredRole": required })),
            Self::PreconditionFailed { current } => Some(json!({ "currentVersion": current })),
            Self::ValidationFailed { field, invalid } => {
                Some(json!({ "field": field, "rule": invalid.rule }))
            }
            _ => None,
        }
    }
}
