//! Puts `ORG#<id>`/`ORG#<id>`, `ORG#<id>`/`MEMBER#<caller>`, `USER#<caller>`/`ORG#<id>` and, for a
//! request with a key, `USER#<caller>`/`IDEMPOTENCY#<key>` in one transaction. So a new organization has
//! an owner and is in the owner's list at once. Guard: none of the items exists, except an expired
//! idempotency record.

use crate::error::Error;
use crate::model::{
    Creation, IdempotencyKey, Member, NewOrganization, OrganizationId, Role, Timestamp, UserId,
};
use crate::store::client::retry::Attempts;
use crate::store::idempotency::IdempotencyRecord;
use crate::store::items::{self, MemberItem, OrganizationItem};
use crate::store::keys;
use crate::store::table::Store;
use crate::store::transaction::{Condition, Transaction};

const NEW: &str = "attribute_not_exists(pk)";

impl Store {
    /// Creates an organization with `caller` as its owner. If the caller sent the same request with
    /// `key` before, repeats the first answer.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`], [`Error::IdempotencyInProgress`], [`Error::Conflict`],
    /// [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn create_organization(
        &self,
        caller: &UserId,
        new: NewOrganization,
        key: Option<&IdempotencyKey>,
    ) -> Result<Creation, Error> {
        let id = OrganizationId::generate();
        let organization = OrganizationItem::new(&id, caller, &new, Timestamp::now());
        let member = MemberItem::new(&Member {
            organization_id: id.clone(),
            user_id: caller.clone(),
            role: Role::Owner,
            added_by: caller.clone(),
            joined_at: organization.created_at.clone(),
        });
        let record =
            key.map(|key| IdempotencyRecord::new(caller, key, &new, &id, &organization)).transpose()?;
        let mut steps = vec![
            self.put(items::write(&organization)?, Condition::new(NEW))?,
            self.put(items::write(&member)?, Condition::new(NEW))?,
            self.put(keys::membership(caller, &id), Condition::new(NEW))?,
        ];
        if let Some(record) = &record {
            steps.push(self.put_record(record)?);
        }
        let transaction = Transaction::new(steps);
        let mut attempts = Attempts::default();
        let mut refused = loop {
            let outcome = self.transact(&transaction, &attempts).await.map(Some);
            match (attempts.settle(outcome).await, &record) {
                (Ok(None), _) => {}
                (Ok(Some(Ok(()))), _) => {
                    let organization = organization.into_organization(id, Some(Role::Owner));
                    return Ok(Creation { organization, is_replayed: false });
                }
                (Ok(Some(Err(refused))), _) => break refused,
                // The other items are new, so the conflict is with a request that has the same key.
                (Err(Error::Conflict), Some(_)) => return Err(Error::IdempotencyInProgress),
                (Err(error), _) => return Err(error),
            }
        };
        // The record, if there is one, is the last step.
        match (record, refused.pop().flatten()) {
            (Some(record), Some(refused)) => {
                let (first, created_at) = self.first_answer(&record, refused.item).await?;
                // The record may be this request's own, if DynamoDB's response to an earlier attempt was lost.
                let is_replayed = first != id;
                let item = OrganizationItem::new(&first, caller, &new, created_at);
                let organization = item.into_organization(first, Some(Role::Owner));
                Ok(Creation { organization, is_replayed })
            }
            _ => Err(Error::Internal("the id of a new organization is already in use".into())),
        }
    }
}
