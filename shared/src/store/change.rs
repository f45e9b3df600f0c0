//! Writes to an existing organization. A write has a change to make and rules that must hold. If
//! DynamoDB refuses it, the first broken rule explains why.

use super::client::retry::Attempts;
use super::guard::{Change, Found, Guard, Verdict, new_mutation};
use super::items::{self, OrganizationItem};
use super::keys::{self, Item};
use super::rules::Target;
use super::table::{Refused, Store};
use super::transaction::Transaction;
use crate::error::Error;
use aws_sdk_dynamodb::types::TransactWriteItem;

impl Store {
    /// Changes only the organization's item. Returns the updated item or, if the response was lost, the
    /// item as a later read finds it.
    pub(super) async fn change_organization(
        &self,
        guard: &Guard<'_>,
        change: Change,
    ) -> Result<OrganizationItem, Error> {
        let mutation = new_mutation();
        let update = guard.update(&self.table, &mutation, change)?;
        let mut attempts = Attempts::default();
        loop {
            let outcome = match self.update_item(&update, &attempts).await {
                Ok(Ok(item)) => items::read(item).map(Some),
                Ok(Err(refused)) => self.made_or_refused(guard, &refused, &mutation).await,
                Err(error) => Err(error),
            };
            match attempts.settle(outcome).await {
                Ok(None) => {}
                Ok(Some(item)) => return Ok(item),
                Err(error) => return Err(self.unless_stranger(guard, error).await),
            }
        }
    }

    /// If the caller may not know of the organization, replaces a conflict by
    /// [`Error::OrganizationNotFound`]: a conflict would reveal that it exists. Returns other errors unchanged.
    pub(super) async fn unless_stranger(&self, guard: &Guard<'_>, error: Error) -> Error {
        if !matches!(error, Error::Conflict) {
            return error;
        }
        self.may_know(guard.caller, guard.id).await.map_or_else(|unknown| unknown, |()| error)
    }

    /// Explains a refused write. Returns the item if it contains this write's id: the write succeeded, its
    /// response was lost, and the SDK's retry was refused. Also returns it if there is nothing to do. Otherwise
    /// returns the error of the first broken rule, or `None` if no rule is broken any more.
    async fn made_or_refused(
        &self,
        guard: &Guard<'_>,
        refused: &Refused,
        mutation: &str,
    ) -> Result<Option<OrganizationItem>, Error> {
        let is_made = |item: &&Item| items::remembers(item, mutation);
        if let Some(item) = refused.item.as_ref().filter(is_made) {
            return items::read(item.clone()).map(Some);
        }
        let found = self.look(guard, Some(refused), None).await?;
        if let Some(item) = found.organization.as_ref().filter(is_made) {
            return items::read(item.clone()).map(Some);
        }
        match guard.judge(&found)? {
            Verdict::Retry => Ok(None),
            Verdict::NothingToDo => found.organization.map(items::read).transpose(),
        }
    }

    /// Changes the organization's item and makes the writes of `others` in one transaction. The first of
    /// `others` writes or checks the target's item, with [`Guard::target_condition`]. The rest have no
    /// conditions.
    ///
    /// If the write was refused but no rule is broken any more, `others` is called again, with the
    /// target's item if it was read.
    pub(super) async fn change_with_target(
        &self,
        guard: &Guard<'_>,
        change: Change,
        mut others: impl FnMut(Option<Item>) -> Result<Vec<TransactWriteItem>, Error>,
    ) -> Result<(), Error> {
        let update = guard.step(self, &new_mutation(), change)?;
        let mut transaction = |target: Option<Item>| {
            let others = others(target)?;
            Ok::<_, Error>(Transaction::new([vec![update.clone()], others].concat()))
        };
        let mut next = transaction(None)?;
        let mut attempts = Attempts::default();
        loop {
            let outcome = match self.transact(&next, &attempts).await {
                Ok(Ok(())) => Ok(Some(())),
                Ok(Err(refused)) => {
                    let mut refused = refused.iter().map(Option::as_ref);
                    let (organization, target) = (refused.next().flatten(), refused.next().flatten());
                    self.explain(guard, organization, target).await.and_then(|target| {
                        next = transaction(target)?;
                        Ok(None)
                    })
                }
                Err(error) => Err(error),
            };
            match attempts.settle(outcome).await {
                Ok(None) => {}
                Ok(Some(())) => return Ok(()),
                Err(error) => return Err(self.unless_stranger(guard, error).await),
            }
        }
    }

    /// The item that a write is about, which must exist. Reads it, with `USER#<caller>`/`ORG#<id>` for a user, in
    /// one BatchGetItem: a non-member must not cause other requests if it exists.
    pub(super) async fn read_target(&self, guard: &Guard<'_>) -> Result<Item, Error> {
        let membership = guard.caller.user().map(|caller| keys::membership(caller, guard.id));
        let must_be_member = membership.is_some();
        let keys = guard.target.clone().into_iter().chain(membership);
        let mut found = self.batch_get_each(keys.collect()).await?.into_iter();
        let target = found.next().flatten();
        if must_be_member && found.next().flatten().is_none() {
            return Err(Error::OrganizationNotFound);
        }
        self.found_or_explained(guard, target).await
    }

    /// The target's item, if it was found. A missing one is looked up again, because BatchGetItem may read items at
    /// different moments, and its absence is explained.
    pub(super) async fn found_or_explained(
        &self,
        guard: &Guard<'_>,
        mut target: Option<Item>,
    ) -> Result<Item, Error> {
        let mut attempts = Attempts::default();
        loop {
            match target {
                Some(target) => return Ok(target),
                None => target = attempts.settle(self.explain(guard, None, None).await).await?,
            }
        }
    }

    /// Explains a refused write: returns the error of the first broken rule. If no rule is broken any more,
    /// the write can be retried, and the result is the target's item, if it was read.
    pub(super) async fn explain(
        &self,
        guard: &Guard<'_>,
        organization: Option<&Refused>,
        target: Option<&Refused>,
    ) -> Result<Option<Item>, Error> {
        let found = self.look(guard, organization, target).await?;
        guard.judge(&found)?;
        Ok(match found.target {
            Target::Present(item) => Some(item),
            Target::Met | Target::Missing => None,
        })
    }

    /// Collects the items that explain a refusal. `organization` and `target` are the failed conditions on
    /// the two items. If both are `None`, reads all items.
    ///
    /// All items must be from the same moment, or the client may get an error that was never true. A
    /// refusal returns the items as they were, but not the caller's membership. So it does not show whether
    /// a caller who is neither an owner nor an admin is a member. Nor does it always show the target's item. If
    /// something is unknown, one TransactGetItems reads all items again.
    async fn look(
        &self,
        guard: &Guard<'_>,
        organization: Option<&Refused>,
        target: Option<&Refused>,
    ) -> Result<Found, Error> {
        // Without an item, the target does not exist, or DynamoDB left the item out.
        let known = target.map_or(Some(Target::Met), |refused| refused.item.clone().map(Target::Present));
        let is_visible = match organization.map(|refused| refused.item.clone()) {
            // If only the target's condition failed, those on the organization held. One of them requires
            // the caller to be an owner or an admin, so the caller is a member. Only a caller who leaves
            // needs neither role. Then the target is unknown, and the items are read below.
            None => target.is_some(),
            Some(None) => false,
            Some(Some(item)) => {
                let organization: OrganizationItem = items::read(item)?;
                let is_privileged = guard.caller.user().is_none_or(|user| organization.is_privileged(user));
                is_privileged || guard.is_about_the_caller()
            }
        };
        if let (true, Some(target)) = (is_visible, known) {
            let organization = organization.and_then(|refused| refused.item.clone());
            return Ok(Found { organization, is_visible, target });
        }
        let membership = guard.caller.user().map(|user| keys::membership(user, guard.id));
        let keys = [Some(keys::organization(guard.id)), membership, guard.target.clone()];
        let found = self.transact_get(keys.iter().flatten().cloned()).await?;
        let mut found = found.into_iter();
        let organization = found.next().flatten();
        let is_member = guard.caller.user().is_none() || found.next().flatten().is_some();
        let target = match guard.target {
            None => Target::Met,
            Some(_) => found.next().flatten().map_or(Target::Missing, Target::Present),
        };
        Ok(Found { is_visible: organization.is_some() && is_member, organization, target })
    }
}
