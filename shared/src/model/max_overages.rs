use super::Invalid;
use serde::{Deserialize, Serialize};

/// The maximum number of overage units billed beyond the plan in one billing period. `None` means no
/// limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Option<u32>")]
pub struct MaxOverages(Option<u32>);

impl MaxOverages {
    /// The default for a new organization, so that nobody is billed for overages without opting in.
    pub const NONE: Self = Self(Some(0));

    /// No limit.
    pub const UNLIMITED: Self = Self(None);

    const MAX_UNITS: u32 = 1_000_000_000;

    /// The limit, if there is one.
    pub const fn get(self) -> Option<u32> {
        self.0
    }

    /// A limit of `units`.
    ///
    /// # Errors
    /// When `units` is not from 0 to 1,000,000,000.
    pub fn units(units: i128) -> Result<Self, Invalid> {
        u32::try_from(units)
            .ok()
            .filter(|units| *units <= Self::MAX_UNITS)
            .map(|units| Self(Some(units)))
            .ok_or(Invalid::new(
                "range",
                "maxOverages must be an integer from 0 to 1000000000, or null for no limit.",
            ))
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
    fn units_out_of_range_are_refused() {
        assert_eq!(MaxOverages::units(0), Ok(MaxOverages::NONE));
        assert!(MaxOverages::units(1_000_000_000).is_ok());
        for units in [-1, 1_000_000_001, i128::MAX, i128::MIN, 1 << 32] {
            assert_eq!(MaxOverages::units(units).unwrap_err().rule, "range", "{units}");
        }
    }
}
