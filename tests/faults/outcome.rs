//! The outcome of a call, and whether its faults allow that outcome.

use crate::calls::Call;
use crate::contents::{holds, masked, texts};
use crate::filling::Filling;
use crate::pace::Pace;
use crate::world::World;
use serde_json::{Value, json};
use shared::edge::FUNCTION_TIMEOUT;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// The results of a call without faults, and of the same call repeated. All values except `before` are
/// masked.
pub struct Normal {
    before: Value,
    known: BTreeSet<String>,
    answer: Value,
    after: Value,
    answer_again: Value,
    after_again: Value,
    /// The actions of its requests to DynamoDB.
    pub actions: Vec<String>,
}

/// The outcome of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The same answer as without faults.
    Right,
    /// Answered 503, and nothing written.
    Unavailable,
    /// Answered 503, although the write was made.
    UnavailableThoughDone,
    /// Answered 409 `conflict` or `idempotency_in_progress`, and nothing written.
    Conflict,
}

/// The outcomes that the faults of a call allow.
#[derive(Debug, Clone, Copy)]
pub struct Allowed {
    /// 503.
    pub failure: bool,
    /// 409 `conflict` or `idempotency_in_progress`.
    pub conflict: bool,
    /// No more requests to DynamoDB than without faults.
    pub unnoticed: bool,
}

impl Outcome {
    /// A short text for a table.
    pub fn text(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Unavailable => "unavailable",
            Self::UnavailableThoughDone => "unavailable though done",
            Self::Conflict => "conflict",
        }
    }
}

impl Normal {
    pub async fn of(call: &Call, filling: &Arc<Filling>) -> Self {
        let world = World::new(filling).await;
        let before = world.contents().await;
        let known = texts(&before);
        let mask = |value: &Value| masked(value, &known);
        let (answer, _) = world.send(call, FUNCTION_TIMEOUT).await;
        assert_eq!(answer["status"], call.status, "{}: {answer}", call.name);
        let actions = world.proxy.actions();
        let after = mask(&world.contents().await);
        let (answer_again, _) = world.send(call, FUNCTION_TIMEOUT).await;
        let after_again = mask(&world.contents().await);
        let (answer, answer_again) = (mask(&answer), mask(&answer_again));
        world.end();
        Self { before, known, answer, after, answer_again, after_again, actions }
    }

    /// True if the call leaves the table unchanged.
    pub fn changes_nothing(&self) -> bool {
        self.mask(&self.before) == self.after
    }

    /// Makes the call with faults, and then again without. The error says which result is wrong.
    pub async fn compare(
        &self,
        call: &Call,
        world: &World,
        time: Duration,
        allowed: Allowed,
        pace: &Pace,
    ) -> Result<Outcome, String> {
        let before = pace.lost();
        let (answer, took) = world.send(call, time).await;
        let lost = pace.lost() - before;
        world.proxy.end();
        if !allowed.unnoticed && world.proxy.actions().len() <= self.actions.len() {
            return Err("no request met the fault".to_owned());
        }
        if took >= time + lost {
            return Err(format!("it took {took:?}, longer than its limit of {time:?} and the lost {lost:?}"));
        }
        let contents = world.contents().await;
        let (unchanged, done) = (contents == self.before, self.mask(&contents) == self.after);
        if !unchanged && !done {
            return Err(format!(
                "the table is neither unchanged nor fully changed:\n{}\n{answer}",
                self.mask(&contents)
            ));
        }
        let outcome = self.outcome(&answer, &contents, done, allowed)?;
        // A call that changes nothing leaves the table both unchanged and done.
        let (expected, state) = if done && (!unchanged || outcome == Outcome::Right) {
            (&self.answer_again, &self.after_again)
        } else {
            (&self.answer, &self.after)
        };
        let (again, _) = world.send(call, FUNCTION_TIMEOUT).await;
        let contents = self.mask(&world.contents().await);
        if self.mask(&again) != *expected {
            return Err(format!("answered {answer}\nand, repeated, {again}\ninstead of {expected}"));
        }
        if contents != *state {
            return Err(format!(
                "answered {answer}\nand, repeated, {again}\n\
                 The table then contains\n{contents}\ninstead of\n{state}"
            ));
        }
        Ok(outcome)
    }

    fn outcome(
        &self,
        answer: &Value,
        contents: &Value,
        done: bool,
        allowed: Allowed,
    ) -> Result<Outcome, String> {
        let unchanged = *contents == self.before;
        let code = answer["body"]["code"].as_str().unwrap_or_default();
        let refused =
            matches!((answer["status"].as_u64(), code), (Some(409), "conflict" | "idempotency_in_progress"));
        if self.mask(answer) == self.answer {
            return match answer["body"]["token"].as_str() {
                _ if !done => Err(format!("answered, but not done: {answer}")),
                Some(token) if !holds(contents, token) => {
                    Err(format!("a token that is not stored: {answer}"))
                }
                _ => Ok(Outcome::Right),
            };
        }
        if refused && allowed.conflict {
            return if unchanged {
                Ok(Outcome::Conflict)
            } else {
                Err(format!("refused, but done: {answer}"))
            };
        }
        if allowed.failure && (&answer["status"], code) == (&json!(503), "service_unavailable") {
            return match &answer["retryAfter"] {
                Value::String(seconds) if seconds.parse::<u32>().is_ok_and(|seconds| seconds > 0) => {
                    Ok(if unchanged { Outcome::Unavailable } else { Outcome::UnavailableThoughDone })
                }
                other => Err(format!("503 with a wrong Retry-After: {other}")),
            };
        }
        Err(format!("{answer}\ninstead of {}", self.answer))
    }

    fn mask(&self, value: &Value) -> Value {
        masked(value, &self.known)
    }
}
