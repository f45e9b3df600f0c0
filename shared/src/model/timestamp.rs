use serde::{Deserialize, Serialize};
use std::num::NonZero;
use time::OffsetDateTime;
use time::format_description::well_known::iso8601::{Config, EncodedConfig, TimePrecision};
use time::format_description::well_known::{Iso8601, Rfc3339};

/// Milliseconds, because the clocks of different machines do not agree more precisely. Always three
/// digits, so that timestamps compare correctly as text.
const MILLISECONDS: EncodedConfig =
    Config::DEFAULT.set_time_precision(TimePrecision::Second { decimal_digits: NonZero::new(3) }).encode();

/// A time in UTC, to the millisecond, in RFC 3339 format: `2026-01-31T12:00:00.000Z`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timestamp(String);

impl Timestamp {
    /// The current time.
    ///
    /// # Panics
    /// From the year 10000 on, which RFC 3339 cannot represent.
    #[expect(clippy::expect_used, reason = "unreachable before the year 10000")]
    pub fn now() -> Self {
        let text = OffsetDateTime::now_utc().format(&Iso8601::<MILLISECONDS>);
        Self(text.expect("a year of four digits"))
    }

    /// A number of seconds after 1970, or `None` after the year 9999, which RFC 3339 cannot represent.
    pub fn from_seconds(seconds: u64) -> Option<Self> {
        let time = OffsetDateTime::from_unix_timestamp(seconds.try_into().ok()?).ok()?;
        time.format(&Iso8601::<MILLISECONDS>).ok().map(Self)
    }

    /// The current time in seconds after 1970: the unit of the table's TTL attribute.
    pub fn seconds_now() -> u64 {
        OffsetDateTime::now_utc().unix_timestamp().try_into().unwrap_or_default()
    }

    /// In seconds after 1970, rounded down. A malformed one, which no code makes, counts as 1970.
    pub fn as_seconds(&self) -> u64 {
        let time = OffsetDateTime::parse(&self.0, &Rfc3339).map_or(0, OffsetDateTime::unix_timestamp);
        time.try_into().unwrap_or_default()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_after_1970_are_a_timestamp() {
        assert_eq!(Timestamp::from_seconds(1_785_585_600).unwrap().as_str(), "2026-08-01T12:00:00.000Z");
        assert_eq!(Timestamp::from_seconds(u64::MAX), None);
        assert_eq!(Timestamp::from_seconds(1_785_585_600).unwrap().as_seconds(), 1_785_585_600);
        let now = Timestamp::from_seconds(Timestamp::seconds_now()).unwrap();
        assert!(now.as_str() <= Timestamp::now().as_str());
    }

    #[test]
    fn now_is_rfc_3339_in_utc_with_milliseconds() {
        let now = Timestamp::now();
        let shape: String = now.as_str().chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(shape, "0000-00-00T00:00:00.000Z");
    }
}
