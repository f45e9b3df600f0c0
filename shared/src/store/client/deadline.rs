//! The deadline of one API request. All its requests to DynamoDB, including retries by the SDK and by
//! `retry.rs`, end before the deadline, so that the function responds before Lambda stops it.
//!
//! If an attempt at a write is cut off, the write is in doubt: DynamoDB may have made it. So an attempt
//! starts only if DynamoDB is likely to answer in time, and a refused write is retried only if there is
//! time for a whole attempt. If DynamoDB does not answer at all, the response to a write is 503,
//! although DynamoDB may have made the write or may still make it.

use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use std::time::Duration;
use tokio::time::Instant;

/// Minimum time left to start an attempt. DynamoDB answers in milliseconds. If it has not answered in
/// one second, it is unlikely to answer within [`ATTEMPT_TIMEOUT`].
const MIN_ATTEMPT_TIME: Duration = Duration::from_secs(1);

/// Time to open a connection to DynamoDB, including TLS.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Time for DynamoDB to answer one attempt. Three attempts and the SDK's pauses between them fit into
/// the time of one request.
pub(super) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);

tokio::task_local! {
    static DEADLINE: Instant;
}

/// Runs `work`. All its requests to DynamoDB end within `time`.
pub async fn within<T>(time: Duration, work: impl Future<Output = T>) -> T {
    DEADLINE.scope(Instant::now() + time, work).await
}

/// The time left; unlimited outside [`within`].
pub fn left() -> Duration {
    DEADLINE.try_with(|deadline| deadline.saturating_duration_since(Instant::now())).unwrap_or(Duration::MAX)
}

/// An SDK interceptor that enforces the deadline.
#[derive(Debug)]
pub(super) struct Deadline;

impl Intercept for Deadline {
    fn name(&self) -> &'static str {
        "Deadline"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let timeout = TimeoutConfig::builder().operation_timeout(left()).build();
        config.interceptor_state().store_put(timeout);
        Ok(())
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if left() < MIN_ATTEMPT_TIME {
            Err("no time is left for a request to DynamoDB".into())
        } else {
            Ok(())
        }
    }
}
