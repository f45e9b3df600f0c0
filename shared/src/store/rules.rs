//! The rules of writes to an existing organization. Each stands here once: the condition that DynamoDB
//! checks, beside the error that a client gets when an item breaks it.
//!
//! An operation lists its rules, the most basic one first. A refused write is explained by the first
//! rule that is broken.

use super::items::{OrganizationItem, digest_of};
use super::keys::Item;
use crate::error::Error;
use crate::model::{ExpectedVersion, Role, UserId};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

/// Owners and admins together. The organization's item names them, and every write pays for its size.
const MAX_PRIVILEGED: usize = 100;

/// What must hold for a write. The first two rules are about the item of the member, the others about
/// the item of the organization.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule<'a> {
    /// `target` is a member.
    IsMember { caller: &'a UserId, target: &'a UserId },
    /// The user to add is not a member.
    IsNoMember,
    /// The caller is an owner or an admin.
    Administers(&'a UserId),
    /// The caller is an owner.
    Owns(&'a UserId),
    /// The caller is an owner, or an admin while `target` is not an owner. Only an owner adds an owner;
    /// that would be moot if admins could demote and remove owners.
    Manages { caller: &'a UserId, target: &'a UserId },
    /// The version is one that If-Match names.
    VersionIs(&'a ExpectedVersion),
    /// The user is not the only owner.
    OwnerStays(&'a UserId),
    /// One more may join the owners and admins, or the user is one of them already.
    RoomForAdmin(&'a UserId),
}

/// What is known, as of one moment, of the items that a write was refused for.
#[derive(Debug)]
pub(super) struct Seen {
    /// `None` if the organization met all of its conditions.
    pub organization: Option<OrganizationItem>,
    /// True if the user that the write is about is a member.
    pub target_is_member: bool,
}

impl Rule<'_> {
    /// True for a rule about the member's item.
    pub(super) fn is_about_the_member(self) -> bool {
        matches!(self, Self::IsMember { .. } | Self::IsNoMember)
    }

    /// The condition that DynamoDB checks. Its values are added to `values`.
    pub(super) fn condition(self, values: &mut Item) -> String {
        let mut value = |name: &str, value| {
            values.insert(name.to_owned(), value);
        };
        match self {
            Self::IsMember { .. } => "attribute_exists(pk)".to_owned(),
            Self::IsNoMember => "attribute_not_exists(pk)".to_owned(),
            Self::Administers(caller) => {
                value(":caller", digest(caller));
                "contains(privileged, :caller)".to_owned()
            }
            Self::Owns(caller) => {
                value(":caller", digest(caller));
                "contains(owners, :caller)".to_owned()
            }
            Self::Manages { caller, target } => {
                value(":caller", digest(caller));
                value(":target", digest(target));
                "(contains(owners, :caller) OR (contains(privileged, :caller) AND NOT contains(owners, :target)))"
                    .to_owned()
            }
            Self::VersionIs(ExpectedVersion::Any) => "attribute_exists(version)".to_owned(),
            Self::VersionIs(ExpectedVersion::OneOf(versions)) => {
                // Versions start at 1. 0 stands for tags that can never match.
                let versions = if versions.is_empty() { &[0][..] } else { versions };
                let names: Vec<_> = (0..versions.len()).map(|place| format!(":version{place}")).collect();
                for (name, version) in names.iter().zip(versions) {
                    value(name, AttributeValue::N(version.to_string()));
                }
                format!("version IN ({})", names.join(", "))
            }
            Self::OwnerStays(user) => {
                value(":targets", set_of(user));
                "owners <> :targets".to_owned()
            }
            Self::RoomForAdmin(user) => {
                value(":target", digest(user));
                value(":max", AttributeValue::N(MAX_PRIVILEGED.to_string()));
                "(size(privileged) < :max OR contains(privileged, :target))".to_owned()
            }
        }
    }

    /// The error if what is seen breaks the rule.
    pub(super) fn error(self, seen: &Seen) -> Option<Error> {
        match self {
            Self::IsMember { .. } if seen.target_is_member => None,
            // Callers who are not members are told what strangers are told.
            Self::IsMember { caller, target } if caller == target => Some(Error::OrganizationNotFound),
            Self::IsMember { .. } => Some(Error::MemberNotFound),
            Self::IsNoMember => seen.target_is_member.then_some(Error::MemberAlreadyExists),
            rule => rule.organization_error(seen.organization.as_ref()?),
        }
    }

    fn organization_error(self, organization: &OrganizationItem) -> Option<Error> {
        let forbidden = |required| Some(Error::Forbidden { required });
        let is_owner = |user| organization.owners.contains(&digest_of(user));
        match self {
            Self::IsMember { .. } | Self::IsNoMember => None,
            Self::Administers(caller) if organization.is_privileged(caller) => None,
            Self::Administers(_) => forbidden(Role::Admin),
            Self::Owns(caller) if is_owner(caller) => None,
            Self::Owns(_) => forbidden(Role::Owner),
            Self::Manages { caller, .. } if is_owner(caller) => None,
            Self::Manages { target, .. } if is_owner(target) => forbidden(Role::Owner),
            Self::Manages { caller, .. } => Self::Administers(caller).organization_error(organization),
            Self::VersionIs(expected) if expected.matches(organization.version) => None,
            Self::VersionIs(_) => Some(Error::PreconditionFailed { current: organization.version }),
            Self::OwnerStays(user) if organization.owners != [digest_of(user)] => None,
            Self::OwnerStays(_) => Some(Error::LastOwner),
            Self::RoomForAdmin(user) if organization.is_privileged(user) => None,
            Self::RoomForAdmin(_) if organization.privileged.len() < MAX_PRIVILEGED => None,
            Self::RoomForAdmin(_) => Some(Error::TooManyAdmins),
        }
    }
}

/// A user as an element of an organization's sets.
fn digest(user: &UserId) -> AttributeValue {
    AttributeValue::B(blob(user))
}

/// A user as a set, to add to one, to delete from one or to compare with one.
pub(super) fn set_of(user: &UserId) -> AttributeValue {
    AttributeValue::Bs(vec![blob(user)])
}

fn blob(user: &UserId) -> Blob {
    Blob::new(digest_of(user).as_slice())
}
