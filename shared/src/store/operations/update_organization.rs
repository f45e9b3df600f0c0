//! Updates `ORG#<id>`/`ORG#<id>`, and responds with the item that the update returns. Guard: the caller
//! is an owner or admin; the preconditions hold.

use crate::error::Error;
use crate::model::{Caller, EventType, Organization, OrganizationChanges, OrganizationId, Preconditions};
use crate::store::guard::{Change, Guard};
use crate::store::items;
use crate::store::rules::Rule;
use crate::store::table::Store;
use aws_sdk_dynamodb::types::AttributeValue;

impl Store {
    /// Changes an organization's name, domain or metadata.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::OrganizationDeleted`], [`Error::Forbidden`],
    /// [`Error::PreconditionFailed`],
    /// [`Error::Conflict`], [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn update_organization(
        &self,
        caller: &Caller,
        id: &OrganizationId,
        changes: OrganizationChanges,
        preconditions: &Preconditions,
    ) -> Result<Organization, Error> {
        let rules = [Rule::Administers(caller), Rule::Preconditions(preconditions)];
        let guard = Guard::new(id, caller, rules);
        let item = self.change_organization(&guard, change(changes)?).await?;
        let role = self.role_since(&item, caller, id).await?;
        Ok(item.into_organization(id.clone(), role))
    }
}

fn change(changes: OrganizationChanges) -> Result<Change, Error> {
    let mut change = Change::of(EventType::OrganizationUpdated);
    if let Some(name) = changes.name {
        change.set.push(("name", AttributeValue::S(name.as_str().to_owned())));
    }
    match changes.domain {
        Some(Some(domain)) => change.set.push(("domain", AttributeValue::S(domain.as_str().to_owned()))),
        Some(None) => change.remove.push("domain"),
        None => {}
    }
    match changes.metadata {
        Some(metadata) if metadata.is_empty() => change.remove.push("metadata"),
        Some(metadata) => change.set.push(("metadata", items::value(&metadata)?)),
        None => {}
    }
    Ok(change)
}
