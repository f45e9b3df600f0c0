//! Retries that the SDK leaves to its callers: of writes that met another transaction on the same
//! item, of transactions with a throttled item, of what must be read after a write is done, and of
//! keys that BatchGetItem left unprocessed.

use super::client::ATTEMPT;
use super::deadline;
use super::unanswered::Unanswered;
use crate::error::Error;
use std::time::Duration;

/// Attempts at one write, and rounds of one batch, before it counts as contended or throttled.
pub(super) const MOST_ATTEMPTS: u32 = 5;

/// A transaction was canceled as this is throttled. To the SDK it is a refusal like any other.
#[derive(Debug, thiserror::Error)]
#[error("transaction canceled: {0}")]
pub(super) struct Throttled(pub String);

/// Attempts a write or a transaction until it is neither [`Error::Conflict`] nor [`Throttled`], or the
/// attempts or the time are spent: then that is the error. Each attempt must be the same to DynamoDB, so
/// that it is done once, and the sendings of a write must be counted: its conflict stays one only when
/// none is unanswered, as it is certain then that nothing was changed.
pub(super) async fn while_contended<T, F>(attempt: impl Fn(Unanswered) -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let unanswered = Unanswered::default();
    let contended = |error: &Error| match error {
        Error::Conflict => true,
        Error::ServiceUnavailable(cause) => cause.is::<Throttled>(),
        _ => false,
    };
    match retry(contended, || attempt(unanswered.clone())).await {
        Err(Error::Conflict) if unanswered.any() => {
            Err(Error::ServiceUnavailable("a conflict, after a sending that was not answered".into()))
        }
        result => result,
    }
}

/// Attempts a read until it is not [`Error::ServiceUnavailable`], or the attempts or the time are
/// spent. For what is read to answer a write that is done: giving up would call it failed.
pub(super) async fn while_unavailable<T, F>(attempt: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    retry(|error| matches!(error, Error::ServiceUnavailable(_)), attempt).await
}

/// Attempts a change until it is made or refused for a reason. An attempt gives neither when what
/// refused it was gone by the time the reason was looked for; nothing was changed then.
pub(super) async fn until_settled<T, F>(attempt: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<Option<T>, Error>>,
{
    for failures in 1..=MOST_ATTEMPTS {
        if let Some(made) = attempt().await? {
            return Ok(made);
        }
        if !pause(failures).await {
            break;
        }
    }
    Err(Error::Conflict)
}

async fn retry<T, F>(again: impl Fn(&Error) -> bool, attempt: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    for failures in 1..MOST_ATTEMPTS {
        let result = attempt().await;
        if !result.as_ref().is_err_and(&again) || !pause(failures).await {
            return result;
        }
    }
    attempt().await
}

/// Waits before the next attempt: exponential with full jitter, so that those who collided do not
/// meet again
/// (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
///
/// `false`, at once, when there is no time for a whole attempt after it.
pub(super) async fn pause(failures: u32) -> bool {
    let pause = Duration::from_millis(fastrand::u64(0..=25 << failures));
    if deadline::left() < pause + ATTEMPT {
        return false;
    }
    tokio::time::sleep(pause).await;
    true
}
