//! The cost of a million requests of each operation.

use crate::document::{self, dollars};
use crate::figures::Times;
use crate::inputs::{Inputs, RequestKind, WHOLE_CORE};
use std::iter::once;
use std::ops::Add;

/// Dollars for some number of requests.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cost {
    pub(crate) lambda: f64,
    pub(crate) api: f64,
    pub(crate) dynamodb: f64,
    pub(crate) logs: f64,
    pub(crate) traces: f64,
}

impl Cost {
    /// The sum of all services.
    pub(crate) fn total(self) -> f64 {
        self.lambda + self.api + self.dynamodb + self.logs + self.traces
    }

    /// The cost of `factor` times as many requests.
    pub(crate) fn times(self, factor: f64) -> Self {
        Self {
            lambda: self.lambda * factor,
            api: self.api * factor,
            dynamodb: self.dynamodb * factor,
            logs: self.logs * factor,
            traces: self.traces * factor,
        }
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            lambda: self.lambda + other.lambda,
            api: self.api + other.api,
            dynamodb: self.dynamodb + other.dynamodb,
            logs: self.logs + other.logs,
            traces: self.traces + other.traces,
        }
    }
}

/// Milliseconds that Lambda bills for a request on average. Lambda rounds each request up to a
/// whole millisecond.
fn billed(kind: &RequestKind, times: &Times, inputs: &Inputs) -> f64 {
    let given = &inputs.given.assumptions;
    let waiting = kind.capacity.requests * given.dynamodb_round_trip_ms;
    let cold = (times.cold + waiting + given.dynamodb_connect_ms).ceil();
    let warm = (times.warm + waiting).ceil();
    given.cold_share * cold + (1.0 - given.cold_share) * warm
}

/// Dollars for a million requests that are billed `milliseconds` each, at a memory size in megabytes.
pub(crate) fn lambda(milliseconds: f64, megabytes: f64, gb_second: f64, inputs: &Inputs) -> f64 {
    let gb_seconds = 1e6 * milliseconds / 1000.0 * megabytes / 1024.0;
    inputs.given.prices.lambda_million_requests + gb_seconds * gb_second
}

/// A million requests of a kind.
pub(crate) fn million(kind: &RequestKind, inputs: &Inputs) -> Cost {
    let (prices, given) = (&inputs.given.prices, &inputs.given.assumptions);
    let milliseconds = billed(kind, &kind.small, inputs);
    let log = inputs.given.measured.function_log_bytes + given.lambda_log_bytes + given.access_log_bytes;
    Cost {
        lambda: lambda(milliseconds, inputs.deployed.memory, prices.lambda_arm64_gb_second, inputs),
        api: prices.http_api_million_requests,
        dynamodb: kind.capacity.writes() * prices.dynamodb_million_write_units
            + kind.capacity.reads() * prices.dynamodb_million_read_units,
        logs: 1e6 * log / f64::from(1 << 30) * prices.logs_gb,
        traces: given.traced_share * prices.xray_million_traces,
    }
}

/// A million requests in the assumed mix.
pub(crate) fn mixed_million(inputs: &Inputs) -> Cost {
    let shares = inputs.request_kinds.iter().map(|kind| million(kind, inputs).times(kind.share));
    shares.fold(Cost::default(), Cost::add)
}

/// Milliseconds billed for an average request of the mix.
pub(crate) fn mixed_milliseconds(inputs: &Inputs) -> f64 {
    mean(inputs, |kind| billed(kind, &kind.small, inputs))
}

/// The mean of a figure over the mix.
pub(crate) fn mean(inputs: &Inputs, figure: impl Fn(&RequestKind) -> f64) -> f64 {
    inputs.request_kinds.iter().map(|kind| kind.share * figure(kind)).sum()
}

/// A million requests of each kind, and of the mix.
pub(crate) fn table(inputs: &Inputs) -> String {
    let kind = |kind: &RequestKind| {
        let milliseconds = billed(kind, &kind.small, inputs);
        (kind.capacity.name.clone(), milliseconds, million(kind, inputs))
    };
    let mix = ("the mix".to_owned(), mixed_milliseconds(inputs), mixed_million(inputs));
    let row = |(name, milliseconds, cost): (String, f64, Cost)| {
        let [lambda, api, dynamodb, logs, traces, total] =
            [cost.lambda, cost.api, cost.dynamodb, cost.logs, cost.traces, cost.total()].map(dollars);
        [name, format!("{milliseconds:.1}"), lambda, api, dynamodb, logs, traces, total]
    };
    document::table(
        ["operation", "billed ms", "Lambda", "HTTP API", "DynamoDB", "logs", "traces", "$ a million"],
        inputs.request_kinds.iter().map(kind).chain(once(mix)).map(row),
    )
}

/// Lambda's cost by processor and memory size.
pub(crate) fn sizes(inputs: &Inputs) -> String {
    let prices = &inputs.given.prices;
    let memory = inputs.deployed.memory;
    let small = mixed_milliseconds(inputs);
    let full = mean(inputs, |kind| billed(kind, &kind.full, inputs));
    let sizes = [
        ("arm64", memory, small, prices.lambda_arm64_gb_second),
        ("x86_64", memory, small, prices.lambda_x86_64_gb_second),
        ("arm64", WHOLE_CORE, full, prices.lambda_arm64_gb_second),
    ];
    let row = |(processor, megabytes, milliseconds, price): (&str, f64, f64, f64)| {
        let cost = lambda(milliseconds, megabytes, price, inputs);
        [format!("{processor}, {megabytes} MB"), format!("{milliseconds:.1}"), dollars(cost)]
    };
    document::table(["processor, memory", "billed ms", "Lambda, $ a million"], sizes.map(row))
}
