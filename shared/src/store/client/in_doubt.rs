//! Tracks writes in doubt: sent, but never acknowledged.
//!
//! The SDK retries a write when a connection breaks or DynamoDB answers 500. If the retry is refused,
//! for example with a conflict, the first attempt may still have succeeded.

use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Counts the unacknowledged attempts at one write. Clones share the count.
#[derive(Debug, Clone, Default)]
pub(in crate::store) struct InDoubt(Arc<AtomicU32>);

impl InDoubt {
    /// True if any attempt went unacknowledged. Call only when none is in flight.
    pub(super) fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

impl Intercept for InDoubt {
    fn name(&self) -> &'static str {
        "InDoubt"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Only a complete response with a status below 500 acknowledges a write.
    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let readable = context.output_or_error().map_or_else(|error| error.is_operation_error(), |_| true);
        if readable && !context.response().status().is_server_error() {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(())
    }
}
