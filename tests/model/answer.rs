//! Answers: those of the functions, and those of the model.

use crate::model::Refusal;
use crate::request::Call;
use serde_json::{Value, json};

/// The maximum length of a page.
pub const MAX_PAGE: usize = 1000;

/// The answer to a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    /// `null` if there is none.
    pub body: Value,
    pub etag: Option<String>,
    pub location: Option<String>,
    /// True for a repetition of the first answer to an `Idempotency-Key`.
    pub replayed: bool,
    pub next: Next,
}

/// Whether a list has another page.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    None,
    /// The next page, relative to the list. The model does not know it.
    Page(String),
    /// In the model's answer: there may be another page, without items.
    Open,
}

impl Answer {
    /// An answer with a body and nothing else.
    pub fn ok(body: Value) -> Self {
        Self { status: 200, body, etag: None, location: None, replayed: false, next: Next::None }
    }

    /// The answer to a refused request.
    pub fn refusal((status, code, details): Refusal) -> Self {
        Self { status, ..Self::ok(json!({ "code": code, "details": details })) }
    }

    /// The page of a list that a call asks for. Between the items there are `hidden` ones that are not
    /// listed: a page on which they have a place is shorter. Its length is taken from `shown`.
    pub fn page(call: &Call, mut list: Vec<Value>, hidden: usize, shown: &Value) -> Self {
        let mut rest = list.split_off(call.page.as_ref().map_or(0, |(before, _)| *before).min(list.len()));
        let most = call.action().limit().unwrap_or(MAX_PAGE);
        let full = most.min(rest.len());
        let is_open = rest.len() + hidden > most && hidden > 0;
        let length = shown.as_array().map_or(full, Vec::len).min(full);
        let length = if is_open { length } else { full };
        let next = match rest.len() > length {
            true => Next::Page(String::new()),
            false if is_open => Next::Open,
            false => Next::None,
        };
        rest.truncate(length);
        Self { next, ..Self::ok(Value::Array(rest)) }
    }

    /// The error says how the answer differs from the expected one.
    pub fn differs(&self, mut expected: Self) -> Result<(), String> {
        if let (Next::Page(_), Next::Page(_)) | (_, Next::Open) = (&self.next, &expected.next) {
            expected.next = self.next.clone();
        }
        let answer = self.without_message()?;
        if answer == expected {
            Ok(())
        } else {
            Err(format!("{answer:?}\n  but the model expects\n  {expected:?}"))
        }
    }

    /// The same answer without these fields of its body, or of the items in its list.
    pub fn without(mut self, fields: &[&str]) -> Self {
        let bodies = match &mut self.body {
            Value::Array(items) => items.as_mut_slice(),
            body => std::slice::from_mut(body),
        };
        for body in bodies.iter_mut().filter_map(Value::as_object_mut) {
            body.retain(|name, _| !fields.contains(&name.as_str()));
        }
        self
    }

    /// The code of an error.
    pub fn code(&self) -> Option<&str> {
        self.body["code"].as_str().filter(|_| self.status >= 400)
    }

    /// The same answer without an error's message, which must not be empty.
    fn without_message(&self) -> Result<Self, String> {
        let mut answer = self.clone();
        if let (400.., Some(error)) = (self.status, answer.body.as_object_mut()) {
            let message = error.remove("message");
            error.entry("details").or_insert(Value::Null);
            if message.as_ref().and_then(Value::as_str).is_none_or(str::is_empty) {
                return Err(format!("an error without a message: {self:?}"));
            }
        }
        Ok(answer)
    }
}
