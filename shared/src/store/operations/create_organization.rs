//! Puts `ORG#<id>`/`ORG#<id>`, `ORG#<id>`/`MEMBER#<owner>` and `USER#<owner>`/`ORG#<id>`, and, for a user's request,
//! counts it in `USER#<caller>`/`USER#<caller>`, and, for a request with a key, puts
//! `USER#<caller>`/`IDEMPOTENCY#<key>`, in one transaction. So a new organization has an owner and is in the owner's
//! list at once. Guard: none of the items exists, except an expired idempotency record; the user has not created as
//! many organizations as a user may have.

use crate::error::Error;
use crate::model::{
    Caller, Creation, IdempotencyKey, Member, NewOrganization, OrganizationId, Role, Timestamp, UserId,
};
use crate::store::client::retry::Attempts;
use crate::store::idempotency::IdempotencyRecord;
use crate::store::items::{self, MemberItem, OrganizationItem};
use crate::store::keys;
use crate::store::table::Store;
use crate::store::transaction::{Condition, Transaction};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};

const NEW: &str = "attribute_not_exists(pk)";

/// The place of the user's count among the steps.
const COUNT: usize = 3;

impl Store {
    /// Creates an organization with the owner `owner`. If the caller sent the same request with `key` before,
    /// repeats the first answer.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`], [`Error::IdempotencyInProgress`], [`Error::TooManyOrganizations`],
    /// [`Error::Conflict`], [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn create_organization(
        &self,
        caller: &Caller,
        owner: &UserId,
        new: NewOrganization,
        key: Option<&IdempotencyKey>,
    ) -> Result<Creation, Error> {
        let id = OrganizationId::generate();
        let organization = OrganizationItem::new(&id, caller, owner, &new, Timestamp::now());
        let owner_item = MemberItem::new(
            &Member {
                organization_id: id.clone(),
                user_id: owner.clone(),
                role: Role::Owner,
                added_by: caller.clone(),
                joined_at: organization.created_at.clone(),
            },
            None,
        );
        let record = key
            .map(|key| IdempotencyRecord::new(caller, owner, key, &new, &id, &organization))
            .transpose()?;
        let mut steps = vec![
            self.put(items::write(&organization)?, Condition::new(NEW))?,
            self.put(items::write(&owner_item)?, Condition::new(NEW))?,
            self.put(keys::membership(owner, &id), Condition::new(NEW))?,
        ];
        if let Some(user) = caller.user() {
            steps.push(self.count_organization(user)?);
        }
        let transaction = Transaction::new(steps);
        let transaction = match &record {
            Some(record) => transaction.with_record(self.put_record(record)?),
            None => transaction,
        };
        let as_created = |item: OrganizationItem, id| {
            let role = item.role_for(caller);
            item.into_organization(id, role)
        };
        let mut attempts = Attempts::default();
        let mut refused = loop {
            let outcome = self.transact(&transaction, &attempts).await.map(Some);
            match attempts.settle(outcome).await? {
                None => {}
                Some(Ok(())) => {
                    return Ok(Creation { organization: as_created(organization, id), is_replayed: false });
                }
                Some(Err(refused)) => break refused,
            }
        };
        // A repeated request is answered even if the user may create no more.
        let refused_record = record.as_ref().and_then(|_| refused.pop().flatten());
        match (record, refused_record) {
            (Some(record), Some(refused)) => {
                let (first, created_at) = self.first_answer(&record, refused.item).await?;
                // The record may be this request's own, if DynamoDB's response to an earlier attempt was lost.
                let is_replayed = first != id;
                let item = OrganizationItem::new(&first, caller, owner, &new, created_at);
                Ok(Creation { organization: as_created(item, first), is_replayed })
            }
            _ if refused.get(COUNT).is_some_and(Option::is_some) => {
                Err(Error::TooManyOrganizations { max: self.settings().max_organizations_per_user })
            }
            _ => Err(Error::Internal("the id of a new organization is already in use".into())),
        }
    }

    /// Counts an organization that the user creates, if the user may create another.
    fn count_organization(&self, user: &UserId) -> Result<TransactWriteItem, Error> {
        let number = |number: u32| AttributeValue::N(number.to_string());
        let has_room = Condition::new("attribute_not_exists(organizations) OR organizations < :max")
            .value(":max", number(self.settings().max_organizations_per_user))
            .value(":one", number(1));
        self.update(keys::user(user), "ADD organizations :one", has_room)
    }
}
