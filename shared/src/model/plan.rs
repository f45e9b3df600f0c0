use super::{Caller, Invalid, OrganizationId, Timestamp};
use serde::{Deserialize, Serialize};
use std::num::NonZero;

/// The units of a billing period that the plan includes: what is used beyond them is overage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32")]
pub struct IncludedUnits(u32);

impl IncludedUnits {
    const MAX: u32 = 1_000_000_000;

    /// So many units.
    ///
    /// # Errors
    /// When `units` is not from 0 to 1,000,000,000.
    pub fn parse(units: i128) -> Result<Self, Invalid> {
        let units = u32::try_from(units).ok().filter(|units| *units <= Self::MAX).map(Self);
        units.ok_or(Invalid::new("range", "includedUnits must be an integer from 0 to 1000000000."))
    }

    /// The number of units.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for IncludedUnits {
    type Error = &'static str;

    fn try_from(units: u32) -> Result<Self, Self::Error> {
        Self::parse(units.into()).map_err(|invalid| invalid.message)
    }
}

/// How many members an organization may have. `None` means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Option<u32>")]
pub struct MaxMembers(Option<NonZero<u32>>);

impl MaxMembers {
    /// No limit.
    pub const UNLIMITED: Self = Self(None);

    const MAX: u32 = 1_000_000;

    /// A limit of so many members.
    ///
    /// # Errors
    /// When `members` is not from 1 to 1,000,000.
    pub fn members(members: i128) -> Result<Self, Invalid> {
        let members = u32::try_from(members).ok().filter(|members| *members <= Self::MAX);
        members.and_then(NonZero::new).map(|members| Self(Some(members))).ok_or(Invalid::new(
            "range",
            "maxMembers must be an integer from 1 to 1000000, or null for no limit.",
        ))
    }

    /// The limit, if there is one.
    pub const fn get(self) -> Option<NonZero<u32>> {
        self.0
    }
}

impl TryFrom<Option<u32>> for MaxMembers {
    type Error = &'static str;

    fn try_from(members: Option<u32>) -> Result<Self, Self::Error> {
        let members = members.map_or(Ok(Self::UNLIMITED), |members| Self::members(members.into()));
        members.map_err(|invalid| invalid.message)
    }
}

/// The limits to change. `None` leaves a limit unchanged.
#[derive(Debug, Clone, Copy)]
pub struct PlanChanges {
    /// The units that the plan includes.
    pub included_units: Option<IncludedUnits>,
    /// How many members the organization may have.
    pub max_members: Option<MaxMembers>,
}

/// What an organization's plan allows, with the time and the caller of the last change to the organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The units of a billing period that the plan includes.
    pub included_units: IncludedUnits,
    /// How many members the organization may have.
    pub max_members: MaxMembers,
    /// When it was set.
    pub updated_at: Timestamp,
    /// Who set it.
    pub updated_by: Caller,
    /// The organization's version after this change.
    pub version: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_out_of_range_are_refused() {
        assert_eq!(IncludedUnits::parse(0), Ok(IncludedUnits::default()));
        assert_eq!(IncludedUnits::parse(1_000_000_000).unwrap().get(), 1_000_000_000);
        for units in [-1, 1_000_000_001, i128::MAX, i128::MIN, 1 << 32] {
            assert_eq!(IncludedUnits::parse(units).unwrap_err().rule, "range", "{units}");
        }
        assert_eq!(MaxMembers::members(1).unwrap().get(), NonZero::new(1));
        assert!(MaxMembers::members(1_000_000).is_ok());
        for members in [-1, 0, 1_000_001, i128::MAX, i128::MIN, 1 << 32] {
            assert_eq!(MaxMembers::members(members).unwrap_err().rule, "range", "{members}");
        }
    }
}
