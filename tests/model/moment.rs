//! Moments that the functions choose, and no answer may have shown yet.

use serde_json::Value;
use shared::model::Timestamp;

/// A moment between two, both included; the same two once it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    from: String,
    to: String,
}

impl Moment {
    /// The present one.
    pub fn now() -> Self {
        let now = Timestamp::now().as_str().to_owned();
        Self { from: now.clone(), to: now }
    }

    /// One from this to `end`, or to any later one.
    pub fn until(&self, end: Option<&Self>) -> Self {
        let to = end.map_or("9999", |end| end.to.as_str());
        Self { from: self.from.clone(), to: to.to_owned() }
    }

    /// Takes it from an answer, where it may be what that shows.
    pub fn learn(&mut self, shown: &Value) {
        if let Some(shown) = shown.as_str()
            && (self.from.as_str()..=self.to.as_str()).contains(&shown)
        {
            *self = Self { from: shown.to_owned(), to: shown.to_owned() };
        }
    }

    /// The moment, or between which two it is.
    pub fn text(&self) -> String {
        if self.from == self.to { self.from.clone() } else { format!("{} to {}", self.from, self.to) }
    }
}
