//! Puts `ORG#<id>`/`ORG#<id>`, `ORG#<id>`/`MEMBER#<owner>` and `USER#<owner>`/`ORG#<id>`, and, for a user's request,
//! counts it in `USER#<caller>`/`USER#<caller>`, and, with an external id, puts `EXTERNAL#<external id>` (both keys),
//! and, for a request with a key, puts `USER#<caller>`/`IDEMPOTENCY#<key>`, in one transaction. So a new organization
//! has an owner and is in the owner's list at once. Guard: none of the items exists, except an expired idempotency
//! record, or the external id of an organization that is gone; the user has not created as many organizations as a
//! user may have.

use crate::error::Error;
use crate::model::{
    Caller, Creation, Domain, IdempotencyKey, Member, NewOrganization, OrganizationId, Role, Timestamp,
    UserId,
};
use crate::store::client::retry::Attempts;
use crate::store::idempotency::IdempotencyRecord;
use crate::store::items::{self, MemberItem, OrganizationItem};
use crate::store::keys::{self, Item};
use crate::store::table::Store;
use crate::store::transaction::{Condition, Transaction, step};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use serde::{Deserialize, Serialize};

const NEW: &str = "attribute_not_exists(pk)";

/// The place among the steps of the one that a limit or another organization may refuse: a user's count, or a service's
/// external id.
const CONTESTED: usize = 3;

/// The answer to a creation with a key. The request and these attributes determine every field of a new organization.
/// So the first answer can be repeated without reading another item, even if the organization was renamed or its
/// creator has left. The caller learns nothing new from it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    organization_id: String,
    created_at: Timestamp,
}

impl Store {
    /// Creates an organization with the owner `owner`. If the caller sent the same request with `key` before,
    /// repeats the first answer.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`], [`Error::IdempotencyInProgress`], [`Error::TooManyOrganizations`],
    /// [`Error::ExternalIdTaken`], [`Error::Conflict`], [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn create_organization(
        &self,
        caller: &Caller,
        owner: &UserId,
        new: NewOrganization,
        key: Option<&IdempotencyKey>,
    ) -> Result<Creation, Error> {
        let id = OrganizationId::generate();
        let organization = OrganizationItem::new(&id, caller, owner, &new, Timestamp::now());
        let answer =
            Created { organization_id: id.as_str().to_owned(), created_at: organization.created_at.clone() };
        let record = key.map(|key| record(caller, owner, key, &new, answer)).transpose()?;
        let transaction = |gone: Option<&str>| {
            let steps = Transaction::new(self.creation(caller, owner, &id, &organization, gone)?);
            match &record {
                Some(record) => Ok::<_, Error>(steps.with_record(self.put_record(record)?)),
                None => Ok(steps),
            }
        };
        let as_created = |item: OrganizationItem, id| {
            let role = item.role_for(caller);
            item.into_organization(id, role)
        };
        let mut next = transaction(None)?;
        let mut attempts = Attempts::default();
        let mut has_learned = false;
        loop {
            let outcome = self.transact(&next, &attempts).await.map(Some);
            let mut refused = match attempts.settle(outcome).await? {
                None => continue,
                Some(Ok(())) => {
                    return Ok(Creation { organization: as_created(organization, id), is_replayed: false });
                }
                Some(Err(refused)) => refused,
            };
            // A repeated request is answered even if the user may create no more.
            if let Some(record) = &record
                && let Some(refused) = refused.pop().flatten()
            {
                let first = self.first_answer(record, refused.item).await?;
                let first_id = OrganizationId::parse(&first.organization_id).ok_or_else(|| {
                    Error::Internal("an idempotency record without a valid organization id".into())
                })?;
                // The record may be this request's own, if DynamoDB's response to an earlier attempt was lost.
                let is_replayed = first_id != id;
                let item = OrganizationItem::new(&first_id, caller, owner, &new, first.created_at);
                return Ok(Creation { organization: as_created(item, first_id), is_replayed });
            }
            match (refused.into_iter().nth(CONTESTED).flatten(), &new.external_id) {
                (Some(_), None) => {
                    return Err(Error::TooManyOrganizations {
                        max: self.settings().max_organizations_per_user,
                    });
                }
                (Some(refused), Some(external_id)) => {
                    // Old builds of DynamoDB Local refuse a write without returning the item.
                    let holder = match refused.item {
                        Some(item) => Some(item),
                        None => self.get_item(keys::external_id(external_id)).await?,
                    };
                    next = transaction(self.gone_holder(holder, caller).await?.as_deref())?;
                    // The first refusal tells who had the external id, so it says nothing about contention.
                    if has_learned {
                        attempts.settle::<()>(Ok(None)).await?;
                    }
                    has_learned = true;
                }
                (None, _) => {
                    return Err(Error::Internal("the id of a new organization is already in use".into()));
                }
            }
        }
    }

    /// The steps of a creation. `gone` is the organization that had the external id before.
    fn creation(
        &self,
        caller: &Caller,
        owner: &UserId,
        id: &OrganizationId,
        organization: &OrganizationItem,
        gone: Option<&str>,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let member = Member {
            organization_id: id.clone(),
            user_id: owner.clone(),
            role: Role::Owner,
            added_by: caller.clone(),
            joined_at: organization.created_at.clone(),
        };
        let mut steps = vec![
            self.put(items::write(organization)?, Condition::new(NEW))?,
            self.put(items::write(&MemberItem::new(&member, None))?, Condition::new(NEW))?,
            self.put(keys::membership(owner, id), Condition::new(NEW))?,
        ];
        if let Some(user) = caller.user() {
            steps.push(self.count_organization(user)?);
        }
        if let Some(external_id) = &organization.external_id {
            let text = |text: &str| AttributeValue::S(text.to_owned());
            let mut item = keys::external_id(external_id);
            item.insert(keys::HOLDER.to_owned(), text(id.as_str()));
            let free = match gone {
                None => Condition::new(NEW),
                Some(gone) => Condition::new("attribute_not_exists(pk) OR organizationId = :gone")
                    .value(":gone", text(gone)),
            };
            steps.push(self.put(item, free)?);
        }
        Ok(steps)
    }

    /// Counts an organization that the user creates, if the user may create another.
    fn count_organization(&self, user: &UserId) -> Result<TransactWriteItem, Error> {
        let number = |number: u32| AttributeValue::N(number.to_string());
        let has_room = Condition::new("attribute_not_exists(organizations) OR organizations < :max")
            .value(":max", number(self.settings().max_organizations_per_user))
            .value(":one", number(1));
        Ok(step(self.update(keys::user(user), "ADD organizations :one", has_room)?))
    }

    /// The organization that has an external id, if it is gone: TTL may delete it, and what belongs to it, days late.
    ///
    /// # Errors
    /// [`Error::ExternalIdTaken`] if it exists or can be restored.
    async fn gone_holder(&self, holder: Option<Item>, service: &Caller) -> Result<Option<String>, Error> {
        let Some(id) = holder.as_ref().and_then(keys::holder) else { return Ok(None) };
        let organization = self.get_item(keys::organization(&id)).await?;
        let organization = organization.map(items::read::<OrganizationItem>).transpose()?;
        if organization.is_some_and(|organization| organization.is_visible_to(service)) {
            return Err(Error::ExternalIdTaken);
        }
        Ok(Some(id.as_str().to_owned()))
    }
}

/// The record of a request with a key.
fn record(
    caller: &Caller,
    owner: &UserId,
    key: &IdempotencyKey,
    new: &NewOrganization,
    answer: Created,
) -> Result<IdempotencyRecord<Created>, Error> {
    let owner = Some(owner).filter(|owner| !caller.is_user(owner)).map(UserId::as_str);
    let domain = new.domain.as_ref().map(Domain::as_str);
    let request = ("createOrganization", new.name.as_str(), domain, owner, &new.external_id, &new.metadata);
    IdempotencyRecord::new(caller, keys::idempotency_key(key), &request, answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ExternalId, Metadata, OrganizationName};

    #[test]
    fn a_request_is_the_same_by_its_values_not_by_their_spelling() {
        let (ann, bob) = (UserId::parse("ann").unwrap(), UserId::parse("bob").unwrap());
        let key = IdempotencyKey::parse("k").unwrap();
        let record =
            |name: &str, domain: Option<&str>, owner, external_id: Option<&str>, note: Option<&str>| {
                let note = note.map(|note| ("note".to_owned(), note.to_owned()));
                let new = NewOrganization {
                    name: OrganizationName::parse(name).unwrap(),
                    domain: domain.map(|domain| Domain::parse(domain).unwrap()),
                    metadata: Metadata::parse(note.into_iter().collect()).unwrap(),
                    external_id: external_id.map(|id| ExternalId::parse(id).unwrap()),
                };
                let answer = Created { organization_id: String::new(), created_at: Timestamp::now() };
                let record = record(&Caller::User(ann.clone()), owner, &key, &new, answer).unwrap();
                items::write(&record).unwrap()["requestHash"].as_s().unwrap().clone()
            };
        let acme = Some("acme.example");
        assert_eq!(
            record(" Acme ", Some("ACME.example."), &ann, None, None),
            record("Acme", acme, &ann, None, None)
        );
        let all = [
            record("Acme", None, &ann, None, None),
            record("acme", None, &ann, None, None),
            record("Acme", acme, &ann, None, None),
            record("Acme", None, &bob, None, None),
            record("Acme", None, &ann, Some("bob"), None),
            record("Acme", None, &ann, None, Some("")),
            record("Acme", None, &ann, None, Some("bob")),
        ];
        assert_eq!(std::collections::HashSet::from(all.clone()).len(), all.len());
    }
}
