//! docs/cost/inputs.toml: prices, limits, assumptions and traffic. The file describes each value.

use serde::Deserialize;
use std::collections::BTreeMap;

/// docs/cost/inputs.toml. Prices are in dollars.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Given {
    pub(crate) prices: Prices,
    pub(crate) limits: Limits,
    pub(crate) assumptions: Assumptions,
    pub(crate) measured: Measured,
    /// Percent of all requests, by name of the kind of request.
    pub(crate) traffic: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prices {
    pub(crate) lambda_million_requests: f64,
    pub(crate) lambda_arm64_gb_second: f64,
    pub(crate) lambda_x86_64_gb_second: f64,
    pub(crate) http_api_million_requests: f64,
    pub(crate) http_api_first_tier_requests: f64,
    pub(crate) http_api_million_requests_beyond: f64,
    pub(crate) dynamodb_million_write_units: f64,
    pub(crate) dynamodb_million_read_units: f64,
    pub(crate) dynamodb_gb_month: f64,
    pub(crate) dynamodb_backup_gb_month: f64,
    pub(crate) eventbridge_million_events: f64,
    pub(crate) logs_gb: f64,
    pub(crate) alarm_metric_month: f64,
    pub(crate) dashboard_month: f64,
    pub(crate) xray_million_traces: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) partition_write_units: f64,
    pub(crate) partition_read_units: f64,
    pub(crate) table_units: f64,
    pub(crate) batch_get_keys: f64,
    pub(crate) lambda_concurrency: f64,
    pub(crate) lambda_requests_per_second: f64,
    pub(crate) api_requests_per_second: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assumptions {
    pub(crate) dynamodb_round_trip_ms: f64,
    pub(crate) dynamodb_connect_ms: f64,
    pub(crate) cold_share: f64,
    pub(crate) record_invocation_ms: f64,
    pub(crate) eventbridge_round_trip_ms: f64,
    pub(crate) records_of_a_full_batch: f64,
    pub(crate) transaction_ms: f64,
    pub(crate) lambda_log_bytes: f64,
    pub(crate) access_log_bytes: f64,
    pub(crate) traced_share: f64,
    pub(crate) peak_to_average: f64,
    pub(crate) members_per_organization: f64,
    pub(crate) invitations_per_organization: f64,
    pub(crate) events_per_organization: f64,
    pub(crate) units_per_block: f64,
    pub(crate) periods_per_organization: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Measured {
    pub(crate) function_log_bytes: f64,
}
