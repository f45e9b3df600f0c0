use super::{IncludedUnits, Limit, OrganizationId, Period};
use serde::Serialize;

/// A part of an organization's overage limit that its usage has reached in a billing period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReachedThreshold {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The first day of the billing period.
    pub period: Period,
    /// How much of the limit, in percent.
    pub threshold: u8,
    /// The units used.
    pub used: u64,
    /// The units that the plan includes.
    pub included_units: IncludedUnits,
    /// The units used beyond those.
    pub overages: u64,
    /// The limit of the overages.
    pub max_overages: u32,
}

impl ReachedThreshold {
    /// The parts that are told, in percent.
    pub const PERCENT: [u8; 3] = [50, 80, 100];

    /// The part of `limit` that is reached with `used` units, for each of [`Self::PERCENT`]. Without overages, or
    /// without a limit of them, there is none.
    pub fn reached(
        organization: &OrganizationId,
        period: Period,
        limit: Limit,
        used: u64,
    ) -> impl Iterator<Item = Self> {
        let overages = used.saturating_sub(limit.included_units.get().into());
        let max = limit.max_overages.get().filter(|max| *max > 0);
        let is_reached = move |percent: &u8| {
            max.is_some_and(|max| u128::from(overages) * 100 >= u128::from(max) * u128::from(*percent))
        };
        Self::PERCENT.into_iter().filter(is_reached).map(move |threshold| Self {
            organization_id: organization.clone(),
            period,
            threshold,
            used,
            included_units: limit.included_units,
            overages,
            max_overages: max.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MaxOverages;

    fn reached(included: i128, max: MaxOverages, used: u64) -> Vec<u8> {
        let limit = Limit { included_units: IncludedUnits::parse(included).unwrap(), max_overages: max };
        let (id, period) = (OrganizationId::generate(), Period::current());
        ReachedThreshold::reached(&id, period, limit, used).map(|reached| reached.threshold).collect()
    }

    #[test]
    fn a_threshold_is_a_part_of_the_overages() {
        let max = MaxOverages::units(10).unwrap();
        for (used, thresholds) in [
            (104, &[][..]),
            (105, &[50]),
            (107, &[50]),
            (108, &[50, 80]),
            (110, &[50, 80, 100]),
            (999, &[50, 80, 100]),
        ] {
            assert_eq!(reached(100, max, used), thresholds, "{used}");
        }
        assert_eq!(reached(0, MaxOverages::units(1).unwrap(), 1), [50, 80, 100]);
    }

    #[test]
    fn without_overages_or_without_a_limit_there_is_no_threshold() {
        assert!(reached(100, MaxOverages::NONE, 200).is_empty());
        assert!(reached(100, MaxOverages::UNLIMITED, 200).is_empty());
        assert!(reached(100, MaxOverages::units(10).unwrap(), 100).is_empty());
    }
}
