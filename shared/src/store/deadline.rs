//! The time that there is for one request: whatever is asked of DynamoDB, with the SDK's retries and
//! those of `retry.rs`, ends inside it, so that the function answers before Lambda stops it.
//!
//! An attempt that is cut off leaves open whether DynamoDB did what it asked. So none is begun that
//! has no fair chance to be answered, and a write that was refused is not tried again unless there
//! is time for a whole attempt. What remains is a DynamoDB that does not answer at all: a write is
//! answered 503 then, though it may have been made, or be made a moment later.

use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use std::time::Duration;
use tokio::time::Instant;

/// The least time to begin an attempt with. DynamoDB answers in milliseconds; one that has not in a
/// second is unlikely to in three.
const ENOUGH: Duration = Duration::from_secs(1);

tokio::task_local! {
    static DEADLINE: Instant;
}

/// Does `work`, whose requests to DynamoDB all end within `time`.
pub async fn within<T>(time: Duration, work: impl Future<Output = T>) -> T {
    DEADLINE.scope(Instant::now() + time, work).await
}

/// The time that is left; outside [`within`] there is no end to it.
pub(crate) fn left() -> Duration {
    DEADLINE.try_with(|deadline| deadline.saturating_duration_since(Instant::now())).unwrap_or(Duration::MAX)
}

/// The part of the SDK client that keeps to the deadline.
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
        if left() < ENOUGH { Err("no time is left to ask DynamoDB".into()) } else { Ok(()) }
    }
}
