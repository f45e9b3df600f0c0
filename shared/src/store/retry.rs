//! Retries that the SDK leaves to its callers: of writes that met another transaction on the same
//! item, and of keys that BatchGetItem left unprocessed.

use crate::error::Error;
use std::time::Duration;

/// Attempts at one write, and rounds of one batch, before it counts as contended or throttled.
pub(super) const MOST_ATTEMPTS: u32 = 5;

/// Attempts a write until it is not [`Error::Conflict`] or the attempts are spent. Each attempt
/// must be the same write to DynamoDB, so that it is done once.
pub(super) async fn while_conflict<T, F>(attempt: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    for failures in 1..MOST_ATTEMPTS {
        match attempt().await {
            Err(Error::Conflict) => pause(failures).await,
            result => return result,
        }
    }
    attempt().await
}

/// Waits before the next attempt: exponential with full jitter, so that those who collided do not
/// meet again
/// (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
pub(super) async fn pause(failures: u32) {
    tokio::time::sleep(Duration::from_millis(fastrand::u64(0..=25 << failures))).await;
}
