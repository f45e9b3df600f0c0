use super::{IncludedUnits, Invalid, MaxOverages, OrganizationId, Period};
use serde::Serialize;

/// The units of a report: how many were used or, if negative, given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Units(i64);

impl Units {
    const MAX: i64 = 1_000_000_000;

    /// So many units.
    ///
    /// # Errors
    /// When `units` is 0, or not from -1,000,000,000 to 1,000,000,000.
    pub fn parse(units: i128) -> Result<Self, Invalid> {
        let units = i64::try_from(units).ok().filter(|units| (-Self::MAX..=Self::MAX).contains(units));
        units.filter(|units| *units != 0).map(Self).ok_or(Invalid::new(
            "range",
            "units must be an integer from -1000000000 to 1000000000, and not 0.",
        ))
    }

    /// The number of units.
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// What becomes of a report that does not fit the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OverLimit {
    /// All of it is refused.
    #[default]
    Refuse,
    /// What fits is recorded, which may be nothing.
    Partial,
    /// It is recorded: the usage has happened already.
    Record,
}

impl OverLimit {
    /// Reads `refuse`, `partial` or `record`.
    ///
    /// # Errors
    /// When it is something else.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "refuse" => Ok(Self::Refuse),
            "partial" => Ok(Self::Partial),
            "record" => Ok(Self::Record),
            _ => Err(Invalid::new("enum", "overLimit must be refuse, partial or record.")),
        }
    }

    /// The text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Partial => "partial",
            Self::Record => "record",
        }
    }
}

/// A report of usage.
#[derive(Debug, Clone, Copy)]
pub struct Report {
    /// How many units.
    pub units: Units,
    /// The period, if the request names one.
    pub period: Option<Period>,
    /// What to do if it does not fit the limit.
    pub over_limit: OverLimit,
}

/// The answer to a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The usage with this report, and the units that were recorded.
    pub usage: Usage,
    /// True if an earlier request with the same `Idempotency-Key` was recorded.
    pub is_replayed: bool,
}

/// What an organization has used in a billing period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The period.
    pub period: Period,
    /// The units used.
    pub used: u64,
    /// The units that the plan includes.
    pub included_units: IncludedUnits,
    /// The units used beyond those that the plan includes.
    pub overages: u64,
    /// How many overage units may be used.
    pub max_overages: MaxOverages,
    /// The units that are left, or `None` without a limit.
    pub remaining: Option<u64>,
    /// The units that this report added; `None` if there is no report. Negative if units were given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<i64>,
}

/// The limit of an organization's periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The units that the plan includes.
    pub included_units: IncludedUnits,
    /// How many overage units may be used.
    pub max_overages: MaxOverages,
}

impl Limit {
    /// The largest total of a period, with or without a limit: the largest integer that all JSON parsers read
    /// exactly (RFC 8259 §6).
    pub const MAX_USED: u64 = (1 << 53) - 1;

    /// How many units a period may have, or `None` without a limit.
    pub fn units(self) -> Option<u64> {
        self.max_overages.get().map(|overages| u64::from(self.included_units.get()) + u64::from(overages))
    }

    /// The units left at this total, or `None` without a limit.
    pub fn remaining(self, used: u64) -> Option<u64> {
        self.units().map(|limit| limit.saturating_sub(used))
    }

    /// The total of a period, as it stands under this limit.
    pub fn usage(
        self,
        organization_id: OrganizationId,
        period: Period,
        used: u64,
        recorded: Option<i64>,
    ) -> Usage {
        Usage {
            organization_id,
            period,
            used,
            included_units: self.included_units,
            overages: used.saturating_sub(self.included_units.get().into()),
            max_overages: self.max_overages,
            remaining: self.remaining(used),
            recorded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_out_of_range_are_refused() {
        for units in [1, -1, 1_000_000_000, -1_000_000_000] {
            assert_eq!(i128::from(Units::parse(units).unwrap().get()), units);
        }
        for units in [0, 1_000_000_001, -1_000_000_001, i128::MAX, i128::MIN] {
            assert_eq!(Units::parse(units).unwrap_err().rule, "range", "{units}");
        }
    }

    #[test]
    fn overages_begin_beyond_the_included_units() {
        let limit = |max_overages| Limit { included_units: IncludedUnits::parse(100).unwrap(), max_overages };
        let id = OrganizationId::generate();
        let figures = |max_overages, used| {
            let usage = limit(max_overages).usage(id.clone(), Period::current(), used, None);
            (usage.overages, usage.remaining)
        };
        let ten = MaxOverages::units(10).unwrap();
        assert_eq!(figures(ten, 0), (0, Some(110)));
        assert_eq!(figures(ten, 100), (0, Some(10)));
        assert_eq!(figures(ten, 109), (9, Some(1)));
        assert_eq!(figures(ten, 111), (11, Some(0)));
        assert_eq!(figures(MaxOverages::NONE, 0), (0, Some(100)));
        assert_eq!(figures(MaxOverages::UNLIMITED, 111), (11, None));
    }
}
