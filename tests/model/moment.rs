//! Timestamps that the functions choose. The model does not know one until an answer shows it.

use serde_json::Value;
use shared::model::Timestamp;

/// A time between two bounds, both included. The bounds are equal once the time is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    from: String,
    to: String,
}

impl Moment {
    /// The current time.
    pub fn now() -> Self {
        let now = Timestamp::now().as_str().to_owned();
        Self { from: now.clone(), to: now }
    }

    /// A time from this one to `end`, or any later time if there is no end.
    pub fn until(&self, end: Option<&Self>) -> Self {
        let to = end.map_or("9999", |end| end.to.as_str());
        Self { from: self.from.clone(), to: to.to_owned() }
    }

    /// Takes the time that an answer shows, if it is possible.
    pub fn learn(&mut self, shown: &Value) {
        if let Some(shown) = shown.as_str()
            && (self.from.as_str()..=self.to.as_str()).contains(&shown)
        {
            *self = Self { from: shown.to_owned(), to: shown.to_owned() };
        }
    }

    /// The time, or its bounds.
    pub fn text(&self) -> String {
        if self.from == self.to { self.from.clone() } else { format!("{} to {}", self.from, self.to) }
    }
}
