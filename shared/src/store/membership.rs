//! What several operations ask about a caller's membership.

use super::client::retry::while_unavailable;
use super::items::{self, OrganizationItem};
use super::keys;
use super::table::Store;
use crate::error::Error;
use crate::model::{OrganizationId, Role, UserId};

impl Store {
    /// The item of an organization that `caller` is a member of. Reads `ORG#<id>`/`ORG#<id>` and
    /// `USER#<caller>`/`ORG#<id>` in one BatchGetItem.
    pub(super) async fn organization_of_member(
        &self,
        caller: &UserId,
        id: &OrganizationId,
    ) -> Result<OrganizationItem, Error> {
        let [organization, membership] =
            self.batch_get_each([keys::organization(id), keys::membership(caller, id)]).await?;
        match (organization, membership) {
            (Some(organization), Some(_)) => items::read(organization),
            _ => Err(Error::OrganizationNotFound),
        }
    }

    /// The role of a caller who has changed an organization, as of the moment it was read since. Others
    /// may have demoted or removed the caller in between.
    pub(super) async fn role_since(
        &self,
        organization: &OrganizationItem,
        caller: &UserId,
        id: &OrganizationId,
    ) -> Result<Option<Role>, Error> {
        if organization.is_privileged(caller) {
            return Ok(Some(organization.role_of(caller)));
        }
        let membership = while_unavailable(|| self.get_item(keys::membership(caller, id))).await?;
        Ok(membership.map(|_| Role::Member))
    }

    /// The answer about a user id that nobody can have: to a member of the organization there is no such
    /// member, to others no such organization.
    pub async fn no_such_member(&self, caller: &UserId, id: &OrganizationId) -> Error {
        let membership = self.organization_of_member(caller, id).await;
        membership.err().unwrap_or(Error::MemberNotFound)
    }
}
