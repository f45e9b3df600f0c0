use super::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;
use time::{Date, Duration, Month, OffsetDateTime};

/// A billing period, named by its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Period(Date);

impl Period {
    /// For how many days after its first day a period takes reports.
    const REPORTED_DAYS: i64 = 400;

    /// Reads `2026-11-15`, or `2026-11` for the first day of a month.
    ///
    /// # Errors
    /// When it is neither, or there is no such day.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let date = match *text.as_bytes() {
            [_, _, _, _, b'-', _, _] => date(text, "01"),
            [_, _, _, _, b'-', _, _, b'-', _, _] => {
                text.split_at_checked(7).and_then(|(month, day)| date(month, day.strip_prefix('-')?))
            }
            _ => None,
        };
        date.map(Self).ok_or(Invalid::new(
            "format",
            "The period must be a month such as 2026-11, or the first day of the billing period such as 2026-11-15.",
        ))
    }

    /// The current month in UTC.
    pub fn current() -> Self {
        let today = today();
        Self(today.replace_day(1).unwrap_or(today))
    }

    /// Refuses a period that takes no reports today.
    ///
    /// # Errors
    /// When it begins later than today in UTC, or more than 400 days ago.
    pub fn reportable(self) -> Result<Self, Invalid> {
        let age = today() - self.0;
        if age < Duration::ZERO {
            return Err(Invalid::new("future", "The period must not begin later than today in UTC."));
        }
        if age > Duration::days(Self::REPORTED_DAYS) {
            return Err(Invalid::new("past", "The period must not begin more than 400 days ago."));
        }
        Ok(self)
    }

    /// When it takes no more reports, in seconds after 1970.
    pub fn end_of_reports(self) -> u64 {
        let end = self.0.midnight().assume_utc() + Duration::days(Self::REPORTED_DAYS + 1);
        end.unix_timestamp().try_into().unwrap_or_default()
    }
}

/// The day of a month such as `2026-11`.
fn date(month: &str, day: &str) -> Option<Date> {
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
    let (year, month) = month.split_once('-')?;
    let year = year.bytes().all(|byte| byte.is_ascii_digit()).then(|| year.parse().ok())??;
    Date::from_calendar_date(year, Month::try_from(number(month)?).ok()?, number(day)?).ok()
}

fn today() -> Date {
    OffsetDateTime::now_utc().date()
}

impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.to_calendar_date();
        write!(formatter, "{year:04}-{:02}-{day:02}", u8::from(month))
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

impl TryFrom<String> for Period {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).map_err(|invalid| invalid.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_its_first_day() {
        for (text, day) in [
            ("2026-11", "2026-11-01"),
            ("2026-11-01", "2026-11-01"),
            ("2028-02-29", "2028-02-29"),
            ("0001-01", "0001-01-01"),
        ] {
            assert_eq!(Period::parse(text).unwrap().to_string(), day);
        }
        for text in [
            "",
            "2026",
            "2026-1",
            "2026-13",
            "2026-00",
            "2026-11-00",
            "2026-11-31",
            "2026-02-29",
            "26-11-01",
            "2026/11/01",
            "2026-11-1",
            " 2026-11",
            "2026-11-01T",
            "+026-11",
            "-026-11",
            "2026-+1",
            "2026-11-+1",
            "２026-11",
            "2026-1１",
        ] {
            assert_eq!(Period::parse(text).unwrap_err().rule, "format", "{text:?}");
        }
    }

    #[test]
    fn a_period_takes_reports_from_its_first_day_for_400_days() {
        let in_days = |days| Period(today() + Duration::days(days));
        for (days, rule) in [(-401, Some("past")), (-400, None), (0, None), (1, Some("future"))] {
            assert_eq!(in_days(days).reportable().err().map(|invalid| invalid.rule), rule, "{days}");
        }
        assert!(Period::current().reportable().is_ok());
        let end = Period::parse("2026-01-01").unwrap().end_of_reports();
        // `date -u -d '2026-01-01 + 401 days' +%s`
        assert_eq!(end, 1_801_872_000);
    }
}
