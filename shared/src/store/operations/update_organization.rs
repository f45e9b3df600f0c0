//! Updates `ORG#<id>`/`ORG#<id>`, and responds with the item that the update returns. Guard: the caller
//! is an owner or admin; the preconditions hold.

use crate::error::Error;
use crate::model::{Caller, Domain, Organization, OrganizationChanges, OrganizationId, Preconditions};
use crate::store::guard::{Change, Guard};
use crate::store::rules::Rule;
use crate::store::table::Store;
use aws_sdk_dynamodb::types::AttributeValue;

impl Store {
    /// Changes an organization's name, domain or both.
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
        let item = self.change_organization(&guard, change(&changes)).await?;
        let role = self.role_since(&item, caller, id).await?;
        Ok(item.into_organization(id.clone(), role))
    }
}

/// The expressions are literals, not assembled, so that they can be read here.
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
    Change { set, clauses, names, values: name.into_iter().chain(domain).collect() }
}
