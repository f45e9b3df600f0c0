//! Updates `ORG#<id>`/`ORG#<id>`, and answers from what the update itself returns. Guard: the caller
//! is an owner or admin, and the version.

use super::Store;
use super::failure::unexpected;
use super::guard::{Authority, Change, Guard, Target};
use super::items::{self, OrganizationItem};
use super::keys;
use super::meter;
use super::retry::while_contended;
use crate::error::Error;
use crate::model::{Domain, ExpectedVersion, Organization, OrganizationChanges, OrganizationId, UserId};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure,
};

impl Store {
    /// Changes an organization's name, domain or both.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::Forbidden`], [`Error::PreconditionFailed`],
    /// [`Error::Conflict`], [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn update_organization(
        &self,
        caller: &UserId,
        id: &OrganizationId,
        changes: OrganizationChanges,
        expected: &ExpectedVersion,
    ) -> Result<Organization, Error> {
        let guard = Guard { id, caller, authority: Authority::Admin, target: Target::None, expected };
        let item = self.change_organization(&guard, change(&changes)).await?;
        let role = self.role_since(&item, caller, id).await?;
        Ok(item.into_organization(id.clone(), role))
    }

    /// Makes a change that concerns the organization's item alone, and returns the item as it is
    /// then, or later.
    pub(super) async fn change_organization(
        &self,
        guard: &Guard<'_>,
        change: Change,
    ) -> Result<OrganizationItem, Error> {
        let write = guard.write(&self.table, change)?;
        let request = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(write.update.key))
            .update_expression(write.update.update_expression)
            .set_condition_expression(write.update.condition_expression)
            .set_expression_attribute_names(write.update.expression_attribute_names)
            .set_expression_attribute_values(write.update.expression_attribute_values)
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        while_contended(|unanswered| async {
            let refused = match request.clone().customize().interceptor(unanswered).send().await {
                Ok(output) => {
                    meter::consumed(&output.consumed_capacity);
                    return items::read(output.attributes.unwrap_or_default());
                }
                Err(error) => match error.as_service_error() {
                    Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                        refused.item().cloned()
                    }
                    _ => return Err(unexpected(error)),
                },
            };
            let seen = match refused.filter(|item| !item.is_empty()) {
                Some(item) => item,
                None => {
                    let read = self.get_item(keys::organization(guard.id)).await?;
                    read.ok_or(Error::OrganizationNotFound)?
                }
            };
            // It was sent twice, and the first sending went through.
            if items::remembers(&seen, &write.mutation) {
                return items::read(seen);
            }
            // With the guard found to hold after all, somebody changed the organization between the
            // refusal and the reading of its cause.
            Err(self.why_refused(guard, Some(seen), true).await.err().unwrap_or(Error::Conflict))
        })
        .await
    }
}

/// Chosen from constants rather than put together: what is written is then there to be read.
fn change(changes: &OrganizationChanges) -> Change {
    const NAME: (&str, &str) = ("#name", "name");
    const DOMAIN: (&str, &str) = ("#domain", "domain");
    let name = changes.name.as_ref().map(|name| (":name", AttributeValue::S(name.as_str().to_owned())));
    let set_domain = |domain: &Domain| (":domain", AttributeValue::S(domain.as_str().to_owned()));
    let (set, clauses, names, domain): (_, _, &'static [_], _) = match (&name, &changes.domain) {
        (None, None) => ("", "", &[], None),
        (None, Some(None)) => ("", "REMOVE #domain", &[DOMAIN], None),
        (None, Some(Some(domain))) => (", #domain = :domain", "", &[DOMAIN], Some(set_domain(domain))),
        (Some(_), None) => (", #name = :name", "", &[NAME], None),
        (Some(_), Some(None)) => (", #name = :name", "REMOVE #domain", &[NAME, DOMAIN], None),
        (Some(_), Some(Some(domain))) => {
            (", #name = :name, #domain = :domain", "", &[NAME, DOMAIN], Some(set_domain(domain)))
        }
    };
    Change { set, clauses, names, values: name.into_iter().chain(domain).collect(), ..Change::default() }
}
