//! Whether a write was sent of which DynamoDB never said what became of it.
//!
//! The SDK sends a write again when a connection breaks or DynamoDB answers 500. A refusal of the second
//! sending, as for a conflict, tells nothing of the first, which may have been made.

use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Counts the sendings of one write that were not answered; clones count together.
#[derive(Debug, Clone, Default)]
pub(super) struct Unanswered(Arc<AtomicU32>);

impl Unanswered {
    /// Whether there is such a one, no request being under way.
    pub(super) fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

impl Intercept for Unanswered {
    fn name(&self) -> &'static str {
        "Unanswered"
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

    /// An answer is what says that it is done or why not: no body that broke off, and no 500.
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
