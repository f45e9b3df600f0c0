//! The attempts that the SDK leaves to its callers.

use super::deadline::{self, ATTEMPT_TIMEOUT};
use super::in_doubt::InDoubt;
use crate::error::Error;
use std::time::Duration;

/// Attempts at one piece of work.
const MAX_ATTEMPTS: u32 = 5;

/// A transaction was canceled because this is throttled. To the SDK it is a refusal like any other.
#[derive(Debug, thiserror::Error)]
#[error("transaction canceled: {0}")]
pub(in crate::store) struct Throttled(pub String);

/// The attempts at one piece of work: at most [`MAX_ATTEMPTS`], with pauses between them.
#[derive(Debug, Default)]
pub(in crate::store) struct Attempts {
    failures: u32,
    in_doubt: InDoubt,
}

impl Attempts {
    /// What every sending of the write must carry.
    pub(in crate::store) fn in_doubt(&self) -> InDoubt {
        self.in_doubt.clone()
    }

    /// Notes that DynamoDB refused the write: no sending before that was made either.
    pub(in crate::store) fn refused(&self) {
        self.in_doubt.clear();
    }

    /// Takes the outcome of an attempt at a write. Gives what the write made, or `None`, after a pause,
    /// when it must be attempted again.
    ///
    /// An attempt is repeated when another transaction was writing the same item. It is repeated when
    /// DynamoDB throttled one item of the transaction. It is repeated when DynamoDB refused the write but
    /// the reason was gone before it could be read (`Ok(None)`).
    ///
    /// # Errors
    /// Any other error at once, and these when no attempts or no time are left. A conflict means that
    /// nothing was changed; if a sending went unacknowledged that is not certain, and the error is
    /// [`Error::ServiceUnavailable`].
    pub(in crate::store) async fn settle<T>(
        &mut self,
        outcome: Result<Option<T>, Error>,
    ) -> Result<Option<T>, Error> {
        let error = match outcome {
            Ok(Some(made)) => return Ok(Some(made)),
            Ok(None) => Error::Conflict,
            Err(error) => error,
        };
        let again = match &error {
            Error::Conflict => true,
            Error::ServiceUnavailable(cause) => cause.is::<Throttled>(),
            _ => false,
        };
        if again && self.pause().await {
            return Ok(None);
        }
        match error {
            Error::Conflict if self.in_doubt.any() => {
                Err(Error::ServiceUnavailable("a conflict, after a sending that was not answered".into()))
            }
            error => Err(error),
        }
    }

    /// Waits before the next attempt: exponential with full jitter, so that callers who collided do not
    /// meet again (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
    ///
    /// `false`, at once, if no attempt or no time for a whole attempt is left.
    pub(in crate::store) async fn pause(&mut self) -> bool {
        self.failures += 1;
        let pause = Duration::from_millis(fastrand::u64(0..=25 << self.failures));
        if self.failures >= MAX_ATTEMPTS || deadline::left() < pause + ATTEMPT_TIMEOUT {
            return false;
        }
        tokio::time::sleep(pause).await;
        true
    }
}

/// Repeats a read until DynamoDB answers it, or no attempts or no time are left. For reads that answer a
/// write that was made: giving up early would report the write as failed.
pub(in crate::store) async fn while_unavailable<T, F>(read: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut attempts = Attempts::default();
    loop {
        match read().await {
            Err(Error::ServiceUnavailable(_)) if attempts.pause().await => {}
            result => return result,
        }
    }
}
