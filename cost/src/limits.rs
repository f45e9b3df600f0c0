//! Where requests for one organization, or of one user, meet the limits of a partition.

use crate::document::{self, units, whole};
use crate::inputs::{Inputs, RequestKind};
use functions::Operation;

/// The units that each kind of request consumes in each partition, and the rates that these allow.
pub(crate) fn table(inputs: &Inputs) -> String {
    let limits = &inputs.given.limits;
    let row = |kind: &RequestKind| {
        let capacity = &kind.capacity;
        let organization = (capacity.organization_writes, capacity.organization_reads);
        let user = (capacity.user_writes, capacity.user_reads);
        let cell = |(writes, reads): (f64, f64)| format!("{} / {}", units(writes), units(reads));
        let rate = |(writes, reads): (f64, f64)| {
            quotient(limits.partition_write_units, writes).min(quotient(limits.partition_read_units, reads))
        };
        // Each creation has an organization of its own.
        let creates = kind.operation == Operation::CreateOrganization;
        let in_transaction = capacity.writes() > 1.0;
        let rate_without_conflicts =
            if in_transaction { 1000.0 / inputs.given.assumptions.transaction_ms } else { f64::INFINITY };
        let organization_rate = if creates { f64::INFINITY } else { rate(organization) };
        let per_second = |rate: f64| if rate.is_finite() { whole(rate) } else { "–".to_owned() };
        [
            capacity.name.clone(),
            cell(organization),
            cell(user),
            per_second(organization_rate),
            per_second(rate_without_conflicts),
            per_second(rate(user)),
        ]
    };
    document::table(
        [
            "operation, units written / read",
            "partition `ORG#<id>`",
            "partition `USER#<sub>`",
            "a second on one organization",
            "without conflicts",
            "a second on one user",
        ],
        inputs.request_kinds.iter().map(row),
    )
}

/// How often `used` units fit into the limit. Infinite if none are used.
fn quotient(limit: f64, used: f64) -> f64 {
    if used > 0.0 { limit / used } else { f64::INFINITY }
}
