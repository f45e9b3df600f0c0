//! What a write to an existing organization changes, the rules that must hold for it, and what it means if
//! DynamoDB refuses it.

use super::items;
use super::keys::{self, Item};
use super::rules::{Broken, Rule, Seen, Target, set_of};
use super::table::Store;
use super::transaction::{Condition, step};
use crate::error::Error;
use crate::model::{Caller, EventType, Happening, OrganizationId, Role, Timestamp, UserId};
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use std::collections::HashMap;
use ulid::Ulid;

/// Prepends a write's id, `:mutation`, to the list and drops the oldest. The list has a fixed length, because one
/// update expression cannot both prepend to a list and truncate it.
pub(super) const REMEMBER: &str = "lastMutations[7] = lastMutations[6], lastMutations[6] = lastMutations[5], \
    lastMutations[5] = lastMutations[4], lastMutations[4] = lastMutations[3], \
    lastMutations[3] = lastMutations[2], lastMutations[2] = lastMutations[1], \
    lastMutations[1] = lastMutations[0], lastMutations[0] = :mutation";

/// The organization, the caller and the rules of a write.
#[derive(Debug)]
pub(super) struct Guard<'a> {
    pub id: &'a OrganizationId,
    pub caller: &'a Caller,
    /// The time of the change.
    pub now: Timestamp,
    /// The key of the member's or the invitation's item that the write is about, if any.
    pub(super) target: Option<Item>,
    /// In order of precedence: the first broken rule explains a refusal.
    rules: Vec<Rule<'a>>,
}

/// What a write does, and the parts of its update expression that are specific to it.
#[derive(Debug)]
pub(super) struct Change {
    /// What its event says.
    pub happening: Happening,
    /// Attributes to set.
    pub set: Vec<(&'static str, AttributeValue)>,
    /// Attributes to remove.
    pub remove: Vec<&'static str>,
    /// Further clauses: `ADD` and `DELETE`.
    pub clauses: &'static str,
    /// The values in `clauses`.
    pub values: Vec<(&'static str, AttributeValue)>,
}

impl Change {
    /// A change that sets nothing yet but what every change sets.
    pub(super) fn new(happening: Happening) -> Self {
        Self { happening, set: Vec::new(), remove: Vec::new(), clauses: "", values: Vec::new() }
    }

    /// The same for one that is about the organization alone.
    pub(super) fn of(kind: EventType) -> Self {
        Self::new(Happening::new(kind))
    }

    /// A member leaves, or is removed.
    pub(super) fn leaving(user: &UserId) -> Self {
        let less = AttributeValue::N("-1".to_owned());
        Self {
            clauses: "ADD memberCount :less DELETE owners :targets, privileged :targets",
            values: vec![(":less", less), (":targets", set_of(user))],
            ..Self::new(Happening::to_user(EventType::MemberRemoved, user))
        }
    }

    /// A user joins with this role.
    pub(super) fn joining(happening: Happening, user: &UserId, role: Role) -> Self {
        let (clauses, values) = match role {
            Role::Owner => ("ADD memberCount :one, owners :targets, privileged :targets", Some(set_of(user))),
            Role::Admin => ("ADD memberCount :one, privileged :targets", Some(set_of(user))),
            Role::Member => ("ADD memberCount :one", None),
        };
        let values = values.map(|set| (":targets", set)).into_iter().collect();
        Self { clauses, values, ..Self::new(happening) }
    }
}

impl<'a> Guard<'a> {
    /// The guard of a write by `caller`. A deleted organization refuses it, unless one of the rules is about
    /// deletion.
    pub(super) fn new(id: &'a OrganizationId, caller: &'a Caller, rules: impl Into<Vec<Rule<'a>>>) -> Self {
        let mut rules = rules.into();
        if !rules.iter().any(|rule| rule.is_about_deletion()) {
            rules.insert(0, Rule::NotDeleted);
        }
        Self { id, caller, now: Timestamp::now(), target: None, rules }
    }

    /// The same for a write that is also about the item with this key.
    pub(super) fn about(self, target: Item) -> Self {
        Self { target: Some(target), ..self }
    }

    /// The update of the organization's item. `mutation` is the write's id. If the write succeeds and is
    /// retried, the condition refuses the retry.
    pub(super) fn update(&self, table: &str, mutation: &str, change: Change) -> Result<Update, Error> {
        let mut values = Item::from([
            (":one".to_owned(), AttributeValue::N("1".to_owned())),
            (":now".to_owned(), AttributeValue::S(self.now.as_str().to_owned())),
            (":updatedBy".to_owned(), AttributeValue::S(self.caller.to_string())),
            (":mutation".to_owned(), AttributeValue::S(mutation.to_owned())),
        ]);
        values.extend(change.values.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let mut condition = "attribute_exists(pk) AND NOT contains(lastMutations, :mutation)".to_owned();
        for rule in self.rules.iter().filter(|rule| !rule.is_about_the_target()) {
            if let Some(text) = rule.condition(&mut values) {
                condition.push_str(" AND ");
                condition.push_str(&text);
            }
        }
        let mut expression =
            format!("SET version = version + :one, updatedAt = :now, updatedBy = :updatedBy, {REMEMBER}");
        // Some names are reserved words, which need an alias.
        let mut names = HashMap::new();
        let mut alias = |name: &str| names.insert(format!("#{name}"), name.to_owned());
        for (name, value) in [("change", items::value(&change.happening)?)].into_iter().chain(change.set) {
            alias(name);
            values.insert(format!(":{name}"), value);
            expression.push_str(&format!(", #{name} = :{name}"));
        }
        for (place, name) in change.remove.into_iter().enumerate() {
            alias(name);
            expression.push_str(&format!("{} #{name}", if place == 0 { " REMOVE" } else { "," }));
        }
        expression.push_str(&format!(" {}", change.clauses));
        Update::builder()
            .table_name(table)
            .set_key(Some(keys::organization(self.id)))
            .update_expression(expression)
            .condition_expression(condition)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| Error::Internal(error.into()))
    }

    /// The same update as a step of a transaction.
    pub(super) fn step(
        &self,
        store: &Store,
        mutation: &str,
        change: Change,
    ) -> Result<TransactWriteItem, Error> {
        Ok(step(self.update(&store.table, mutation, change)?))
    }

    /// The condition on the target's item.
    pub(super) fn target_condition(&self) -> Condition {
        let rule = self.rules.iter().find(|rule| rule.is_about_the_target());
        rule.map_or(Condition::NONE, |rule| Condition::of(*rule))
    }

    /// True if the write is about the caller's own membership.
    pub(super) fn is_about_the_caller(&self) -> bool {
        let is_own =
            |rule: &Rule<'_>| matches!(rule, Rule::IsMember { caller, target } if caller.is_user(target));
        self.rules.iter().any(is_own)
    }

    /// Judges a refused write by these items.
    pub(super) fn judge(&self, found: &Found) -> Result<Verdict, Error> {
        if !found.is_visible {
            return Err(Error::OrganizationNotFound);
        }
        let organization = found.organization.clone().map(items::read).transpose()?;
        self.judge_by(Seen { organization, target: found.target.clone() })
    }

    /// Judges a write by what a caller sees who, if a user, is a member.
    pub(super) fn judge_by(&self, seen: Seen) -> Result<Verdict, Error> {
        if seen.organization.as_ref().is_some_and(|organization| !organization.is_visible_to(self.caller)) {
            return Err(Error::OrganizationNotFound);
        }
        match self.rules.iter().try_for_each(|rule| rule.broken(&seen)) {
            Ok(()) | Err(Broken::Outdated) => Ok(Verdict::Retry),
            Err(Broken::NothingToDo) => Ok(Verdict::NothingToDo),
            Err(Broken::Refused(error)) => Err(error),
        }
    }
}

/// What to do about a refused write.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No rule is broken any more, so it can be tried again.
    Retry,
    /// The organization is already as the write would make it.
    NothingToDo,
}

/// The items that explain why a write was refused, all from the same moment.
pub(super) struct Found {
    /// `None` if the organization met its conditions, or does not exist.
    pub organization: Option<Item>,
    /// False if the caller is a user and not a member, or the organization does not exist.
    pub is_visible: bool,
    pub target: Target,
}

/// An id for a write: the random part of a ULID. Its 80 bits are enough to tell the few remembered writes
/// apart, so the time part would only make the item larger.
pub(super) fn new_mutation() -> String {
    Ulid::generate().to_string().split_off(10)
}
