//! The rules for writes to an existing organization. Each is defined once: the condition that DynamoDB
//! checks, next to the error that a client gets if it fails.
//!
//! An operation lists its rules in order of precedence. The first broken rule explains a refused write.

mod preconditions;
#[cfg(test)]
mod tests;

use super::items::{InvitationItem, OrganizationItem, digest_of, read};
use super::keys::Item;
use crate::error::Error;
use crate::model::{Caller, Preconditions, Role, Timestamp, UserId};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use std::num::NonZero;

/// Maximum number of owners and admins together. Their digests are in the organization's item, and every
/// write pays for its size.
const MAX_PRIVILEGED: usize = 100;

/// What must hold for a write. The first three rules are conditions on the target's item, the others on the
/// organization's.
///
/// A service meets every rule about the caller's membership and role.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule<'a> {
    /// `target` is a member.
    IsMember { caller: &'a Caller, target: &'a UserId },
    /// The user to add is not a member.
    IsNoMember,
    /// The invitation is pending.
    IsPending,
    /// The organization is not deleted.
    NotDeleted,
    /// It does not matter whether the organization is deleted.
    EvenDeleted,
    /// The organization is not deleted. If it is, there is nothing to do.
    NotYetDeleted,
    /// The organization is deleted and can be restored. If it is not deleted, there is nothing to do.
    CanBeRestored,
    /// The caller is an owner or an admin.
    Administers(&'a Caller),
    /// The caller is an owner.
    Owns(&'a Caller),
    /// The caller is an owner; or the caller is an admin, and `target` is not an owner. Only an owner can
    /// add an owner, so admins must not demote or remove owners either.
    Manages { caller: &'a Caller, target: &'a UserId },
    /// The version is one of those in `If-Match`, and none of those in `If-None-Match`.
    Preconditions(&'a Preconditions),
    /// The user is not the only owner.
    OwnerStays(&'a UserId),
    /// The plan allows another member.
    RoomForMember,
    /// There is room for another owner or admin, or the user is one already.
    RoomForAdmin(&'a UserId),
    /// Invitations were made or renewed at most this often. If more often, the pending ones must be counted again.
    InvitationsMade(u64),
}

/// The items that explain a refusal, all from the same moment.
#[derive(Debug)]
pub(super) struct Seen {
    /// `None` if the organization met all of its conditions.
    pub organization: Option<OrganizationItem>,
    pub target: Target,
}

/// The item of the member or the invitation that a write is about.
#[derive(Debug, Clone)]
pub(super) enum Target {
    /// It met its condition, or the write is about none.
    Met,
    /// It does not exist.
    Missing,
    Present(Item),
}

/// What a broken rule means.
#[derive(Debug)]
pub(super) enum Broken {
    /// The write is refused with this error.
    Refused(Error),
    /// The organization is already as the write would make it.
    NothingToDo,
    /// The write was prepared from items that have changed since.
    Outdated,
}

impl<'a> Rule<'a> {
    /// The rule for who may give somebody a role: only an owner can make an owner.
    pub(super) fn gives(role: Role, caller: &'a Caller) -> Self {
        if role == Role::Owner { Self::Owns(caller) } else { Self::Administers(caller) }
    }

    /// The rule that whoever made an invitation still may.
    pub(super) fn still_invites(invitation: &'a InvitationItem) -> Self {
        Self::gives(invitation.role, &invitation.invited_by)
    }

    /// True for a rule about the target's item.
    pub(super) fn is_about_the_target(self) -> bool {
        matches!(self, Self::IsMember { .. } | Self::IsNoMember | Self::IsPending)
    }

    /// True for a rule about whether the organization is deleted.
    pub(super) fn is_about_deletion(self) -> bool {
        matches!(self, Self::NotDeleted | Self::EvenDeleted | Self::NotYetDeleted | Self::CanBeRestored)
    }

    /// The condition that DynamoDB checks, or `None` if there is nothing to check. Its values are added to
    /// `values`.
    pub(super) fn condition(self, values: &mut Item) -> Option<String> {
        let mut value = |name: &str, value| {
            values.insert(name.to_owned(), value);
        };
        let text = match self {
            Self::IsMember { .. } => "attribute_exists(pk)",
            Self::IsNoMember => "attribute_not_exists(pk)",
            Self::IsPending => {
                value(":seconds", seconds_now());
                "attribute_not_exists(acceptedBy) AND expiresAt > :seconds"
            }
            Self::EvenDeleted => return None,
            Self::NotDeleted | Self::NotYetDeleted => "attribute_not_exists(deletedAt)",
            Self::CanBeRestored => {
                value(":seconds", seconds_now());
                "attribute_exists(deletedAt) AND expiresAt > :seconds"
            }
            Self::Administers(caller) => {
                value(":caller", digest(caller.user()?));
                "contains(privileged, :caller)"
            }
            Self::Owns(caller) => {
                value(":caller", digest(caller.user()?));
                "contains(owners, :caller)"
            }
            Self::Manages { caller, target } => {
                value(":caller", digest(caller.user()?));
                value(":target", digest(target));
                "(contains(owners, :caller) OR (contains(privileged, :caller) AND NOT contains(owners, :target)))"
            }
            Self::Preconditions(preconditions) => {
                return Some(preconditions::condition(preconditions, &mut value));
            }
            Self::OwnerStays(user) => {
                value(":targets", set_of(user));
                "owners <> :targets"
            }
            Self::RoomForMember => {
                value(":null", AttributeValue::S("NULL".to_owned()));
                "(attribute_type(maxMembers, :null) OR memberCount < maxMembers)"
            }
            Self::RoomForAdmin(user) => {
                value(":target", digest(user));
                value(":max", AttributeValue::N(MAX_PRIVILEGED.to_string()));
                "(size(privileged) < :max OR contains(privileged, :target))"
            }
            Self::InvitationsMade(most) => {
                value(":mostInvitations", AttributeValue::N(most.to_string()));
                "(attribute_not_exists(invitationsCreated) OR invitationsCreated <= :mostInvitations)"
            }
        };
        Some(text.to_owned())
    }

    /// What it means if these items break the rule.
    pub(super) fn broken(self, seen: &Seen) -> Result<(), Broken> {
        let refused = |error| Err(Broken::Refused(error));
        match (self, &seen.target) {
            (Self::IsMember { caller, target }, Target::Missing) => {
                // Non-members must not learn that the organization exists.
                let is_caller = caller.is_user(target);
                refused(if is_caller { Error::OrganizationNotFound } else { Error::MemberNotFound })
            }
            (Self::IsNoMember, Target::Present(_)) => refused(Error::MemberAlreadyExists),
            (Self::IsPending, Target::Missing) => refused(Error::InvitationNotFound),
            (Self::IsPending, Target::Present(item)) => match read::<InvitationItem>(item.clone()) {
                Ok(invitation) if invitation.is_pending(Timestamp::seconds_now()) => Ok(()),
                Ok(_) => refused(Error::InvitationNotFound),
                Err(error) => refused(error),
            },
            (rule, _) => {
                seen.organization.as_ref().map_or(Ok(()), |organization| rule.broken_by(organization))
            }
        }
    }

    /// Checks a rule about the caller's role for a read.
    ///
    /// # Errors
    /// The rule's error, if this organization breaks it.
    pub(super) fn check(self, organization: &OrganizationItem) -> Result<(), Error> {
        match self.broken_by(organization) {
            Err(Broken::Refused(error)) => Err(error),
            Ok(()) | Err(Broken::NothingToDo | Broken::Outdated) => Ok(()),
        }
    }

    /// What it means if this organization breaks the rule.
    pub(super) fn broken_by(self, organization: &OrganizationItem) -> Result<(), Broken> {
        let must = |holds: bool, error| if holds { Ok(()) } else { Err(Broken::Refused(error)) };
        let forbidden = |required| Error::Forbidden { required };
        let is_privileged =
            |caller: &Caller| caller.user().is_none_or(|user| organization.is_privileged(user));
        let is_owner = |caller: &Caller| caller.user().is_none_or(|user| organization.is_owner(user));
        match self {
            Self::IsMember { .. } | Self::IsNoMember | Self::IsPending => Ok(()),
            Self::EvenDeleted => Ok(()),
            Self::NotDeleted => must(!organization.is_deleted(), Error::OrganizationDeleted),
            Self::NotYetDeleted if organization.is_deleted() => Err(Broken::NothingToDo),
            Self::CanBeRestored if !organization.is_deleted() => Err(Broken::NothingToDo),
            // Nobody sees an organization that cannot be restored any more.
            Self::NotYetDeleted | Self::CanBeRestored => Ok(()),
            Self::Administers(caller) => must(is_privileged(caller), forbidden(Role::Admin)),
            Self::Owns(caller) => must(is_owner(caller), forbidden(Role::Owner)),
            Self::Manages { caller, .. } if is_owner(caller) => Ok(()),
            Self::Manages { target, .. } if organization.is_owner(target) => {
                must(false, forbidden(Role::Owner))
            }
            Self::Manages { caller, .. } => Self::Administers(caller).broken_by(organization),
            Self::Preconditions(preconditions) => {
                let failed = preconditions.failed_at(organization.version);
                failed.map_or(Ok(()), |failed| must(false, failed.error_at(organization.version)))
            }
            Self::OwnerStays(user) => must(organization.owners != [digest_of(user)], Error::LastOwner),
            Self::RoomForMember => match organization.max_members.get().map(NonZero::get) {
                Some(max) if organization.member_count >= max.into() => {
                    must(false, Error::TooManyMembers { max })
                }
                _ => Ok(()),
            },
            Self::RoomForAdmin(user) => {
                let has_room = organization.privileged.len() < MAX_PRIVILEGED;
                must(has_room || organization.is_privileged(user), Error::TooManyAdmins)
            }
            Self::InvitationsMade(most) if organization.invitations_created <= most => Ok(()),
            Self::InvitationsMade(_) => Err(Broken::Outdated),
        }
    }
}

fn seconds_now() -> AttributeValue {
    AttributeValue::N(Timestamp::seconds_now().to_string())
}

/// A user as an element of an organization's sets.
fn digest(user: &UserId) -> AttributeValue {
    AttributeValue::B(blob(user))
}

/// A user as a set of one, for `ADD`, `DELETE` and comparisons.
pub(super) fn set_of(user: &UserId) -> AttributeValue {
    AttributeValue::Bs(vec![blob(user)])
}

fn blob(user: &UserId) -> Blob {
    Blob::new(digest_of(user).as_slice())
}
