//! The write of a report of usage: its condition, and what is known of the period's total.

use super::guard::REMEMBER;
use super::items::{self, OrganizationItem, UsageItem, no_mutations};
use super::keys;
use super::table::Store;
use super::transaction::Condition;
use crate::error::Error;
use crate::model::{Limit, OrganizationId, OverLimit, Period, Recording, Report};
use aws_sdk_dynamodb::types::{AttributeValue, Update};
use serde::Serialize;
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};
use ulid::Ulid;

/// No request takes longer than this, by the clocks of two functions.
const LONGEST_REQUEST: Duration = Duration::from_secs(20);

/// What is known of the period's total before an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Total {
    /// Nothing, except that there is a report. The attempt asks for room for all of the report.
    Unknown,
    /// There is no report.
    Nothing,
    /// It is this. The attempt records nothing if it is not this any more.
    Exactly(u64),
}

/// A report, with what its next attempt is judged by.
pub(super) struct Reporter<'a> {
    pub id: &'a OrganizationId,
    pub period: Period,
    pub report: Report,
    pub organization: OrganizationItem,
    pub total: Total,
    /// The id of the write: a ULID, which begins with its time.
    pub mutation: String,
    /// The units of the attempts that went unacknowledged. One of them may have been recorded.
    pub unanswered: BTreeSet<i64>,
    /// A ULID that is less than those of all reports that may be written after this one.
    since: String,
}

impl<'a> Reporter<'a> {
    pub(super) fn new(
        id: &'a OrganizationId,
        period: Period,
        report: Report,
        organization: OrganizationItem,
        total: Total,
    ) -> Self {
        let now = SystemTime::now();
        let since = now.checked_sub(LONGEST_REQUEST).unwrap_or(SystemTime::UNIX_EPOCH);
        Self {
            id,
            period,
            report,
            organization,
            total,
            mutation: Ulid::generate().to_string(),
            unanswered: BTreeSet::new(),
            since: Ulid::from_datetime(since).to_string(),
        }
    }

    /// The request, for its idempotency record. The default period is not part of it: a repetition may be sent in
    /// another month.
    pub(super) fn request(&self) -> impl Serialize {
        let Report { units, period, over_limit } = self.report;
        ("recordUsage", units.get(), period, over_limit.as_str())
    }

    /// The units to record in the next attempt.
    ///
    /// # Errors
    /// [`Error::OveragesExhausted`] if the report does not fit.
    pub(super) fn units(&self) -> Result<i64, Error> {
        let all = self.report.units.get();
        let used = match self.total {
            Total::Unknown => return Ok(all),
            Total::Nothing => 0,
            Total::Exactly(used) => used,
        };
        if all < 0 {
            return Ok(all.max(0_i64.saturating_sub_unsigned(used)));
        }
        let remaining = self.limit().saturating_sub(used);
        match i64::try_from(remaining) {
            Ok(remaining) if remaining < all => match self.report.over_limit {
                OverLimit::Partial => Ok(remaining),
                OverLimit::Refuse | OverLimit::Record => {
                    Err(Error::OveragesExhausted { remaining: remaining.unsigned_abs() })
                }
            },
            _ => Ok(all),
        }
    }

    /// What an earlier attempt recorded, if the period's item remembers this report.
    ///
    /// # Errors
    /// [`Error::ServiceUnavailable`] if unacknowledged attempts would have recorded different units: the item does not
    /// tell which of them it was.
    pub(super) fn recorded_unanswered(&self) -> Result<i64, Error> {
        match (self.unanswered.first(), self.unanswered.last()) {
            (Some(first), Some(last)) if first == last => Ok(*first),
            _ => {
                let cause = "attempts with different units were not answered, and one of them was recorded";
                Err(Error::ServiceUnavailable(cause.into()))
            }
        }
    }

    /// The total after an attempt that recorded these units, if it is known.
    pub(super) fn total_with(&self, recorded: i64) -> Option<u64> {
        match self.total {
            Total::Unknown => None,
            Total::Nothing => Some(0_u64.saturating_add_signed(recorded)),
            Total::Exactly(used) => Some(used.saturating_add_signed(recorded)),
        }
    }

    /// The largest total that this report may make.
    fn limit(&self) -> u64 {
        let limit = match self.report.over_limit {
            OverLimit::Record => None,
            OverLimit::Refuse | OverLimit::Partial => self.organization.limit().units(),
        };
        limit.unwrap_or(Limit::MAX_USED)
    }

    /// The update that records these units. `is_repeated` asks for proof that no earlier attempt was recorded: the
    /// period's item must remember every report since then.
    pub(super) fn update(&self, store: &Store, units: i64, is_repeated: bool) -> Result<Update, Error> {
        let number = |number: i64| AttributeValue::N(number.to_string());
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let limit = i64::try_from(self.limit()).unwrap_or(i64::MAX);
        let condition = match self.total {
            Total::Nothing => Condition::new("attribute_not_exists(pk)"),
            Total::Exactly(used) => {
                Condition::new("used = :used").value(":used", AttributeValue::N(used.to_string()))
            }
            Total::Unknown if units < 0 => Condition::new("used >= :given").value(":given", number(-units)),
            // A condition cannot add.
            Total::Unknown => Condition::new("used <= :room").value(":room", number(limit - units)),
        };
        let fence = AttributeValue::N(self.organization.version.to_string());
        let judged = "fence = :fence, includedUnits = :includedUnits, maxOverages = :maxOverages";
        let condition = condition
            .value(":units", number(units))
            .value(":fence", fence)
            .value(":includedUnits", items::value(&self.organization.included_units)?)
            .value(":maxOverages", items::value(&self.organization.max_overages)?);
        let (expression, condition) = if self.total == Total::Nothing {
            let mut mutations = no_mutations();
            mutations.splice(..1, [self.mutation.clone()]);
            let expires_at = AttributeValue::N(self.period.end_of_reports().to_string());
            let condition =
                condition.value(":mutations", items::value(&mutations)?).value(":expiresAt", expires_at);
            let created = "SET used = :units, lastMutations = :mutations, expiresAt = :expiresAt";
            (format!("{created}, {judged}"), condition)
        } else {
            let condition = condition
                .and("fence <= :fence AND NOT contains(lastMutations, :mutation)")
                .value(":mutation", text(&self.mutation));
            let condition = match is_repeated {
                true => condition.and("lastMutations[7] < :since").value(":since", text(&self.since)),
                false => condition,
            };
            (format!("SET used = used + :units, {judged}, {REMEMBER}"), condition)
        };
        store.update(keys::usage(self.id, self.period), &expression, condition)
    }

    /// True if an attempt at this report may have been recorded and forgotten since: so many reports followed.
    pub(super) fn may_be_forgotten(&self, usage: &UsageItem) -> bool {
        usage.may_have_forgotten(&self.since)
    }

    /// The answer, if the period's total is this, and the report added so many units.
    pub(super) fn recording(&self, used: u64, recorded: i64) -> Recording {
        let usage = self.organization.limit().usage(self.id.clone(), self.period, used, Some(recorded));
        Recording { usage, is_replayed: false }
    }
}
