//! `USER#<caller>`/`IDEMPOTENCY#<key>` and `USER#<caller>`/`REPORT#<organization>#<key>`: the answer to the first
//! request with a key. The transaction that makes the request's writes also puts this record, so that neither is
//! written without the other. Guard: the key has no record, or its record has expired.

use super::items;
use super::keys::{self, Item};
use super::table::Store;
use super::transaction::Condition;
use crate::error::Error;
use crate::model::{Caller, Timestamp};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// TTL may delete an expired item days late, so the condition checks the expiry too.
const NEW_OR_EXPIRED: &str = "attribute_not_exists(pk) OR expiresAt <= :now";

/// How long a key is remembered.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// A request with a key, and its answer: what is needed of it, beside the request, to answer again.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IdempotencyRecord<A> {
    pk: String,
    sk: String,
    request_hash: String,
    #[serde(flatten)]
    pub answer: A,
    /// Seconds since 1970: the table's TTL attribute.
    expires_at: u64,
}

impl<A> IdempotencyRecord<A> {
    /// The record of `caller`'s `request`, at this sort key. The request is the operation and its parsed values.
    pub(super) fn new(
        caller: &Caller,
        sort_key: String,
        request: &impl Serialize,
        answer: A,
    ) -> Result<Self, Error> {
        Ok(Self {
            pk: keys::caller_key(caller),
            sk: sort_key,
            request_hash: hash(request)?,
            answer,
            expires_at: Timestamp::seconds_now() + LIFETIME.as_secs(),
        })
    }

    /// The answer of this record to another request with its key.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`] when the requests differ.
    fn answer_to(self, repeated: &Self) -> Result<A, Error> {
        if self.request_hash == repeated.request_hash {
            Ok(self.answer)
        } else {
            Err(Error::IdempotencyKeyReused)
        }
    }
}

impl Store {
    /// Puts a record, unless its key already has one.
    pub(super) fn put_record(
        &self,
        record: &IdempotencyRecord<impl Serialize>,
    ) -> Result<TransactWriteItem, Error> {
        let now = AttributeValue::N(Timestamp::seconds_now().to_string());
        self.put(items::write(record)?, Condition::new(NEW_OR_EXPIRED).value(":now", now))
    }

    /// The answer to the first request with a key. Called if `repeated` could not be put. `seen` is the record that
    /// DynamoDB returned with the refusal; if it returned none, the record is read.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`] when the first request was a different one.
    pub(super) async fn first_answer<A: DeserializeOwned>(
        &self,
        repeated: &IdempotencyRecord<A>,
        seen: Option<Item>,
    ) -> Result<A, Error> {
        let item = match seen {
            Some(item) => item,
            // The record blocked the write and is gone now, so it has just expired. The client must retry:
            // the retry will count as the first request.
            None => {
                let key = keys::key(repeated.pk.clone(), repeated.sk.clone());
                self.get_item(key).await?.ok_or(Error::IdempotencyInProgress)?
            }
        };
        items::read::<IdempotencyRecord<A>>(item)?.answer_to(repeated)
    }

    /// The answer to the first request with a key, if the key has a record that has not expired. Called if
    /// `repeated` is refused before an attempt to put its record.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`] when the first request was a different one.
    pub(super) async fn remembered_answer<A: DeserializeOwned>(
        &self,
        repeated: &IdempotencyRecord<A>,
    ) -> Result<Option<A>, Error> {
        let item = self.get_item(keys::key(repeated.pk.clone(), repeated.sk.clone())).await?;
        let first = item.map(items::read::<IdempotencyRecord<A>>).transpose()?;
        let first = first.filter(|first| first.expires_at > Timestamp::seconds_now());
        first.map(|first| first.answer_to(repeated)).transpose()
    }
}

/// A hash of the operation and its parsed values. It does not depend on their spelling, because a client
/// may build the body of a retry again: with the fields in another order, `name` instead of
/// `organizationName` or the domain in capitals. Only equality matters, so the values themselves are not
/// stored. SHA-256 makes it infeasible to find a different request with the same hash.
fn hash(request: &impl Serialize) -> Result<String, Error> {
    let request = serde_json::to_vec(request).map_err(|error| Error::Internal(error.into()))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, &request)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{IdempotencyKey, OrganizationId, UserId};
    use aws_sdk_dynamodb::types::AttributeValue::{N, S};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Answer {
        number: i64,
    }

    #[test]
    fn the_stored_form_of_a_record_does_not_change() {
        let caller = Caller::Service(UserId::parse("billing").unwrap());
        let id = OrganizationId::parse("org_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
        let key = keys::report_key(&id, &IdempotencyKey::parse("\"k 1\"").unwrap());
        let record = IdempotencyRecord::new(&caller, key, &("a", Some(1)), Answer { number: -1 }).unwrap();
        let expected = Item::from(
            [
                ("pk", S("USER#service:billing".into())),
                ("sk", S("REPORT#org_01ARZ3NDEKTSV4RRFFQ69G5FAV#k 1".into())),
                // `printf '["a",1]' | openssl sha256 -binary | basenc --base64url`, without the padding.
                ("requestHash", S("E18XpHWmGv3urzdZrS5FrRx6uxkjlavkfkH8jjldwak".into())),
                ("number", N("-1".into())),
                ("expiresAt", N(record.expires_at.to_string())),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        assert_eq!(items::write(&record).unwrap(), expected);
        let read = items::read::<IdempotencyRecord<Answer>>(expected).unwrap();
        assert_eq!(read.answer, Answer { number: -1 });
    }

    #[test]
    fn the_error_for_an_unreadable_record_does_not_contain_its_key() {
        let item = keys::key("USER#ann".into(), "IDEMPOTENCY#secret".into());
        let Err(Error::Internal(cause)) = items::read::<IdempotencyRecord<Answer>>(item) else {
            panic!("expected an internal error")
        };
        assert!(!cause.to_string().contains("secret"), "{cause}");
    }
}
