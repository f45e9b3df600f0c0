//! Moments that the functions choose. The model does not know one before an answer shows it.

use serde_json::Value;
use shared::model::Timestamp;

/// A moment between two, both included. The two are the same once the moment is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    from: String,
    to: String,
}

impl Moment {
    /// The present moment.
    pub fn now() -> Self {
        let now = Timestamp::now().as_str().to_owned();
        Self { from: now.clone(), to: now }
    }

    /// A moment from this one to `end`, or later if there is no end.
    pub fn until(&self, end: Option<&Self>) -> Self {
        let to = end.map_or("9999", |end| end.to.as_str());
        Self { from: self.from.clone(), to: to.to_owned() }
    }

    /// Takes the moment that an answer shows, if it is possible.
    pub fn learn(&mut self, shown: &Value) {
        if let Some(shown) = shown.as_str()
            && (self.from.as_str()..=self.to.as_str()).contains(&shown)
        {
            *self = Self { from: shown.to_owned(), to: shown.to_owned() };
        }
    }

    /// The moment, or the two that it is between.
    pub fn text(&self) -> String {
        if self.from == self.to { self.from.clone() } else { format!("{} to {}", self.from, self.to) }
    }
}
