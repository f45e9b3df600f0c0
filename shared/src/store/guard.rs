//! What every write to an existing organization has in common: the condition that authorizes it, and
//! the attributes that each change moves.
//!
//! Guard: `attribute_exists(pk)`, the caller in `owners` or `privileged`, `version` as If-Match has
//! it. One item, one condition: safe under any race.

use super::Store;
use super::failure::unexpected;
use super::items::OrganizationItem;
use super::keys::{self, Item};
use super::meter;
use crate::error::Error;
use crate::model::{ExpectedVersion, OrganizationId, Role, Timestamp, UserId};
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure, Update,
};
use std::collections::HashMap;
use ulid::Ulid;

/// Who may make a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Authority<'a> {
    /// The user it is about; that they are a member is another item's condition.
    Themselves,
    /// An owner or an admin.
    Admin,
    /// An owner.
    Owner,
    /// An owner or, unless this user is an owner, an admin. "Only an owner adds an owner" would be
    /// moot if admins could demote and remove them.
    AdminOver(&'a UserId),
}

/// The user that a change is about, which is a condition on another item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target<'a> {
    None,
    /// One who must not be a member yet.
    New(&'a UserId),
    /// One who must be a member.
    Member(&'a UserId),
}

impl<'a> Target<'a> {
    pub(super) fn user(self) -> Option<&'a UserId> {
        match self {
            Self::None => None,
            Self::New(user) | Self::Member(user) => Some(user),
        }
    }
}

/// What must hold for a change to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guard<'a> {
    pub id: &'a OrganizationId,
    pub caller: &'a UserId,
    pub authority: Authority<'a>,
    pub target: Target<'a>,
    pub expected: &'a ExpectedVersion,
}

/// What a change does beyond a new version: parts of the expressions, and their values.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// Assignments, each with a comma before it.
    pub set: &'static str,
    /// Further clauses: `ADD`, `DELETE`, `REMOVE`.
    pub clauses: &'static str,
    /// A condition of the change's own, with an `AND` before it.
    pub condition: &'static str,
    pub names: &'static [(&'static str, &'static str)],
    pub values: Vec<(&'static str, AttributeValue)>,
}

/// Puts a write's name before those of the last ones, and forgets the oldest. The list is always that
/// long: no expression could cut one that has grown.
const REMEMBER: &str = "lastMutations[7] = lastMutations[6], lastMutations[6] = lastMutations[5], \
    lastMutations[5] = lastMutations[4], lastMutations[4] = lastMutations[3], \
    lastMutations[3] = lastMutations[2], lastMutations[2] = lastMutations[1], \
    lastMutations[1] = lastMutations[0], lastMutations[0] = :mutation";

/// A guarded change, ready to be sent. `mutation` names it, so that its second sending is refused.
#[derive(Debug)]
pub(super) struct Write {
    pub mutation: String,
    pub update: Update,
}

impl Authority<'_> {
    fn condition(self) -> &'static str {
        match self {
            Self::Themselves => "",
            Self::Admin => " AND contains(privileged, :caller)",
            Self::Owner => " AND contains(owners, :caller)",
            Self::AdminOver(_) => {
                " AND (contains(owners, :caller) OR (contains(privileged, :caller) AND NOT contains(owners, :target)))"
            }
        }
    }

    /// The role that the caller lacks, if any.
    pub(super) fn lacking(self, organization: &OrganizationItem, caller: &UserId) -> Option<Role> {
        let required = match self {
            Self::Themselves => return None,
            Self::Admin => Role::Admin,
            Self::Owner => Role::Owner,
            Self::AdminOver(target) if organization.owners.contains(target) => Role::Owner,
            Self::AdminOver(_) => Role::Admin,
        };
        let allowed = match required {
            Role::Owner => &organization.owners,
            _ => &organization.privileged,
        };
        (!allowed.contains(caller)).then_some(required)
    }
}

impl Guard<'_> {
    pub(super) fn write(&self, table: &str, change: Change) -> Result<Write, Error> {
        // A ULID's random part: the other names that it is among are of the same second.
        let mutation = Ulid::generate().to_string().split_off(10);
        let mut values = Item::from([
            (":one".to_owned(), AttributeValue::N("1".to_owned())),
            (":now".to_owned(), AttributeValue::S(Timestamp::now().as_str().to_owned())),
            (":caller".to_owned(), AttributeValue::S(self.caller.as_str().to_owned())),
            (":mutation".to_owned(), AttributeValue::S(mutation.clone())),
        ]);
        values.extend(change.values.into_iter().map(|(name, value)| (name.to_owned(), value)));
        if let Authority::AdminOver(target) = self.authority {
            values.insert(":target".to_owned(), AttributeValue::S(target.as_str().to_owned()));
        }
        let condition = format!(
            "attribute_exists(pk) AND NOT contains(lastMutations, :mutation){}{}{}",
            self.authority.condition(),
            self.version_condition(&mut values),
            change.condition,
        );
        let expression = format!(
            "SET version = version + :one, updatedAt = :now, updatedBy = :caller, {REMEMBER}{} {}",
            change.set, change.clauses
        );
        let names: HashMap<_, _> =
            change.names.iter().map(|(alias, name)| ((*alias).to_owned(), (*name).to_owned())).collect();
        let update = Update::builder()
            .table_name(table)
            .set_key(Some(keys::organization(self.id)))
            .update_expression(expression)
            .condition_expression(condition)
            .set_expression_attribute_names((!names.is_empty()).then_some(names))
            .set_expression_attribute_values(Some(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| Error::Internal(error.into()))?;
        Ok(Write { mutation, update })
    }

    fn version_condition(&self, values: &mut Item) -> String {
        let ExpectedVersion::OneOf(versions) = self.expected else { return String::new() };
        // Versions start at 1; 0 stands for a tag that can never match.
        let versions = if versions.is_empty() { &[0][..] } else { versions };
        let names: Vec<String> = (0..versions.len()).map(|index| format!(":version{index}")).collect();
        values.extend(names.iter().cloned().zip(versions.iter().map(|v| AttributeValue::N(v.to_string()))));
        format!(" AND version IN ({})", names.join(", "))
    }
}

impl Store {
    /// Reads one item, strongly consistent.
    pub(super) async fn get_item(&self, key: Item) -> Result<Option<Item>, Error> {
        let output = self
            .client
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(key))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unexpected)?;
        meter::consumed(&output.consumed_capacity);
        Ok(output.item)
    }
}
