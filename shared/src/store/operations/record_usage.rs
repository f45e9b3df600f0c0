//! Reads `ORG#<id>`/`ORG#<id>`, then updates or creates `ORG#<id>`/`USAGE#<period>`. Guard: the organization is not
//! deleted when it is read; the report fits the limit that was read; no report was judged by a later version of the organization,
//! which may have another limit. The organization is not written, so reports do not delay its other writes:
//! docs/decisions/0032-a-fence-orders-reports-and-limits.md.
//!
//! With a key, the first request also reads `ORG#<id>`/`USAGE#<period>`, and one transaction makes the update and puts
//! `USER#<caller>`/`REPORT#<id>#<key>`. Before a report that does not fit is refused, that record is read.

use crate::error::Error;
use crate::model::{Caller, IdempotencyKey, OrganizationId, Period, Recording, Report, UserId};
use crate::store::client::retry::{Attempts, while_unavailable};
use crate::store::idempotency::IdempotencyRecord;
use crate::store::items::{self, UsageItem};
use crate::store::keys;
use crate::store::metering::{Reporter, Total};
use crate::store::table::{Refused, Store};
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
                // Both may be from different moments. A total under a later limit says nothing under this one.
                let total = match usage {
                    None => Total::Nothing,
                    Some(usage) if usage.fence > organization.version => Total::Unknown,
                    Some(usage) => Total::Exactly(usage.used),
                };
                (organization, total)
            }
        };
        let mut reporter = Reporter::new(id, period, report, organization, total);
        let mut attempts = Attempts::default();
        let mut has_learned = false;
        loop {
            if reporter.organization.is_deleted() {
                return Err(Error::OrganizationDeleted);
            }
            let outcome = match key {
                None => self.report(&mut reporter, &caller, &attempts).await,
                Some(key) => self.report_with_key(&mut reporter, &caller, key, &attempts).await,
            };
            // The first refusal tells what the attempt did not know, so it says nothing about contention.
            if matches!(outcome, Ok(None)) && !has_learned {
                has_learned = true;
                continue;
            }
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
            Err(refused) => match self.refusing(reporter, Some(refused), attempts).await? {
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

    /// The period's item, on which an attempt was refused, if there is one.
    ///
    /// Old builds of DynamoDB Local return no items with a refusal. If the attempt was refused because there is one, or
    /// if it may show that an earlier attempt was recorded, it is read.
    async fn refusing(
        &self,
        reporter: &Reporter<'_>,
        refused: Option<Refused>,
        attempts: &Attempts,
    ) -> Result<Option<UsageItem>, Error> {
        let item = match refused.and_then(|refused| refused.item) {
            None if attempts.any_in_doubt() || reporter.total == Total::Nothing => {
                self.get_item(keys::usage(reporter.id, reporter.period)).await?
            }
            item => item,
        };
        item.map(items::read).transpose()
    }

    /// Makes one attempt at a report with a key. Returns `None` if it must be repeated.
    async fn report_with_key(
        &self,
        reporter: &mut Reporter<'_>,
        caller: &Caller,
        key: &IdempotencyKey,
        attempts: &Attempts,
    ) -> Result<Option<Recording>, Error> {
        let (id, period, units) = (reporter.id, reporter.period, reporter.units());
        let recorded = *units.as_ref().unwrap_or(&0);
        let answer = Recorded { mutation: reporter.mutation.clone(), period, recorded };
        let record = IdempotencyRecord::new(caller, keys::report_key(id, key), &reporter.request(), answer)?;
        if let Err(exhausted) = units {
            // A repeated report is answered even if it would not fit again.
            let first = self.remembered_answer(&record).await?.ok_or(exhausted)?;
            return self.repeated(reporter, first).await.map(Some);
        }
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
            let first = self.first_answer(&record, refused.item).await?;
            return self.repeated(reporter, first).await.map(Some);
        }
        let usage = self.refusing(reporter, refused.pop().flatten(), attempts).await?;
        self.learn(reporter, caller, usage).await.map(|()| None)
    }

    /// The answer to a report that was recorded before: with the figures of now.
    async fn repeated(&self, reporter: &mut Reporter<'_>, first: Recorded) -> Result<Recording, Error> {
        reporter.period = first.period;
        let used = self.used(reporter.id, first.period).await?;
        // The record may be this request's own, if DynamoDB's response to an earlier attempt was lost.
        let is_replayed = first.mutation != reporter.mutation;
        Ok(Recording { is_replayed, ..reporter.recording(used, first.recorded) })
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

    /// The total of a period after a report.
    async fn used(&self, id: &OrganizationId, period: Period) -> Result<u64, Error> {
        let item = while_unavailable(|| self.get_item(keys::usage(id, period))).await?;
        Ok(item.map(items::read::<UsageItem>).transpose()?.map_or(0, |usage| usage.used))
    }
}
