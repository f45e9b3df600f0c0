//! Updates `ORG#<id>`/`ORG#<id>` and deletes `ORG#<id>`/`MEMBER#<user>` and `USER#<user>`/`ORG#<id>` in
//! one transaction. Then reads the organization for the response, because a transaction returns no items.
//! Guard: the user is a member; the caller is that same user, or is an owner, or is an admin and the user
//! is not an owner; the preconditions hold; an owner remains.

use crate::error::Error;
use crate::model::{Caller, Organization, OrganizationId, Preconditions, UserId};
use crate::store::client::retry::while_unavailable;
use crate::store::guard::{Change, Guard};
use crate::store::items::{self, OrganizationItem};
use crate::store::keys;
use crate::store::rules::Rule;
use crate::store::table::Store;
use crate::store::transaction::Condition;

impl Store {
    /// Removes a member.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::OrganizationDeleted`], [`Error::MemberNotFound`],
    /// [`Error::Forbidden`], [`Error::PreconditionFailed`], [`Error::LastOwner`], [`Error::Conflict`],
    /// [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn remove_member(
        &self,
        caller: &Caller,
        id: &OrganizationId,
        user: &UserId,
        preconditions: &Preconditions,
    ) -> Result<Organization, Error> {
        let leaving = caller.is_user(user);
        let mut rules = vec![Rule::IsMember { caller, target: user }];
        rules.extend((!leaving).then_some(Rule::Manages { caller, target: user }));
        rules.extend([Rule::Preconditions(preconditions), Rule::OwnerStays(user)]);
        let guard = Guard::new(id, caller, rules).about(keys::member(id, user));
        let others = [
            self.delete(keys::member(id, user), guard.target_condition())?,
            self.delete(keys::membership(user, id), Condition::NONE)?,
        ];
        self.change_with_target(&guard, Change::leaving(user), |_| Ok(others.to_vec())).await?;

        let item = while_unavailable(|| self.get_item(keys::organization(id))).await?;
        let organization: OrganizationItem = items::read(item.ok_or(Error::OrganizationNotFound)?)?;
        let role = if leaving { None } else { self.role_since(&organization, caller, id).await? };
        Ok(organization.into_organization(id.clone(), role))
    }
}
