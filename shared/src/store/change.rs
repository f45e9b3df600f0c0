//! Writes to an existing organization. A write has a change to make and rules that must hold. If
//! DynamoDB refuses it, the first broken rule explains why.

use super::client::retry::Attempts;
use super::items::{self, OrganizationItem};
use super::keys::{self, Item};
use super::rules::{Rule, Seen};
use super::table::{Refused, Store};
use super::transaction::{Condition, Transaction};
use crate::error::Error;
use crate::model::{OrganizationId, Timestamp, UserId};
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use std::collections::HashMap;
use ulid::Ulid;

/// Prepends a write's id to the list and drops the oldest. The list has a fixed length, because one update
/// expression cannot both prepend to a list and truncate it.
const REMEMBER: &str = "lastMutations[7] = lastMutations[6], lastMutations[6] = lastMutations[5], \
    lastMutations[5] = lastMutations[4], lastMutations[4] = lastMutations[3], \
    lastMutations[3] = lastMutations[2], lastMutations[2] = lastMutations[1], \
    lastMutations[1] = lastMutations[0], lastMutations[0] = :mutation";

/// The organization, the users and the rules of a write.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guard<'a> {
    pub id: &'a OrganizationId,
    pub caller: &'a UserId,
    /// The user to add, change or remove, if any.
    pub target: Option<&'a UserId>,
    /// In order of precedence: the first broken rule explains a refusal.
    pub rules: &'a [Rule<'a>],
}

/// The parts of an update expression that are specific to one change, and their values.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// `SET` assignments, each preceded by a comma.
    pub set: &'static str,
    /// Further clauses: `ADD`, `DELETE`, `REMOVE`.
    pub clauses: &'static str,
    pub names: &'static [(&'static str, &'static str)],
    pub values: Vec<(&'static str, AttributeValue)>,
}

impl Guard<'_> {
    /// The update of the organization's item. `mutation` is the write's id. If the write succeeds and is
    /// retried, the condition refuses the retry.
    fn update(&self, table: &str, mutation: &str, change: Change) -> Result<Update, Error> {
        let mut values = Item::from([
            (":one".to_owned(), AttributeValue::N("1".to_owned())),
            (":now".to_owned(), AttributeValue::S(Timestamp::now().as_str().to_owned())),
            (":updatedBy".to_owned(), AttributeValue::S(self.caller.as_str().to_owned())),
            (":mutation".to_owned(), AttributeValue::S(mutation.to_owned())),
        ]);
        values.extend(change.values.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let mut condition = "attribute_exists(pk) AND NOT contains(lastMutations, :mutation)".to_owned();
        for rule in self.rules.iter().filter(|rule| !rule.is_about_the_member()) {
            condition.push_str(" AND ");
            condition.push_str(&rule.condition(&mut values));
        }
        let expression = format!(
            "SET version = version + :one, updatedAt = :now, updatedBy = :updatedBy, {REMEMBER}{} {}",
            change.set, change.clauses
        );
        let names: HashMap<_, _> =
            change.names.iter().map(|(alias, name)| ((*alias).to_owned(), (*name).to_owned())).collect();
        Update::builder()
            .table_name(table)
            .set_key(Some(keys::organization(self.id)))
            .update_expression(expression)
            .condition_expression(condition)
            .set_expression_attribute_names((!names.is_empty()).then_some(names))
            .set_expression_attribute_values(Some(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| Error::Internal(error.into()))
    }

    /// The condition on the member's item.
    pub(super) fn member_condition(&self) -> Condition {
        let rule = self.rules.iter().find(|rule| rule.is_about_the_member());
        // Rules about the member need no values.
        rule.map_or(Condition::NONE, |rule| Condition::new(rule.condition(&mut Item::new())))
    }

    /// Whether the target is a member, or `None` if the refused transaction does not show it. `refused` is
    /// the failed condition on the member's item, or `None` if that condition held.
    fn target_is_member(&self, refused: Option<&Refused>) -> Option<bool> {
        let must_be_new = self.rules.iter().any(|rule| matches!(rule, Rule::IsNoMember));
        match refused {
            None => Some(!must_be_new),
            Some(_) if must_be_new => Some(true),
            // If DynamoDB returned an item, the target left and was added again after `update_member` read
            // the member. If not, the target is not a member, or DynamoDB left the item out.
            Some(refused) => refused.item.is_some().then_some(true),
        }
    }

    /// The error of the first broken rule.
    fn judge(&self, found: &Found) -> Result<(), Error> {
        if !found.caller_is_member {
            return Err(Error::OrganizationNotFound);
        }
        let organization = found.organization.clone().map(items::read).transpose()?;
        let seen = Seen { organization, target_is_member: found.target_is_member };
        self.rules.iter().find_map(|rule| rule.error(&seen)).map_or(Ok(()), Err)
    }
}

/// The items that explain why a write was refused, all from the same moment.
struct Found {
    /// `None` if the organization met its conditions, or does not exist.
    organization: Option<Item>,
    /// Also false if the organization does not exist.
    caller_is_member: bool,
    target_is_member: bool,
    /// The target's member item, if it was read.
    member: Option<Item>,
}

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

    /// If the caller is not a member, replaces a conflict by [`Error::OrganizationNotFound`]: a conflict
    /// would reveal that the organization exists. Returns other errors unchanged.
    async fn unless_stranger(&self, guard: &Guard<'_>, error: Error) -> Error {
        if !matches!(error, Error::Conflict) {
            return error;
        }
        match self.get_item(keys::membership(guard.caller, guard.id)).await {
            Ok(Some(_)) => error,
            Ok(None) => Error::OrganizationNotFound,
            Err(unavailable) => unavailable,
        }
    }

    /// Explains a refused write. Returns the item if it contains this write's id: the write succeeded, its
    /// response was lost, and the SDK's retry was refused. Otherwise returns the error of the first broken
    /// rule, or `None` if no rule is broken any more.
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
        match found.organization.as_ref().filter(is_made) {
            Some(item) => items::read(item.clone()).map(Some),
            None => guard.judge(&found).map(|()| None),
        }
    }

    /// Changes the organization's item and makes the writes of `others` in one transaction. The first of
    /// `others` writes or checks the member's item, with [`Guard::member_condition`]. The rest have no
    /// conditions.
    ///
    /// If the write was refused but no rule is broken any more, `others` is called again, with the
    /// member's item if it was read.
    pub(super) async fn change_membership(
        &self,
        guard: &Guard<'_>,
        change: Change,
        mut others: impl FnMut(Option<Item>) -> Result<Vec<TransactWriteItem>, Error>,
    ) -> Result<(), Error> {
        let update = guard.update(&self.table, &new_mutation(), change)?;
        let update = TransactWriteItem::builder().update(update).build();
        let mut transaction = |member: Option<Item>| {
            let others = others(member)?;
            Ok::<_, Error>(Transaction::new([vec![update.clone()], others].concat()))
        };
        let mut next = transaction(None)?;
        let mut attempts = Attempts::default();
        loop {
            let outcome = match self.transact(&next, &attempts).await {
                Ok(Ok(())) => Ok(Some(())),
                Ok(Err(refused)) => {
                    let mut refused = refused.iter().map(Option::as_ref);
                    let (organization, member) = (refused.next().flatten(), refused.next().flatten());
                    self.explain(guard, organization, member).await.and_then(|member| {
                        next = transaction(member)?;
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

    /// Explains a refused write: returns the error of the first broken rule. If no rule is broken any more,
    /// the write can be retried, and the result is the member's item, if it was read.
    pub(super) async fn explain(
        &self,
        guard: &Guard<'_>,
        organization: Option<&Refused>,
        member: Option<&Refused>,
    ) -> Result<Option<Item>, Error> {
        let found = self.look(guard, organization, member).await?;
        guard.judge(&found)?;
        Ok(found.member)
    }

    /// Collects the items that explain a refusal. `organization` and `member` are the failed conditions on
    /// the two items. If both are `None`, reads all items.
    ///
    /// All items must be from the same moment, or the client may get an error that was never true. A
    /// refusal returns the items as they were, but not the caller's membership. So it does not show whether
    /// a caller who is neither an owner nor an admin is a member. If the caller's or the target's membership
    /// is unknown, one TransactGetItems reads the organization and both memberships again.
    async fn look(
        &self,
        guard: &Guard<'_>,
        organization: Option<&Refused>,
        member: Option<&Refused>,
    ) -> Result<Found, Error> {
        let target_is_member = guard.target_is_member(member);
        let caller_is_member = match organization.map(|refused| refused.item.clone()) {
            // If only the member's condition failed, those on the organization held. One of them requires
            // the caller to be an owner or an admin, so the caller is a member. Only a caller who leaves
            // needs neither role. Then `target_is_member` is `None`, and the items are read below.
            None => member.is_some(),
            Some(None) => false,
            Some(Some(item)) => {
                let is_target = guard.target == Some(guard.caller) && target_is_member == Some(true);
                is_target || items::read::<OrganizationItem>(item)?.is_privileged(guard.caller)
            }
        };
        if let (true, Some(target_is_member)) = (caller_is_member, target_is_member) {
            return Ok(Found {
                organization: organization.and_then(|refused| refused.item.clone()),
                caller_is_member,
                target_is_member,
                member: member.and_then(|refused| refused.item.clone()),
            });
        }
        let keys = [keys::organization(guard.id), keys::membership(guard.caller, guard.id)];
        let target = guard.target.map(|target| keys::member(guard.id, target));
        let mut found = self.transact_get(keys.into_iter().chain(target)).await?.into_iter();
        let (organization, caller) = (found.next().flatten(), found.next().flatten());
        let member = found.next().flatten();
        let caller_is_member = organization.is_some() && caller.is_some();
        Ok(Found { organization, caller_is_member, target_is_member: member.is_some(), member })
    }
}

/// An id for a write: the random part of a ULID. Its 80 bits are enough to tell the few remembered writes
/// apart, so the time part would only make the item larger.
fn new_mutation() -> String {
    Ulid::generate().to_string().split_off(10)
}
