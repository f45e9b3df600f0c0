//! Counts the DynamoDB requests of some work, including retries, and the capacity consumed. The log line
//! contains both, and tests compare them with each operation's budget.

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::types::ConsumedCapacity;
use std::cell::RefCell;

tokio::task_local! {
    static USAGE: RefCell<Usage>;
}

/// The DynamoDB usage of some work.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// HTTP requests to DynamoDB. Each attempt counts.
    pub requests: u32,
    /// Capacity units, as DynamoDB reports them; refused requests report none.
    pub capacity: f64,
}

/// Runs `work` and returns its usage. An enclosing measurement includes this usage.
pub async fn measure<T>(work: impl Future<Output = T>) -> (T, Usage) {
    let measured = USAGE.scope(RefCell::default(), async {
        let result = work.await;
        (result, USAGE.with(RefCell::take))
    });
    let (result, usage) = measured.await;
    add(|outer| {
        outer.requests += usage.requests;
        outer.capacity += usage.capacity;
    });
    (result, usage)
}

/// Adds the capacity that a response reports.
pub(in crate::store) fn consumed<'a>(capacity: impl IntoIterator<Item = &'a ConsumedCapacity>) {
    let units: f64 = capacity.into_iter().filter_map(ConsumedCapacity::capacity_units).sum();
    add(|usage| usage.capacity += units);
}

fn add(change: impl FnOnce(&mut Usage)) {
    // Outside `measure`, there is no count to add to.
    let _not_measured = USAGE.try_with(|usage| change(&mut usage.borrow_mut()));
}

/// An SDK interceptor that counts requests.
#[derive(Debug)]
pub(super) struct Meter;

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        add(|usage| usage.requests += 1);
        Ok(())
    }
}
