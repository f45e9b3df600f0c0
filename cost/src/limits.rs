//! Where requests about one organization or of one user meet the limits of a partition.

use crate::document::{self, units, whole};
use crate::inputs::{Inputs, Operation};

/// What each operation consumes where, and how many a second that allows.
pub(crate) fn table(inputs: &Inputs) -> String {
    let limits = &inputs.given.limits;
    let places = |operation: &Operation, places: &[usize]| {
        let most = |units: &[f64; 3], limit: f64| {
            let used = places.iter().filter_map(|place| units.get(*place)).copied();
            used.filter(|units| *units > 0.0).map(move |units| limit / units).fold(f64::INFINITY, f64::min)
        };
        let writes = most(&operation.writes, limits.partition_write_units);
        writes.min(most(&operation.reads, limits.partition_read_units))
    };
    let row = |operation: &Operation| {
        let place = |index: usize| match (operation.writes.get(index), operation.reads.get(index)) {
            (Some(write), Some(read)) => format!("{} / {}", units(*write), units(*read)),
            _ => String::new(),
        };
        // Its organization is a new one each time.
        let creates = operation.name.starts_with("createOrganization");
        let organization = if creates { f64::INFINITY } else { places(operation, &[0, 2]) };
        let a_second = |rate: f64| if rate.is_finite() { whole(rate) } else { "–".to_owned() };
        let in_transaction = !creates && operation.writes.iter().sum::<f64>() > 1.0;
        let in_turn =
            if in_transaction { 1000.0 / inputs.given.assumptions.transaction_ms } else { f64::INFINITY };
        [
            operation.name.clone(),
            place(0),
            place(1),
            place(2),
            a_second(organization),
            a_second(in_turn),
            a_second(places(operation, &[1])),
        ]
    };
    document::table(
        [
            "operation, units written / read",
            "item `ORG#<id>`",
            "partition `USER#<sub>`",
            "`members` of `<id>`",
            "a second on one organization",
            "without conflicts",
            "a second on one user",
        ],
        inputs.operations.iter().map(row),
    )
}
