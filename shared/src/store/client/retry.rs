//! Retries that the SDK leaves to its callers.

use super::deadline::{self, ATTEMPT_TIMEOUT};
use super::in_doubt::InDoubt;
use crate::error::Error;
use std::error::Error as StdError;
use std::time::Duration;

/// Maximum number of attempts.
const MAX_ATTEMPTS: u32 = 5;

/// A transaction was canceled by throttling. The SDK does not retry this.
#[derive(Debug, thiserror::Error)]
#[error("transaction canceled: {0}")]
pub(in crate::store) struct Throttled(pub String);

/// A request that can be retried, but that the SDK was told not to retry.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(in crate::store) struct NotRetried(pub Box<dyn StdError + Send + Sync>);

/// The attempts at one operation: at most [`MAX_ATTEMPTS`], with pauses between them.
#[derive(Debug, Default)]
pub(in crate::store) struct Attempts {
    failures: u32,
    in_doubt: InDoubt,
}

impl Attempts {
    /// The interceptor that counts every attempt at the write.
    pub(in crate::store) fn in_doubt(&self) -> InDoubt {
        self.in_doubt.clone()
    }

    /// True if an attempt went unacknowledged. Call only when none is in flight.
    pub(in crate::store) fn any_in_doubt(&self) -> bool {
        self.in_doubt.any()
    }

    /// Handles the outcome of an attempt at a write. Returns the result, or `None` after a pause if the
    /// write must be retried.
    ///
    /// A write is retried in these cases:
    /// - Another transaction was writing the same item.
    /// - DynamoDB throttled an item of the transaction.
    /// - DynamoDB refused the write, but no rule was broken any more when the items were read (`Ok(None)`).
    /// - DynamoDB was unavailable, and the SDK did not retry the write ([`NotRetried`]).
    ///
    /// # Errors
    /// In these cases, fails when no attempts or no time is left. In all others, fails immediately.
    /// [`Error::Conflict`] promises that nothing has changed. If an attempt went unacknowledged, it may
    /// have succeeded, so the error is [`Error::ServiceUnavailable`] instead.
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
            Error::Conflict | Error::IdempotencyInProgress => true,
            Error::ServiceUnavailable(cause) => cause.is::<Throttled>() || cause.is::<NotRetried>(),
            _ => false,
        };
        if again && self.pause().await {
            return Ok(None);
        }
        match error {
            Error::Conflict | Error::IdempotencyInProgress if self.in_doubt.any() => {
                let cause = "there was a conflict after an unacknowledged attempt, which may have succeeded";
                Err(Error::ServiceUnavailable(cause.into()))
            }
            error => Err(error),
        }
    }

    /// Waits before the next attempt: exponential backoff with full jitter, so that colliding requests
    /// do not collide again
    /// (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
    ///
    /// Returns `false` immediately if no attempt is left, or too little time for another attempt.
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

/// Retries a read until DynamoDB answers, or no attempts or no time is left. For reads after a
/// successful write: giving up early would report that write as failed.
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
