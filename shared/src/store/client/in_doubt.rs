//! Tracks writes in doubt: sent, but never acknowledged.
//!
//! The SDK sends a write again when a connection breaks or DynamoDB answers 500. A refusal of the second
//! sending, such as a conflict, says nothing about the first, which may have been made.

use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Counts the sendings of one write that were not acknowledged. Clones count together.
#[derive(Debug, Clone, Default)]
pub(in crate::store) struct InDoubt(Arc<AtomicU32>);

impl InDoubt {
    /// True if any sending went unacknowledged. Call only when none is in flight.
    pub(super) fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// Forgets the sendings so far, of which it is known by now that none was made.
    pub(super) fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
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

    /// Only a readable answer acknowledges a write: not one that broke off, and not a 500.
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
