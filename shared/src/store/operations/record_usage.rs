//! Reads `ORG#<id>`/`ORG#<id>`, then updates or creates `ORG#<id>`/`USAGE#<period>`. Guard: the organization is not
//! deleted; the report fits the limit that was read; no report was judged by a later version of the organization,
//! which may have another limit. The organization is not written, so reports do not delay its other writes:
//! docs/decisions/0032-a-fence-orders-reports-and-limits.md.
//!
//! With a key, the first request also reads `ORG#<id>`/`USAGE#<period>`, and one transaction makes the update and puts
//! `USER#<caller>`/`REPORT#<id>#<key>`.

use crate::error::Error;
use crate::model::{Caller, IdempotencyKey, OrganizationId, Period, Recording, Report, UserId};
use crate::store::client::retry::{Attempts, while_unavailable};
use crate::store::idempotency::IdempotencyRecord;
use crate::store::items::{self, UsageItem};
use crate::store::keys::{self, Item};
use crate::store::metering::{Reporter, Total};
use crate::store::table::Store;
use crate::store::transaction::{Transaction, step};
use serde::{Deserialize, Serialize};

/// The answer to a report with a key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recorded {
    /// The id of the write.
    mutation: String,
    period: Period,
    recorded: i64,
}

impl Store {
    /// Records the units that an organization used. If the service sent the same report with `key` before, records
    /// nothing, and repeats what was recorded.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::OrganizationDeleted`], [`Error::OveragesExhausted`],
    /// [`Error::IdempotencyKeyReused`], [`Error::IdempotencyInProgress`], [`Error::Conflict`],
    /// [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn record_usage(
        &self,
        service: &UserId,
        id: &OrganizationId,
        report: Report,
        key: Option<&IdempotencyKey>,
    ) -> Result<Recording, Error> {
        let caller = Caller::Service(service.clone());
        let period = report.period.unwrap_or_else(Period::current);
        let (organization, total) = match key {
            None => (self.organization_even_deleted(&caller, id, []).await?.0, Total::Unknown),
            Some(_) => {
                let usage = keys::usage(id, period);
                let (organization, [usage]) = self.organization_even_deleted(&caller, id, [usage]).await?;
                let usage = usage.map(items::read::<UsageItem>).transpose()?;
                (organization, usage.map_or(Total::Nothing, |usage| Total::Exactly(usage.used)))
            }
        };
        let mut reporter = Reporter::new(id, period, report, organization, total);
        let mut attempts = Attempts::default();
        loop {
            if reporter.organization.is_deleted() {
                return Err(Error::OrganizationDeleted);
            }
            let outcome = match key {
                None => self.report(&mut reporter, &caller, &attempts).await,
                Some(key) => self.report_with_key(&mut reporter, &caller, key, &attempts).await,
            };
            if let Some(recording) = attempts.settle(outcome).await? {
                return Ok(recording);
            }
        }
    }

    /// Makes one attempt at a report without a key. Returns `None` if it must be repeated.
    ///
    /// The SDK repeats nothing here: its repetition would not ask if a report that was not answered may be forgotten.
    async fn report(
        &self,
        reporter: &mut Reporter<'_>,
        caller: &Caller,
        attempts: &Attempts,
    ) -> Result<Option<Recording>, Error> {
        let recorded = reporter.units()?;
        let update = reporter.update(self, recorded, attempts.any_in_doubt())?;
        let outcome = self.update_item_once(&update, attempts).await;
        if outcome.is_err() && attempts.any_in_doubt() {
            reporter.unanswered.insert(recorded);
        }
        let usage = match outcome? {
            Ok(item) => items::read::<UsageItem>(item)?,
            Err(refused) => match self.explained(reporter, refused.item).await? {
                Some(usage) if usage.remembers(&reporter.mutation) => {
                    let recorded = reporter.recorded_unanswered()?;
                    return Ok(Some(reporter.recording(usage.used, recorded)));
                }
                Some(usage) if attempts.any_in_doubt() && reporter.may_be_forgotten(&usage) => {
                    let cause = "a report was not answered, and too many followed to tell if it was recorded";
                    return Err(Error::ServiceUnavailable(cause.into()));
                }
                usage => return self.learn(reporter, caller, usage).await.map(|()| None),
            },
        };
        Ok(Some(reporter.recording(usage.used, recorded)))
    }

    /// Makes one attempt at a report with a key. Returns `None` if it must be repeated.
    async fn report_with_key(
        &self,
        reporter: &mut Reporter<'_>,
        caller: &Caller,
        key: &IdempotencyKey,
        attempts: &Attempts,
    ) -> Result<Option<Recording>, Error> {
        let (id, period, recorded) = (reporter.id, reporter.period, reporter.units()?);
        let answer = Recorded { mutation: reporter.mutation.clone(), period, recorded };
        let record = IdempotencyRecord::new(caller, keys::report_key(id, key), &reporter.request(), answer)?;
        let update = reporter.update(self, recorded, false)?;
        let transaction = Transaction::new(vec![step(update)]).with_record(self.put_record(&record)?);
        let Err(mut refused) = self.transact(&transaction, attempts).await? else {
            let used = match reporter.total_with(recorded) {
                Some(used) => used,
                None => self.used(id, period).await?,
            };
            return Ok(Some(reporter.recording(used, recorded)));
        };
        if let Some(refused) = refused.pop().flatten() {
            let first: Recorded = self.first_answer(&record, refused.item).await?;
            reporter.period = first.period;
            let used = self.used(id, first.period).await?;
            // The record may be this request's own, if DynamoDB's response to an earlier attempt was lost.
            let is_replayed = first.mutation != reporter.mutation;
            return Ok(Some(Recording { is_replayed, ..reporter.recording(used, first.recorded) }));
        }
        let usage = refused.pop().flatten().and_then(|refused| refused.item);
        let usage = self.explained(reporter, usage).await?;
        self.learn(reporter, caller, usage).await.map(|()| None)
    }

    /// Prepares the next attempt by the period's item, on which the last one was refused.
    async fn learn(
        &self,
        reporter: &mut Reporter<'_>,
        caller: &Caller,
        usage: Option<UsageItem>,
    ) -> Result<(), Error> {
        match usage {
            None => reporter.total = Total::Nothing,
            Some(usage) if usage.fence > reporter.organization.version => {
                (reporter.organization, _) = self.organization_even_deleted(caller, reporter.id, []).await?;
                reporter.total = Total::Unknown;
            }
            Some(usage) => {
                reporter.total = Total::Exactly(usage.used);
                // All of the report may fit again. Then the exact total does not matter.
                if reporter.units()? == reporter.report.units.get() {
                    reporter.total = Total::Unknown;
                }
            }
        }
        Ok(())
    }

    /// The period's item, on which an attempt was refused. A refusal without an item means that there is none. If the
    /// attempt was refused because there is one, DynamoDB left it out, so it is read.
    async fn explained(
        &self,
        reporter: &Reporter<'_>,
        item: Option<Item>,
    ) -> Result<Option<UsageItem>, Error> {
        let item = match item {
            None if reporter.total == Total::Nothing => {
                self.get_item(keys::usage(reporter.id, reporter.period)).await?
            }
            item => item,
        };
        item.map(items::read).transpose()
    }

    /// The total of a period after a report.
    async fn used(&self, id: &OrganizationId, period: Period) -> Result<u64, Error> {
        let item = while_unavailable(|| self.get_item(keys::usage(id, period))).await?;
        Ok(item.map(items::read::<UsageItem>).transpose()?.map_or(0, |usage| usage.used))
    }
}
