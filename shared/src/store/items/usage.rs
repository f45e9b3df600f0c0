use crate::model::{IncludedUnits, MaxOverages, Timestamp};
use serde::Deserialize;

/// What an organization has used in a billing period, in the organization's partition. `record_usage` writes it,
/// attribute by attribute. Its `includedUnits` and `maxOverages` are the limit that the last report was judged by.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::store) struct UsageItem {
    pub used: u64,
    /// The organization's version that the last report was judged by. A report judged by an earlier version, whose
    /// limit may be another one, is refused.
    pub fence: u64,
    pub included_units: IncludedUnits,
    /// NULL means no limit, and a missing attribute is an error, as in the organization's item.
    #[serde(deserialize_with = "MaxOverages::deserialize")]
    pub max_overages: MaxOverages,
    /// The ids of the last reports, newest first: ULIDs, which begin with the time.
    last_mutations: Vec<String>,
    /// When the period takes no more reports, in seconds after 1970. The table's TTL attribute.
    expires_at: u64,
}

impl UsageItem {
    /// The units used. TTL may delete the item days late.
    pub(in crate::store) fn used_now(&self) -> u64 {
        if self.expires_at <= Timestamp::seconds_now() { 0 } else { self.used }
    }

    /// True if this report is one of the last.
    pub(in crate::store) fn remembers(&self, mutation: &str) -> bool {
        self.last_mutations.iter().any(|one| one == mutation)
    }

    /// True if the oldest of the last reports was made after this time. Then reports of that time may be
    /// forgotten.
    pub(in crate::store) fn may_have_forgotten(&self, time: &str) -> bool {
        self.last_mutations.last().is_none_or(|oldest| oldest.as_str() >= time)
    }
}
