//! One error type for all operations, independent of HTTP except for its messages. They are written for
//! clients of the API, so they name headers. [`crate::edge::Error`] adds malformed requests and the
//! statuses.

use crate::model::{Invalid, OrganizationId, Precondition, Role};
use serde_json::{Value, json};
use std::error::Error as StdError;

/// Why an operation was refused or failed.
///
/// The text of an error is the `message` in the response. It tells the client what to do and contains no
/// internals. The cause is the `source`, for the log only.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller is a member, but the role does not allow the operation.
    #[error("Your role in this organization does not allow this. Ask {article} {role} to do it.",
        article = match .required { Role::Owner | Role::Admin => "an", Role::Member => "a" },
        role = match .required { Role::Admin => "owner or admin", role => role.as_str() })]
    Forbidden {
        /// The least privileged role that is allowed.
        required: Role,
    },
    /// A user sent a field or parameter that only services may send.
    #[error("Only a service may send {field}. Remove it.")]
    OnlyServicesSend {
        /// The field or parameter.
        field: &'static str,
    },
    /// A service asked for something that only users may do.
    #[error("Only a user may do this, not a service. Send a user's access token.")]
    OnlyUsers,
    /// A user asked to erase another user.
    #[error(
        "You may delete only yourself. Send your own user id, or ask a service to delete the other user."
    )]
    AnotherUser,
    /// The organization does not exist, or the caller is not a member. Both give the same error, so that
    /// non-members cannot tell whether an organization exists.
    #[error(
        "There is no such organization, or you are not a member of it. Check the id, or ask an owner to invite you."
    )]
    OrganizationNotFound,
    /// The organization is deleted, and the caller is one of those who know.
    #[error("This organization is deleted. Restore it first.")]
    OrganizationDeleted,
    /// The caller is a member of the organization, but the target user is not.
    #[error("This user is not a member of the organization. List the members and check the user id.")]
    MemberNotFound,
    /// The user to add is already a member.
    #[error("This user is already a member. Update the member to change the role.")]
    MemberAlreadyExists,
    /// There is no such invitation, or the caller may not know what has become of it.
    #[error("There is no such invitation, or it is no longer pending. Check it, or ask for a new one.")]
    InvitationNotFound,
    /// The invitation can no longer be accepted. Only the holder of its token learns this.
    #[error("This invitation has expired. Ask for a new one.")]
    InvitationExpired,
    /// The token does not prove that the user has the invited address.
    #[error("This invitation is for another e-mail address. Sign in with the address that was invited.")]
    InvitationForAnotherEmail,
    /// Concurrent writes to the same items outlasted the retries.
    #[error("Other requests are changing the same data. Retry the request.")]
    Conflict,
    /// The first request with this idempotency key is still in progress.
    #[error("The first request with this Idempotency-Key is still in progress. Retry the request.")]
    IdempotencyInProgress,
    /// The idempotency key was used before, for a different request.
    #[error("This Idempotency-Key was used for a different request. Send a new key.")]
    IdempotencyKeyReused,
    /// A precondition of the request does not hold.
    #[error("{}", .failed.message(*.current))]
    PreconditionFailed {
        /// The organization's current version.
        current: u64,
        /// The precondition.
        failed: Precondition,
    },
    /// A value breaks one of its rules.
    #[error("{}", invalid.message)]
    ValidationFailed {
        /// The field with the value.
        field: &'static str,
        /// The broken rule.
        invalid: Invalid,
    },
    /// The change would leave the organization without an owner.
    #[error("This would leave the organization without an owner. Make another member an owner first.")]
    LastOwner,
    /// The user to erase is the only owner of organizations that have other members.
    #[error(
        "The user is the only owner of organizations with other members, in details.organizationIds. Make another \
         member of each an owner, or delete it, first."
    )]
    OnlyOwner {
        /// The organizations.
        organizations: Vec<OrganizationId>,
    },
    /// The change would exceed the limit of owners and admins.
    #[error("An organization can have at most 100 owners and admins. Demote one first.")]
    TooManyAdmins,
    /// The plan allows no more members.
    #[error(
        "The organization's plan allows at most {max} members. Ask an owner to remove one, or to change the plan."
    )]
    TooManyMembers {
        /// The limit.
        max: u32,
    },
    /// Another organization has this external id.
    #[error("Another organization has this externalId. Look it up with externalId, or send another one.")]
    ExternalIdTaken,
    /// The report does not fit the limit of its period.
    #[error(
        "The limit of this period leaves {remaining} units. Report no more than that, or let an owner or admin raise \
         maxOverages."
    )]
    OveragesExhausted {
        /// The units that are left.
        remaining: u64,
    },
    /// The organization has as many pending invitations as it can have.
    #[error("An organization can have at most 100 pending invitations. Revoke one first.")]
    TooManyInvitations,
    /// The user has created as many organizations as a user may.
    #[error(
        "You have created {max} organizations, the most that a user may create. Deleted ones count, too."
    )]
    TooManyOrganizations {
        /// The limit.
        max: u32,
    },
    /// A bug, or stored data that this version cannot read.
    #[error(
        "Something went wrong on our side. If it persists, report it with the x-request-id of this response."
    )]
    Internal(#[source] Box<dyn StdError + Send + Sync>),
    /// DynamoDB throttled the request, failed or could not be reached, even with retries.
    #[error(
        "The service is overloaded or temporarily unavailable. Retry after the number of seconds in Retry-After."
    )]
    ServiceUnavailable(#[source] Box<dyn StdError + Send + Sync>),
}

impl Error {
    /// The `code` in the response body: a stable identifier for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Forbidden { .. } | Self::OnlyServicesSend { .. } | Self::OnlyUsers | Self::AnotherUser => {
                "forbidden"
            }
            Self::OrganizationNotFound => "organization_not_found",
            Self::OrganizationDeleted => "organization_deleted",
            Self::MemberNotFound => "member_not_found",
            Self::MemberAlreadyExists => "member_already_exists",
            Self::InvitationNotFound => "invitation_not_found",
            Self::InvitationExpired => "invitation_expired",
            Self::InvitationForAnotherEmail => "invitation_for_another_email",
            Self::Conflict => "conflict",
            Self::IdempotencyInProgress => "idempotency_in_progress",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::PreconditionFailed { .. } => "precondition_failed",
            Self::ValidationFailed { .. } => "validation_failed",
            Self::LastOwner | Self::OnlyOwner { .. } => "last_owner",
            Self::TooManyAdmins => "too_many_admins",
            Self::TooManyMembers { .. } => "too_many_members",
            Self::ExternalIdTaken => "external_id_taken",
            Self::OveragesExhausted { .. } => "overages_exhausted",
            Self::TooManyInvitations => "too_many_invitations",
            Self::TooManyOrganizations { .. } => "too_many_organizations",
            Self::Internal(_) => "internal_error",
            Self::ServiceUnavailable(_) => "service_unavailable",
        }
    }

    /// The `details` in the response body, if this error has any.
    pub fn details(&self) -> Option<Value> {
        match self {
            Self::Forbidden { required } => Some(json!({ "requiredRole": required })),
            Self::OnlyOwner { organizations } => Some(json!({ "organizationIds": organizations })),
            Self::OnlyServicesSend { field } => Some(json!({ "field": field })),
            Self::TooManyMembers { max } | Self::TooManyOrganizations { max } => Some(json!({ "max": max })),
            Self::OveragesExhausted { remaining } => Some(json!({ "remaining": remaining })),
            Self::PreconditionFailed { current, .. } => Some(json!({ "currentVersion": current })),
            Self::ValidationFailed { field, invalid } => {
                Some(json!({ "field": field, "rule": invalid.rule }))
            }
            _ => None,
        }
    }
}

impl Precondition {
    /// The [`Error::PreconditionFailed`] for an organization at this version.
    pub fn error_at(self, current: u64) -> Error {
        Error::PreconditionFailed { current, failed: self }
    }

    fn message(self, current: u64) -> String {
        let retry = format!("Get it again and repeat the request with `If-Match: \"{current}\"`.");
        match self {
            Self::IfMatch => {
                format!(
                    "No ETag in If-Match matches the organization, which is at version {current}. {retry}"
                )
            }
            Self::WeakIfMatch => format!(
                "If-Match has a weak ETag, which never matches. The organization is at version {current}. {retry}"
            ),
            Self::IfNoneMatch => format!(
                "If-None-Match matches the organization, which is at version {current}. \
                 Remove the header, or send the ETags of other versions."
            ),
        }
    }
}

impl Invalid {
    /// The [`Error::ValidationFailed`] for a request with this value in `field`.
    pub fn at(self, field: &'static str) -> Error {
        Error::ValidationFailed { field, invalid: self }
    }
}
