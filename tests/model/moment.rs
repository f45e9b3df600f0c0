//! Timestamps that the functions choose. The model does not know one until an answer shows it.

use serde_json::Value;
use shared::model::Timestamp;

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// Later than every timestamp.
const FOREVER: &str = "9999";

/// A point in time that the test knows.
#[derive(Debug, Clone)]
pub struct Now {
    text: String,
    /// After 1970.
    seconds: u64,
}

impl Now {
    /// The current time.
    pub fn read() -> Self {
        Self { text: Timestamp::now().as_str().to_owned(), seconds: Timestamp::seconds_now() }
    }
}

/// The time of a request. A request without an end was not answered, and may be executed at any later time.
#[derive(Debug, Clone)]
pub struct Time {
    pub start: Now,
    pub end: Option<Now>,
}

impl Time {
    /// An unknown time during the request.
    pub fn moment(&self) -> Moment {
        let to = self.end.as_ref().map_or(FOREVER, |end| &end.text);
        Moment { from: self.start.text.clone(), to: to.to_owned() }
    }

    /// A number of days after an unknown time during the request, in whole seconds.
    pub fn in_days(&self, days: u64) -> Moment {
        let later = |now: &Now| Timestamp::from_seconds(now.seconds + days * SECONDS_PER_DAY).unwrap();
        let to = self.end.as_ref().map_or_else(|| FOREVER.to_owned(), |end| later(end).as_str().to_owned());
        Moment { from: later(&self.start).as_str().to_owned(), to }
    }
}

/// A time between two bounds, both included. The bounds are equal once the time is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    from: String,
    to: String,
}

impl Moment {
    /// True if this can be the time that an answer shows.
    pub fn can_be(&self, shown: &Value) -> bool {
        shown.as_str().is_some_and(|shown| (self.from.as_str()..=self.to.as_str()).contains(&shown))
    }

    /// Takes the time that an answer shows, if it is possible.
    pub fn learn(&mut self, shown: &Value) {
        if let Some(time) = shown.as_str().filter(|_| self.can_be(shown)) {
            *self = Self { from: time.to_owned(), to: time.to_owned() };
        }
    }

    /// The earliest possible time.
    pub fn earliest(&self) -> &str {
        &self.from
    }

    /// The time, or its bounds.
    pub fn text(&self) -> String {
        if self.from == self.to { self.from.clone() } else { format!("{} to {}", self.from, self.to) }
    }
}
