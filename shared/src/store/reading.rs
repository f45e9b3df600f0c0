//! Reads on behalf of a caller, which several operations share.

use super::client::retry::while_unavailable;
use super::items::{self, OrganizationItem};
use super::keys::{self, Item};
use super::rules::Rule;
use super::table::{List, MAX_BATCH, Page, Projection, Store};
use crate::error::Error;
use crate::model::{Caller, OrganizationId, Role, UserId};
use futures_util::future::try_join_all;
use std::collections::HashMap;

impl Store {
    /// The item of an organization that the caller may know, deleted or not, and the items at `others`. Reads
    /// them with `USER#<caller>`/`ORG#<id>` in one BatchGetItem; a service has no such item.
    pub(super) async fn organization_even_deleted<const OTHERS: usize>(
        &self,
        caller: &Caller,
        id: &OrganizationId,
        others: [Item; OTHERS],
    ) -> Result<(OrganizationItem, [Option<Item>; OTHERS]), Error> {
        let membership = caller.user().map(|user| keys::membership(user, id));
        let callers = membership.is_some();
        let keys = [keys::organization(id)].into_iter().chain(others).chain(membership);
        let mut found = self.batch_get_each(keys.collect()).await?.into_iter();
        let organization = found.next().flatten().ok_or(Error::OrganizationNotFound)?;
        let others = std::array::from_fn(|_| found.next().flatten());
        if callers && found.next().flatten().is_none() {
            return Err(Error::OrganizationNotFound);
        }
        let organization: OrganizationItem = items::read(organization)?;
        if organization.is_visible_to(caller) {
            Ok((organization, others))
        } else {
            Err(Error::OrganizationNotFound)
        }
    }

    /// The same, if the caller may read its contents: users cannot while it is deleted.
    pub(super) async fn readable_organization<const OTHERS: usize>(
        &self,
        caller: &Caller,
        id: &OrganizationId,
        others: [Item; OTHERS],
    ) -> Result<(OrganizationItem, [Option<Item>; OTHERS]), Error> {
        let (organization, others) = self.organization_even_deleted(caller, id, others).await?;
        match caller {
            Caller::User(_) if organization.is_deleted() => Err(Error::OrganizationDeleted),
            Caller::User(_) | Caller::Service(_) => Ok((organization, others)),
        }
    }

    /// The organizations of a user, oldest first: at most `limit` of those after the position `after`.
    pub(super) async fn organization_ids(
        &self,
        user: &UserId,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<OrganizationId>, Error> {
        let partition = keys::user_key(user);
        let projection = Projection { attributes: "sk", names: &[] };
        let list = List { partition, prefix: keys::MEMBERSHIP_PREFIX, projection };
        self.query_page(list, limit, after, |item| keys::organization_of(&item)).await
    }

    /// The items of these organizations, or the attributes in `projection`, in the same order. Reads batches of 100 in
    /// parallel.
    pub(super) async fn organizations(
        &self,
        ids: Vec<OrganizationId>,
        projection: Option<Projection>,
    ) -> Result<Vec<(OrganizationId, Option<Item>)>, Error> {
        let batches = ids
            .chunks(MAX_BATCH)
            .map(|batch| self.batch_get(batch.iter().map(keys::organization).collect(), projection));
        let found = try_join_all(batches).await?.into_iter().flatten();
        let mut found: HashMap<_, _> =
            found.filter_map(|item| Some((keys::organization_of(&item)?, item))).collect();
        Ok(ids.into_iter().map(|id| (id.clone(), found.remove(&id))).collect())
    }

    /// [`Error::OrganizationNotFound`] unless the caller may know that the organization exists. Reads the items one
    /// by one, which needs no permission that writes do not have.
    pub(super) async fn may_know(&self, caller: &Caller, id: &OrganizationId) -> Result<(), Error> {
        if let Some(user) = caller.user() {
            self.get_item(keys::membership(user, id)).await?.ok_or(Error::OrganizationNotFound)?;
        }
        let organization = self.get_item(keys::organization(id)).await?.ok_or(Error::OrganizationNotFound)?;
        let is_visible = items::read::<OrganizationItem>(organization)?.is_visible_to(caller);
        if is_visible { Ok(()) } else { Err(Error::OrganizationNotFound) }
    }

    /// The current role of a caller who has just changed an organization. Others may have demoted or
    /// removed the caller since the change.
    pub(super) async fn role_since(
        &self,
        organization: &OrganizationItem,
        caller: &Caller,
        id: &OrganizationId,
    ) -> Result<Option<Role>, Error> {
        let Some(user) = caller.user() else { return Ok(None) };
        if organization.is_privileged(user) {
            return Ok(Some(organization.role_of(user)));
        }
        let membership = while_unavailable(|| self.get_item(keys::membership(user, id))).await?;
        Ok(membership.map(|_| Role::Member))
    }

    /// The error for an invalid user id in the path: [`Error::MemberNotFound`] for those who may send the
    /// request.
    pub async fn no_such_member(&self, caller: &Caller, id: &OrganizationId, access: Access) -> Error {
        match self.organization_for(caller, id, access).await {
            Ok(_) => Error::MemberNotFound,
            Err(error) => error,
        }
    }

    /// The error for an invalid invitation id in the path: [`Error::InvitationNotFound`] for those who may revoke
    /// one.
    pub async fn no_such_invitation(&self, caller: &Caller, id: &OrganizationId) -> Error {
        let organization = self.organization_for(caller, id, Access::Write).await;
        let refused = organization.and_then(|organization| Rule::Administers(caller).check(&organization));
        refused.err().unwrap_or(Error::InvitationNotFound)
    }

    async fn organization_for(
        &self,
        caller: &Caller,
        id: &OrganizationId,
        access: Access,
    ) -> Result<OrganizationItem, Error> {
        let (organization, []) = self.readable_organization(caller, id, []).await?;
        match access {
            Access::Write if organization.is_deleted() => Err(Error::OrganizationDeleted),
            Access::Read | Access::Write => Ok(organization),
        }
    }
}

/// What a request does with a deleted organization: services may read one, but nobody may change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It reads.
    Read,
    /// It writes.
    Write,
}
