//! Reads of the caller's membership that several operations share.

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

    /// The current role of a caller who has just changed an organization. Others may have demoted or
    /// removed the caller since the change.
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

    /// The error for an invalid user id in the path: [`Error::MemberNotFound`] for members of the
    /// organization, [`Error::OrganizationNotFound`] for others.
    pub async fn no_such_member(&self, caller: &UserId, id: &OrganizationId) -> Error {
        let membership = self.organization_of_member(caller, id).await;
        membership.err().unwrap_or(Error::MemberNotFound)
    }
}
