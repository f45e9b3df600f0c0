//! Queries `USER#<user>`, `begins_with(sk, "ORG#")`, and reads each `ORG#<id>`/`ORG#<id>` in parallel batches of 100.
//! Then, for each organization, updates `ORG#<id>`/`ORG#<id>` and deletes `ORG#<id>`/`MEMBER#<user>` and
//! `USER#<user>`/`ORG#<id>` in one transaction. Guard: the user is a member; the organization is as it was read.
//!
//! If the transaction is refused, one TransactGetItems reads the organization and the member again.

use crate::error::Error;
use crate::model::{Caller, Erasure, EventType, Happening, OrganizationId, Preconditions, Timestamp, UserId};
use crate::store::client::retry::Attempts;
use crate::store::guard::{Change, Guard, new_mutation};
use crate::store::items::{self, OrganizationItem};
use crate::store::keys::{self, Item};
use crate::store::rules::Rule;
use crate::store::table::Store;
use crate::store::transaction::{Condition, Transaction};
use aws_sdk_dynamodb::types::AttributeValue;

/// How many memberships one query reads.
const PAGE: usize = 1000;

/// What becomes of an organization when a member is erased.
enum End {
    /// The organization stays, and the user leaves it.
    Leaves(OrganizationItem),
    /// The organization ends with the user, who alone can own it.
    Ends(OrganizationItem),
    /// The organization can no longer be restored. What is left of the membership is deleted.
    IsGone,
}

impl Store {
    /// Ends every membership of a user, those in deleted organizations, too. An organization ends if the user is its
    /// only member, or, if it is deleted, its only owner. If the user is the only owner among other members anywhere,
    /// changes nothing.
    ///
    /// If it fails in the middle, the same request goes on where it ended.
    ///
    /// # Errors
    /// [`Error::OnlyOwner`], [`Error::Conflict`], [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn delete_user(&self, caller: &Caller, user: &UserId) -> Result<Erasure, Error> {
        let mut ends = Vec::new();
        let mut owned = Vec::new();
        for (id, item) in self.memberships(user).await? {
            match end(item, user)? {
                Some(end) => ends.push((id, end)),
                None => owned.push(id),
            }
        }
        if !owned.is_empty() {
            return Err(Error::OnlyOwner { organizations: owned });
        }
        let mut erasure = Erasure::default();
        for (id, end) in ends {
            self.end_membership(caller, user, id, end, &mut erasure).await?;
        }
        Ok(erasure)
    }

    /// The organizations of a user, with their items.
    async fn memberships(&self, user: &UserId) -> Result<Vec<(OrganizationId, Option<Item>)>, Error> {
        let mut found = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.organization_ids(user, PAGE, after.as_deref()).await?;
            found.extend(self.organizations(page.items, None).await?);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// Ends one membership, and adds it to the answer.
    async fn end_membership(
        &self,
        caller: &Caller,
        user: &UserId,
        id: OrganizationId,
        mut end: End,
        erasure: &mut Erasure,
    ) -> Result<(), Error> {
        let mut attempts = Attempts::default();
        loop {
            let transaction = self.last_step(caller, user, &id, &end)?;
            let outcome = match self.transact(&transaction, &attempts).await {
                Ok(Ok(())) => Ok(Some(())),
                Ok(Err(_)) => {
                    let keys = [keys::organization(&id), keys::member(&id, user)];
                    let mut found = self.transact_get(keys.into_iter()).await?.into_iter();
                    let organization = found.next().flatten();
                    if found.next().flatten().is_some() {
                        let only_owner = || Error::OnlyOwner { organizations: vec![id.clone()] };
                        end = self::end(organization, user)?.ok_or_else(only_owner)?;
                        Ok(None)
                    } else {
                        // Somebody else ended it, or this request did, and the answer was lost.
                        Ok(Some(()))
                    }
                }
                Err(error) => Err(error),
            };
            if attempts.settle(outcome).await?.is_some() {
                break;
            }
        }
        match end {
            End::Leaves(_) => erasure.left.push(id),
            End::Ends(_) => {
                erasure.left.push(id.clone());
                erasure.deleted.push(id);
            }
            // For everybody, it does not exist any more.
            End::IsGone => {}
        }
        Ok(())
    }

    fn last_step(
        &self,
        caller: &Caller,
        user: &UserId,
        id: &OrganizationId,
        end: &End,
    ) -> Result<Transaction, Error> {
        let membership = self.delete(keys::membership(user, id), Condition::NONE)?;
        let (End::Leaves(organization) | End::Ends(organization)) = end else {
            let member = self.delete(keys::member(id, user), Condition::NONE)?;
            return Ok(Transaction::new(vec![member, membership]));
        };
        let as_read = Preconditions::if_match(vec![organization.version]);
        let rules =
            [Rule::EvenDeleted, Rule::IsMember { caller, target: user }, Rule::Preconditions(&as_read)];
        let guard = Guard::new(id, caller, rules);
        let change = match end {
            End::Ends(_) => ending(organization, &guard.now),
            _ => Change::leaving(user),
        };
        let member = self.delete(keys::member(id, user), guard.target_condition())?;
        let update = guard.step(self, &new_mutation(), change)?;
        Ok(Transaction::new(vec![update, member, membership]))
    }
}

/// `None` if the user is the only owner among other members.
fn end(organization: Option<Item>, user: &UserId) -> Result<Option<End>, Error> {
    let Some(organization) = organization.map(items::read::<OrganizationItem>).transpose()? else {
        return Ok(Some(End::IsGone));
    };
    let is_only_owner = Rule::OwnerStays(user).check(&organization).is_err();
    Ok(match (organization.is_gone(), is_only_owner) {
        (true, _) => Some(End::IsGone),
        (false, false) => Some(End::Leaves(organization)),
        (false, true) if organization.is_deleted() || organization.member_count == 1 => {
            Some(End::Ends(organization))
        }
        (false, true) => None,
    })
}

/// The organization cannot be restored from now on. Its owner and its count of members stay in the item, which TTL
/// deletes: an organization always has an owner.
fn ending(organization: &OrganizationItem, now: &Timestamp) -> Change {
    let deleted_at = organization.deleted_at().unwrap_or(now).as_str().to_owned();
    let purge_at = AttributeValue::N(now.as_seconds().to_string());
    let set = vec![("deletedAt", AttributeValue::S(deleted_at)), ("expiresAt", purge_at)];
    Change { set, ..Change::new(Happening::new(EventType::OrganizationDeleted)) }
}
