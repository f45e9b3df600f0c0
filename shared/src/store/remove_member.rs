//! Updates `ORG#<id>`/`ORG#<id>` and deletes `USER#<user>`/`ORG#<id>`, both or neither, then reads the
//! organization for the answer, as a transaction returns no item. Guard: the caller is the user, an
//! owner or, unless the user is an owner, an admin; the version; an owner stays; and that the
//! membership exists.

use super::Store;
use super::guard::{Authority, Change, Guard, Target};
use super::items::{self, OrganizationItem};
use super::keys;
use super::privileges::{OWNER_STAYS, targets};
use super::retry::{until_settled, while_unavailable};
use super::transaction::Step;
use crate::error::Error;
use crate::model::{ExpectedVersion, Organization, OrganizationId, Role, UserId};
use aws_sdk_dynamodb::types::{AttributeValue, Delete};

impl Store {
    /// Ends a user's membership.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::MemberNotFound`], [`Error::Forbidden`],
    /// [`Error::PreconditionFailed`], [`Error::LastOwner`], [`Error::Conflict`],
    /// [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn remove_member(
        &self,
        caller: &UserId,
        id: &OrganizationId,
        user: &UserId,
        expected: &ExpectedVersion,
    ) -> Result<Organization, Error> {
        let leaving = caller == user;
        let authority = if leaving { Authority::Themselves } else { Authority::AdminOver(user) };
        let guard = Guard { id, caller, authority, target: Target::Member(user), expected };
        let write = guard.write(&self.table, removal(user))?;
        let delete = Delete::builder()
            .table_name(&*self.table)
            .set_key(Some(keys::membership(user, id)))
            .condition_expression("attribute_exists(pk)")
            .build()
            .map_err(|error| Error::Internal(error.into()))?;
        until_settled(|| async {
            let steps = [Step::Update(write.update.clone()), Step::Delete(delete.clone())];
            match self.transact(steps).await? {
                Ok(()) => {
                    let read = while_unavailable(|| self.get_item(keys::organization(id)));
                    let item = read.await?.ok_or(Error::OrganizationNotFound)?;
                    let organization: OrganizationItem = items::read(item)?;
                    let role =
                        if leaving { None } else { self.role_since(&organization, caller, id).await? };
                    Ok(Some(organization.into_organization(id.clone(), role)))
                }
                Err([_, Some(_)]) if leaving => Err(Error::OrganizationNotFound),
                Err([None, _]) => Err(Error::MemberNotFound),
                Err([Some(refused), membership]) => {
                    let organization = self.why_refused(&guard, refused.item, membership.is_none()).await?;
                    if organization.is_last_owner(user) { Err(Error::LastOwner) } else { Ok(None) }
                }
            }
        })
        .await
    }

    /// The role of who has changed an organization, as it was read since: meanwhile others may have
    /// demoted or removed them.
    pub(super) async fn role_since(
        &self,
        organization: &OrganizationItem,
        caller: &UserId,
        id: &OrganizationId,
    ) -> Result<Option<Role>, Error> {
        if organization.privileged.contains(caller) {
            return Ok(Some(organization.role_of(caller)));
        }
        let membership = while_unavailable(|| self.get_item(keys::membership(caller, id))).await?;
        Ok(membership.map(|_| Role::Member))
    }

    /// The answer about a user id that nobody can have: to a member of the organization there is
    /// no such member, to anybody else no such organization.
    pub async fn no_such_member(&self, caller: &UserId, id: &OrganizationId) -> Error {
        let membership = self.organization_of_member(caller, id).await;
        membership.err().unwrap_or(Error::MemberNotFound)
    }
}

fn removal(user: &UserId) -> Change {
    Change {
        clauses: "ADD memberCount :less DELETE owners :targets, privileged :targets",
        condition: OWNER_STAYS,
        values: vec![(":less", AttributeValue::N("-1".to_owned())), targets(user)],
        ..Change::default()
    }
}
