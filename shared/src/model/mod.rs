//! The values in requests and responses. Parsed values are valid by construction.

mod caller;
mod domain;
mod email;
mod event;
mod external_id;
mod idempotency_key;
mod invitation;
mod invitation_id;
mod invitation_token;
mod max_overages;
mod member;
mod metadata;
mod organization;
mod organization_id;
mod organization_name;
mod period;
mod plan;
mod preconditions;
mod role;
mod threshold;
mod timestamp;
mod usage;
mod user_id;

pub use caller::Caller;
pub use domain::Domain;
pub use email::Email;
pub use event::{Actor, Difference, Event, EventTarget, EventType, Happening};
pub use external_id::ExternalId;
pub use idempotency_key::IdempotencyKey;
pub use invitation::{
    Invitation, InvitationPreview, InvitationStatus, Invitee, IssuedInvitation, Lifetime, NewInvitation,
};
pub use invitation_id::InvitationId;
pub use invitation_token::{InvitationToken, SecretHash};
pub use max_overages::MaxOverages;
pub use member::{Erasure, Joining, Member};
pub use metadata::Metadata;
pub use organization::{
    Creation, Deletion, NewOrganization, Organization, OrganizationChanges, OverageConfiguration,
};
pub use organization_id::OrganizationId;
pub use organization_name::OrganizationName;
pub use period::Period;
pub use plan::{IncludedUnits, MaxMembers, Plan, PlanChanges};
pub use preconditions::{Precondition, Preconditions, Versions};
pub use role::Role;
pub use threshold::ReachedThreshold;
pub use timestamp::Timestamp;
pub use usage::{Limit, OverLimit, Recording, Report, Units, Usage};
pub use user_id::UserId;

/// Why a value was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The broken rule, for programs: a short, stable identifier such as `public_suffix`.
    pub rule: &'static str,
    /// What the value must be, for people.
    pub message: &'static str,
}

impl Invalid {
    pub(crate) const fn new(rule: &'static str, message: &'static str) -> Self {
        Self { rule, message }
    }
}
