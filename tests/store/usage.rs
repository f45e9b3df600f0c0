//! Helpers for tests of plans and usage.

use crate::table::{ANY, Item, Table, caller, refusal, user};
use shared::error::Error;
use shared::model::{
    IdempotencyKey, IncludedUnits, MaxMembers, MaxOverages, OrganizationId, OverLimit, Period, PlanChanges,
    Recording, Report, Units,
};
use shared::store::Store;

/// A report for the current month that is refused if it does not fit.
pub fn units(units: i128) -> Report {
    Report { units: Units::parse(units).unwrap(), period: None, over_limit: OverLimit::Refuse }
}

/// The same, but what fits is recorded.
pub fn partial(number: i128) -> Report {
    Report { over_limit: OverLimit::Partial, ..units(number) }
}

/// The same, but it is recorded whatever the limit.
pub fn record(number: i128) -> Report {
    Report { over_limit: OverLimit::Record, ..units(number) }
}

pub fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

pub fn included(units: i128) -> PlanChanges {
    PlanChanges { included_units: Some(IncludedUnits::parse(units).unwrap()), max_members: None }
}

pub fn max_members(members: i128) -> PlanChanges {
    PlanChanges { included_units: None, max_members: Some(MaxMembers::members(members).unwrap()) }
}

/// What a report recorded and the total with it, or the error: `5 of 110`, `5 of 110, replayed`.
pub fn answer(result: Result<Recording, Error>) -> String {
    match result {
        Ok(Recording { usage, is_replayed }) => {
            let replayed = if is_replayed { ", replayed" } else { "" };
            format!("{} of {}{replayed}", usage.recorded.unwrap(), usage.used)
        }
        refused => refusal(refused),
    }
}

/// The service `meter` reports usage.
pub async fn report(store: &Store, id: &OrganizationId, report: Report, key: Option<&str>) -> String {
    let key = key.map(self::key);
    answer(store.record_usage(&user("meter"), id, report, key.as_ref()).await)
}

/// `ann` limits the overages.
pub async fn limit(store: Store, id: OrganizationId, units: i128) {
    let limit = MaxOverages::units(units).unwrap();
    store.set_max_overages(&caller("ann"), &id, limit, &ANY).await.unwrap();
}

impl Table {
    /// Creates the usual organization. Its plan includes 100 units, and it may use 10 more. It is at version 5.
    pub async fn metered(&self) -> OrganizationId {
        let id = self.team().await;
        self.set_plan(&user("billing"), &id, included(100), &ANY).await.unwrap();
        limit(self.store.clone(), id.clone(), 10).await;
        id
    }

    /// Reports usage without a key.
    pub async fn report(&self, id: &OrganizationId, report: Report) -> String {
        self::report(&self.store, id, report, None).await
    }

    /// Reports usage with a key.
    pub async fn report_with_key(&self, id: &OrganizationId, report: Report, key: &str) -> String {
        self::report(&self.store, id, report, Some(key)).await
    }

    /// The total of the current month.
    pub async fn used(&self, id: &OrganizationId) -> u64 {
        self.get_usage(&caller("service:meter"), id, Period::current()).await.unwrap().used
    }

    /// The stored item of the current month.
    pub async fn usage_item(&self, id: &OrganizationId) -> Option<Item> {
        self.item(&format!("ORG#{}", id.as_str()), &format!("USAGE#{}", Period::current())).await
    }

    /// The stored record of the report of `meter` with a key.
    pub async fn report_item(&self, id: &OrganizationId, key: &str) -> Option<Item> {
        self.item("USER#service:meter", &format!("REPORT#{}#{key}", id.as_str())).await
    }

    /// How many requests with this action the store has sent.
    pub fn sent(&self, action: &str) -> usize {
        self.proxy.actions().iter().filter(|sent| *sent == action).count()
    }
}
