//! The time for one request. All requests to DynamoDB, with the retries of the SDK and of `retry.rs`, end
//! within it, so that the function answers before Lambda stops it.
//!
//! An attempt that is cut off leaves open whether DynamoDB made the write. So no attempt begins without a
//! fair chance to be answered, and a refused write is repeated only if there is time for a whole attempt.
//! If DynamoDB does not answer at all, a write is answered 503, though it may have been made, or may be
//! made a moment later.

use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use std::time::Duration;
use tokio::time::Instant;

/// Less is not enough to begin an attempt with. DynamoDB answers in milliseconds; one that has not in a
/// second is unlikely to in three.
const MIN_ATTEMPT_TIME: Duration = Duration::from_secs(1);

/// To open a connection to DynamoDB, TLS included.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// For DynamoDB to answer one attempt. Three attempts, and the SDK's pauses between them, fit into the
/// time of one request.
pub(super) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);

tokio::task_local! {
    static DEADLINE: Instant;
}

/// Does `work`. All its requests to DynamoDB end within `time`.
pub async fn within<T>(time: Duration, work: impl Future<Output = T>) -> T {
    DEADLINE.scope(Instant::now() + time, work).await
}

/// The time that is left. Outside [`within`] it is unlimited.
pub(crate) fn left() -> Duration {
    DEADLINE.try_with(|deadline| deadline.saturating_duration_since(Instant::now())).unwrap_or(Duration::MAX)
}

/// The SDK's interceptor that keeps to the deadline.
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
        if left() < MIN_ATTEMPT_TIME { Err("no time is left to ask DynamoDB".into()) } else { Ok(()) }
    }
}
