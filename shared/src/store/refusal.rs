//! Why a guarded change was refused: the reason must be one of a single moment, or a client is told
//! what was never so. A refusal comes with the organization as it was then, but not with the
//! caller's membership: whose role is not in the organization's item is a member or a stranger. Then
//! `ORG#<id>`/`ORG#<id>` and the memberships of the caller and of the user that the change is about
//! are read, as they are together at one later moment (TransactGetItems).

use super::Store;
use super::guard::{Guard, Target};
use super::items::{self, OrganizationItem};
use super::keys::{self, Item};
use crate::error::Error;

impl Store {
    /// Why a guarded change was refused, most basic reason first; or, if what the guard asks holds, the
    /// organization, for which a condition of the change's own must have failed, unless it has moved
    /// on meanwhile.
    ///
    /// `seen` is the item that DynamoDB returned with the refusal, on which the condition was
    /// evaluated, and `target_is_member` what it said of the target at the same moment.
    pub(super) async fn why_refused(
        &self,
        guard: &Guard<'_>,
        seen: Option<Item>,
        target_is_member: bool,
    ) -> Result<OrganizationItem, Error> {
        if let Some(item) = seen {
            let organization: OrganizationItem = items::read(item)?;
            if organization.privileged.contains(guard.caller) {
                return guard.holds(organization, target_is_member);
            }
        }
        let target = guard.target.user().filter(|target| *target != guard.caller);
        let keys = [keys::organization(guard.id), keys::membership(guard.caller, guard.id)];
        let keys = keys.into_iter().chain(target.map(|target| keys::membership(target, guard.id)));
        let mut found = self.transact_get(keys).await?.into_iter();
        match (found.next().flatten(), found.next().flatten(), found.next().flatten()) {
            (Some(organization), Some(_), member) => {
                guard.holds(items::read(organization)?, target.is_none() || member.is_some())
            }
            _ => Err(Error::OrganizationNotFound),
        }
    }
}

impl Guard<'_> {
    /// Whether the guard of a change by a member holds.
    fn holds(
        &self,
        organization: OrganizationItem,
        target_is_member: bool,
    ) -> Result<OrganizationItem, Error> {
        if matches!(self.target, Target::Member(_)) && !target_is_member {
            return Err(Error::MemberNotFound);
        }
        if let Some(required) = self.authority.lacking(&organization, self.caller) {
            return Err(Error::Forbidden { required });
        }
        if !self.expected.matches(organization.version) {
            return Err(Error::PreconditionFailed { current: organization.version });
        }
        if matches!(self.target, Target::New(_)) && target_is_member {
            return Err(Error::MemberAlreadyExists);
        }
        Ok(organization)
    }
}
