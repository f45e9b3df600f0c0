use super::Invalid;
use serde::{Deserialize, Serialize};

/// The most overage units that may be billed beyond the plan in one billing period.
/// 0 means none; `None` means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Option<u32>")]
pub struct MaxOverages(Option<u32>);

impl MaxOverages {
    /// Where a new organization starts, so that nobody is billed for what they did not switch on.
    pub const NONE: Self = Self(Some(0));

    /// No limit at all.
    pub const UNLIMITED: Self = Self(None);

    const MOST: u32 = 1_000_000_000;

    /// # Errors
    /// When the number is not in 0 … 1,000,000,000.
    pub fn units(units: i128) -> Result<Self, Invalid> {
        u32::try_from(units).ok().filter(|units| *units <= Self::MOST).map(|units| Self(Some(units))).ok_or(
            Invalid::new("range", "maxOverages is an integer from 0 to 1000000000, or null for no limit."),
        )
    }
}

impl TryFrom<Option<u32>> for MaxOverages {
    type Error = &'static str;

    fn try_from(units: Option<u32>) -> Result<Self, Self::Error> {
        units
            .map_or(Ok(Self::UNLIMITED), |units| Self::units(units.into()))
            .map_err(|invalid| invalid.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_is_closed() {
        assert_eq!(MaxOverages::units(0), Ok(MaxOverages::NONE));
        assert!(MaxOverages::units(1_000_000_000).is_ok());
        for units in [-1, 1_000_000_001, i128::MAX, i128::MIN, 1 << 32] {
            assert_eq!(MaxOverages::units(units).unwrap_err().rule, "range", "{units}");
        }
    }
}
