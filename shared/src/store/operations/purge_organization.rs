//! Reads `ORG#<id>`/`ORG#<id>`, which must be gone. Then puts `ORG#<id>`/`PURGED` and, if a user created the organization,
//! counts one less in `USER#<creator>`/`USER#<creator>`, in one transaction; deletes `EXTERNAL#<external id>`, if it is
//! this organization's; queries the members, invitations, usage and told thresholds in `ORG#<id>`, list by list, and deletes
//! them, and each member's `USER#<user>`/`ORG#<id>`, in BatchWriteItems of 25. Events stay until they expire.
//!
//! Every step can be repeated, so a purge that was interrupted is made again from the start.

use crate::error::Error;
use crate::model::{Timestamp, UserId};
use crate::store::RemovedOrganization;
use crate::store::client::deadline;
use crate::store::client::retry::Attempts;
use crate::store::keys::{self, Item};
use crate::store::table::{List, Projection, Refused, Store};
use crate::store::transaction::{Condition, Transaction, step};
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, TransactWriteItem, WriteRequest};
use std::time::Duration;

/// How long it is remembered that an organization was purged: longer than any delivery of its record.
const REMEMBERED_SECONDS: u64 = 30 * 24 * 60 * 60;

/// How many items one query reads. With their memberships, they are deleted in a few requests.
const PAGE: usize = 250;

/// The time that a page may take. With less, the purge stops.
const PAGE_TIME: Duration = Duration::from_secs(10);

impl Store {
    /// Deletes what belongs to an organization whose item was removed, except its events. Does nothing if the
    /// organization is there again. Returns false if the time was up before all was deleted: then it must be repeated.
    ///
    /// # Errors
    /// [`Error::ServiceUnavailable`], [`Error::Conflict`], [`Error::Internal`].
    pub async fn purge_organization(&self, removed: &RemovedOrganization) -> Result<bool, Error> {
        if self.get_item(keys::organization(&removed.id)).await?.is_some() {
            return Ok(true);
        }
        self.count_one_less(removed).await?;
        self.free_external_id(removed).await?;
        for prefix in keys::PURGED_PREFIXES {
            if !self.purge_list(removed, prefix).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns false if the time was up.
    async fn purge_list(&self, removed: &RemovedOrganization, prefix: &'static str) -> Result<bool, Error> {
        let mut after: Option<String> = None;
        loop {
            if deadline::left() < PAGE_TIME {
                return Ok(false);
            }
            let partition = keys::organization_key(&removed.id);
            let projection = Projection { attributes: "pk, sk", names: &[] };
            let list = List { partition, prefix, projection };
            let page = self.query_page(list, PAGE, after.as_deref(), Some).await?;
            self.delete_items(removed, page.items).await?;
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(true),
            }
        }
    }

    /// Counts one organization less for the user who created it, once.
    async fn count_one_less(&self, removed: &RemovedOrganization) -> Result<(), Error> {
        let expires_at = AttributeValue::N((Timestamp::seconds_now() + REMEMBERED_SECONDS).to_string());
        let mut marker = keys::purged(&removed.id);
        marker.insert(keys::EXPIRES_AT.to_owned(), expires_at);
        let marker = self.put(marker, Condition::new("attribute_not_exists(pk)"))?;
        let Some(creator) = removed.created_by.user() else {
            return self.settled(Transaction::new(vec![marker])).await.map(|_| ());
        };
        let counted = Transaction::new(vec![marker.clone(), self.one_less(creator)?]);
        let refused = self.settled(counted).await?.err();
        if refused.is_some_and(|refused| matches!(refused.as_slice(), [None, ..])) {
            // Nothing is counted. It is remembered all the same, lest a repetition counts what the user creates later.
            self.settled(Transaction::new(vec![marker])).await?.ok();
        }
        Ok(())
    }

    /// Makes a transaction, or finds that a condition of it does not hold.
    async fn settled(&self, transaction: Transaction) -> Result<Result<(), Vec<Option<Refused>>>, Error> {
        let mut attempts = Attempts::default();
        loop {
            let outcome = self.transact(&transaction, &attempts).await.map(Some);
            if let Some(outcome) = attempts.settle(outcome).await? {
                return Ok(outcome);
            }
        }
    }

    fn one_less(&self, user: &UserId) -> Result<TransactWriteItem, Error> {
        let number = |number: i32| AttributeValue::N(number.to_string());
        let counted =
            Condition::new("organizations > :zero").value(":zero", number(0)).value(":less", number(-1));
        Ok(step(self.update(keys::user(user), "ADD organizations :less", counted)?))
    }

    async fn free_external_id(&self, removed: &RemovedOrganization) -> Result<(), Error> {
        let Some(external_id) = &removed.external_id else { return Ok(()) };
        let own = AttributeValue::S(removed.id.as_str().to_owned());
        let own = Condition::new("organizationId = :own").value(":own", own);
        // Refused if it is free already, or another organization has it.
        let freed = Transaction::new(vec![self.delete(keys::external_id(external_id), own)?]);
        self.settled(freed).await.map(|_| ())
    }

    /// Deletes the items of a page. A membership is deleted before the member by which it is found.
    async fn delete_items(&self, removed: &RemovedOrganization, items: Vec<Item>) -> Result<(), Error> {
        let memberships = items.iter().filter_map(|item| keys::membership_of(item, &removed.id));
        self.batch_write(memberships.map(delete).collect::<Result<_, _>>()?).await?;
        self.batch_write(items.into_iter().map(delete).collect::<Result<_, _>>()?).await
    }
}

fn delete(key: Item) -> Result<WriteRequest, Error> {
    let delete = DeleteRequest::builder().set_key(Some(key)).build();
    let delete = delete.map_err(|error| Error::Internal(error.into()))?;
    Ok(WriteRequest::builder().delete_request(delete).build())
}
