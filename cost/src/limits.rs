//! Where requests for one organization, or of one user, meet the limits of a partition.

use crate::document::{self, units, whole};
use crate::inputs::{Inputs, RequestKind};
use functions::Operation;

/// The units that each kind of request consumes in each partition, and the rates that these allow.
pub(crate) fn table(inputs: &Inputs) -> String {
    let row = |kind: &RequestKind| {
        let capacity = &kind.capacity;
        let organization = (capacity.organization_writes, capacity.organization_reads);
        let user = (capacity.user_writes, capacity.user_reads);
        let cell = |(writes, reads): (f64, f64)| format!("{} / {}", units(writes), units(reads));
        let rate = |units| partition_rate(inputs, units);
        // Each creation has an organization of its own.
        let creates = kind.operation == Operation::CreateOrganization;
        let organization_rate = if creates { f64::INFINITY } else { rate(organization) };
        let per_second = |rate: f64| if rate.is_finite() { whole(rate) } else { "–".to_owned() };
        [
            capacity.name.clone(),
            cell(organization),
            cell(user),
            per_second(organization_rate),
            per_second(rate_without_conflicts(inputs, kind)),
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

/// How many requests a second a partition sustains that write and read so many units in it.
fn partition_rate(inputs: &Inputs, (writes, reads): (f64, f64)) -> f64 {
    let limits = &inputs.given.limits;
    quotient(limits.partition_write_units, writes).min(quotient(limits.partition_read_units, reads))
}

/// How many requests a second can follow one another. Infinite if they hold no item.
fn rate_without_conflicts(inputs: &Inputs, kind: &RequestKind) -> f64 {
    let in_transaction = kind.capacity.writes() > 1.0;
    if in_transaction { 1000.0 / inputs.given.assumptions.transaction_ms } else { f64::INFINITY }
}

/// How many requests of this kind a second one organization takes.
pub(crate) fn organization_rate(inputs: &Inputs, kind: &RequestKind) -> f64 {
    let capacity = &kind.capacity;
    let partition = partition_rate(inputs, (capacity.organization_writes, capacity.organization_reads));
    partition.min(rate_without_conflicts(inputs, kind))
}

/// How often `used` units fit into the limit. Infinite if none are used.
fn quotient(limit: f64, used: f64) -> f64 {
    if used > 0.0 { limit / used } else { f64::INFINITY }
}
