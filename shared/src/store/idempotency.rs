//! `USER#<caller>`/`IDEMPOTENCY#<key>`: the answer to the first request with a key. The transaction that
//! creates the organization also puts this record, so that neither is written without the other. Guard:
//! the key has no record, or its record has expired.

use super::items::{self, OrganizationItem};
use super::keys::{self, Item};
use super::table::Store;
use super::transaction::Condition;
use crate::error::Error;
use crate::model::{Caller, IdempotencyKey, NewOrganization, OrganizationId, Timestamp, UserId};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// TTL may delete an expired item days late, so the condition checks the expiry too.
const NEW_OR_EXPIRED: &str = "attribute_not_exists(pk) OR expiresAt <= :now";

/// How long a key is remembered.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// A request with a key, and its answer.
///
/// The caller, the request and these attributes determine every field of a new organization. So the
/// first answer can be repeated without reading another item, even if the organization was renamed or
/// its creator has left. The caller learns nothing new from it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IdempotencyRecord {
    pk: String,
    sk: String,
    request_hash: String,
    organization_id: String,
    created_at: Timestamp,
    /// Seconds since 1970: the table's TTL attribute.
    expires_at: u64,
}

impl IdempotencyRecord {
    /// The record of `caller`'s request for `new`, answered with `organization`.
    pub(super) fn new(
        caller: &Caller,
        owner: &UserId,
        key: &IdempotencyKey,
        new: &NewOrganization,
        id: &OrganizationId,
        organization: &OrganizationItem,
    ) -> Result<Self, Error> {
        Ok(Self {
            pk: keys::caller_key(caller),
            sk: keys::idempotency_key(key),
            request_hash: hash(new, Some(owner).filter(|owner| !caller.is_user(owner)))?,
            organization_id: id.as_str().to_owned(),
            created_at: organization.created_at.clone(),
            expires_at: Timestamp::seconds_now() + LIFETIME.as_secs(),
        })
    }
}

impl Store {
    /// Puts a record, unless its key already has one.
    pub(super) fn put_record(&self, record: &IdempotencyRecord) -> Result<TransactWriteItem, Error> {
        let now = AttributeValue::N(Timestamp::seconds_now().to_string());
        self.put(items::write(record)?, Condition::new(NEW_OR_EXPIRED).value(":now", now))
    }

    /// The id and the creation time in the answer to the first request with a key. Called if `repeated`
    /// could not be put. `seen` is the record that DynamoDB returned with the refusal; if it returned
    /// none, the record is read.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`] when the first request was a different one.
    pub(super) async fn first_answer(
        &self,
        repeated: &IdempotencyRecord,
        seen: Option<Item>,
    ) -> Result<(OrganizationId, Timestamp), Error> {
        let item = match seen {
            Some(item) => item,
            // The record blocked the write and is gone now, so it has just expired. The client must retry:
            // the retry will count as the first request.
            None => {
                let key = keys::key(repeated.pk.clone(), repeated.sk.clone());
                self.get_item(key).await?.ok_or(Error::IdempotencyInProgress)?
            }
        };
        let first: IdempotencyRecord = items::read(item)?;
        if first.request_hash != repeated.request_hash {
            return Err(Error::IdempotencyKeyReused);
        }
        match OrganizationId::parse(&first.organization_id) {
            Some(id) => Ok((id, first.created_at)),
            None => Err(Error::Internal("an idempotency record without a valid organization id".into())),
        }
    }
}

/// A hash of the operation and its parsed values. It does not depend on their spelling, because a client
/// may build the body of a retry again: with the fields in another order, `name` instead of
/// `organizationName` or the domain in capitals. Only equality matters, so the values themselves are not
/// stored. SHA-256 makes it infeasible to find a different request with the same hash.
///
/// `owner` is that of a service's request.
fn hash(new: &NewOrganization, owner: Option<&UserId>) -> Result<String, Error> {
    let domain = new.domain.as_ref().map(|domain| domain.as_str());
    let mut request = vec![Some("createOrganization"), Some(new.name.as_str()), domain];
    request.extend(owner.map(|owner| Some(owner.as_str())));
    let request = serde_json::to_vec(&request).map_err(|error| Error::Internal(error.into()))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, &request)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Domain, OrganizationName};
    use aws_sdk_dynamodb::types::AttributeValue::{N, S};

    fn new(name: &str, domain: Option<&str>) -> NewOrganization {
        let domain = domain.map(|domain| Domain::parse(domain).unwrap());
        NewOrganization { name: OrganizationName::parse(name).unwrap(), domain }
    }

    #[test]
    fn the_stored_form_of_a_record_does_not_change() {
        let id = OrganizationId::parse("org_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
        let (ann, key) = (UserId::parse("ann").unwrap(), IdempotencyKey::parse("\"k 1\"").unwrap());
        let new = new("Acme", Some("acme.example"));
        let caller = Caller::User(ann.clone());
        let organization = OrganizationItem::new(&id, &caller, &ann, &new, Timestamp::now());
        let record = IdempotencyRecord::new(&caller, &ann, &key, &new, &id, &organization).unwrap();
        let expected = Item::from(
            [
                ("pk", S("USER#ann".into())),
                ("sk", S("IDEMPOTENCY#k 1".into())),
                // `printf '["createOrganization","Acme","acme.example"]' | openssl sha256 -binary |
                // basenc --base64url`, without the padding.
                ("requestHash", S("uQNIdoYOyH8Ov5pMS3zNMyZ6cAMuf-f2HqftsnboWEI".into())),
                ("organizationId", S("org_01ARZ3NDEKTSV4RRFFQ69G5FAV".into())),
                ("createdAt", S(organization.created_at.as_str().into())),
                ("expiresAt", N(record.expires_at.to_string())),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        assert_eq!(items::write(&record).unwrap(), expected);
        assert!(items::read::<IdempotencyRecord>(expected).is_ok());
    }

    #[test]
    fn the_hash_depends_on_the_values_not_on_their_spelling() {
        let bob = UserId::parse("bob").unwrap();
        let for_bob = hash(&new("Acme", None), Some(&bob)).unwrap();
        let hash = |name, domain| hash(&new(name, domain), None).unwrap();
        assert_ne!(for_bob, hash("Acme", None));
        assert_eq!(hash(" Acme ", Some("ACME.example.")), hash("Acme", Some("acme.example")));
        let all = [hash("Acme", None), hash("acme", None), hash("Acme", Some("acme.example"))];
        assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2], "{all:?}");
    }

    #[test]
    fn the_error_for_an_unreadable_record_does_not_contain_its_key() {
        let item = keys::key("USER#ann".into(), "IDEMPOTENCY#secret".into());
        let Err(Error::Internal(cause)) = items::read::<IdempotencyRecord>(item) else {
            panic!("expected an internal error")
        };
        assert!(!cause.to_string().contains("secret"), "{cause}");
    }
}
