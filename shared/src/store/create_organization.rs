//! Puts `ORG#<id>`/`ORG#<id>`, `USER#<caller>`/`ORG#<id>` and, for a request with a key,
//! `USER#<caller>`/`IDEMPOTENCY#<key>`, all or none: an organization has an owner, and is in that
//! owner's list, from its first moment. Guard: all are new, or the last has expired.

use super::Store;
use super::idempotency::IdempotencyRecord;
use super::items::{self, MembershipItem, OrganizationItem};
use super::keys::Item;
use super::transaction::Step;
use crate::error::Error;
use crate::model::{
    IdempotencyKey, Member, NewOrganization, Organization, OrganizationId, Role, Timestamp, UserId,
};
use aws_sdk_dynamodb::types::Put;

const NEW: &str = "attribute_not_exists(pk)";

impl Store {
    /// Creates an organization with `caller` as its owner; or, when that was done at the caller's
    /// first request with `key`, gives the answer of then.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`], [`Error::IdempotencyInProgress`], [`Error::Conflict`],
    /// [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn create_organization(
        &self,
        caller: &UserId,
        new: NewOrganization,
        key: Option<&IdempotencyKey>,
    ) -> Result<Organization, Error> {
        let id = OrganizationId::generate();
        let organization = OrganizationItem::new(&id, caller, &new, Timestamp::now());
        let membership = MembershipItem::new(&Member {
            organization_id: id.clone(),
            user_id: caller.clone(),
            role: Role::Owner,
            added_by: caller.clone(),
            joined_at: organization.created_at.clone(),
        });
        let put_organization = self.put(items::write(&organization)?)?;
        let put_membership = self.put(items::write(&membership)?)?;
        let created = match key {
            None => self.transact([put_organization, put_membership]).await?.is_ok(),
            Some(key) => {
                let record = IdempotencyRecord::new(caller, key, &new, &id, &organization)?;
                let steps = [put_organization, put_membership, self.put_record(&record)?];
                match self.transact(steps).await {
                    // The other two items are new: what is in the way is a request with this key.
                    Err(Error::Conflict) => return Err(Error::IdempotencyInProgress),
                    Ok(Err([None, None, Some(refused)])) => {
                        let (id, created_at) = self.first_answer(&record, refused.item).await?;
                        let first = OrganizationItem::new(&id, caller, &new, created_at);
                        return Ok(first.into_organization(id, Some(Role::Owner)));
                    }
                    transacted => transacted?.is_ok(),
                }
            }
        };
        if created {
            Ok(organization.into_organization(id, Some(Role::Owner)))
        } else {
            Err(Error::Internal("a new organization id was taken".into()))
        }
    }

    /// Puts an item that must be new.
    pub(super) fn put(&self, item: Item) -> Result<Step, Error> {
        let put =
            Put::builder().table_name(&*self.table).set_item(Some(item)).condition_expression(NEW).build();
        put.map(Step::Put).map_err(|error| Error::Internal(error.into()))
    }
}
