//! Reads `ORG#<id>`/`ORG#<id>` and `USER#<caller>`/`ORG#<id>`, strongly consistent, in one
//! BatchGetItem.

use super::Store;
use super::failure::unexpected;
use super::items::{self, OrganizationItem};
use super::keys::{self, Item};
use super::meter;
use super::retry::{MOST_ATTEMPTS, pause};
use crate::error::Error;
use crate::model::{Organization, OrganizationId, UserId};
use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};
use std::collections::HashMap;

impl Store {
    /// The organization as its member `caller` sees it.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn get_organization(
        &self,
        caller: &UserId,
        id: &OrganizationId,
    ) -> Result<Organization, Error> {
        let organization = self.organization_of_member(caller, id).await?;
        let role = organization.role_of(caller);
        Ok(organization.into_organization(id.clone(), Some(role)))
    }

    /// The item of an organization that `caller` is a member of.
    pub(super) async fn organization_of_member(
        &self,
        caller: &UserId,
        id: &OrganizationId,
    ) -> Result<OrganizationItem, Error> {
        let found = self.batch_get(vec![keys::organization(id), keys::membership(caller, id)]).await?;
        let (organizations, memberships): (Vec<_>, Vec<_>) =
            found.into_iter().partition(keys::is_organization);
        match (organizations.into_iter().next(), memberships.is_empty()) {
            (Some(organization), false) => items::read(organization),
            _ => Err(Error::OrganizationNotFound),
        }
    }

    /// Reads up to 100 items, strongly consistent, in no particular order. Those that do not exist
    /// are left out.
    pub(super) async fn batch_get(&self, keys: Vec<Item>) -> Result<Vec<Item>, Error> {
        let mut found = Vec::with_capacity(keys.len());
        let mut wanted = keys;
        for failures in 0..MOST_ATTEMPTS {
            // Unprocessed keys mean throttling: asking again at once would meet it again.
            if failures > 0 && !pause(failures).await {
                break;
            }
            let request = KeysAndAttributes::builder()
                .set_keys(Some(wanted))
                .consistent_read(true)
                .build()
                .map_err(|error| Error::Internal(error.into()))?;
            let output = self
                .client
                .batch_get_item()
                .request_items(&*self.table, request)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(unexpected)?;
            meter::consumed(output.consumed_capacity());
            found.extend(output.responses.into_iter().flat_map(HashMap::into_values).flatten());
            wanted = output
                .unprocessed_keys
                .into_iter()
                .flat_map(HashMap::into_values)
                .flat_map(|rest| rest.keys)
                .collect();
            if wanted.is_empty() {
                return Ok(found);
            }
        }
        Err(Error::ServiceUnavailable("keys left unprocessed by BatchGetItem".into()))
    }
}
