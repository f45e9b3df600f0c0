//! What it costs to report a million units of usage, and how fast one organization takes them.

use crate::document::{self, dollars, whole};
use crate::inputs::Inputs;
use crate::limits::organization_rate;
use crate::operations::million;

/// A million units: one by one, and in blocks that a meter reserves.
///
/// # Errors
/// If there are no figures for reports.
pub(crate) fn table(inputs: &Inputs) -> Result<String, String> {
    let block = inputs.given.assumptions.units_per_block;
    let blocks = format!("blocks of {}", whole(block));
    let row = |(name, kind, size): (String, &str, f64)| {
        let kind = inputs.kind(kind)?;
        let cost = million(kind, inputs).times(1.0 / size);
        Ok([
            name,
            whole(1e6 / size),
            whole(1e6 / size * kind.capacity.writes()),
            whole(1e6 / size * kind.capacity.reads()),
            dollars(cost.dynamodb),
            dollars(cost.total()),
            whole(organization_rate(inputs, kind) * size),
        ])
    };
    let rows = [
        ("unit by unit".to_owned(), "recordUsage", 1.0),
        ("unit by unit, with a key".to_owned(), "recordUsage with a key", 1.0),
        (blocks.clone(), "recordUsage", block),
        (format!("{blocks}, with a key"), "recordUsage with a key", block),
    ];
    let rows = rows.map(row).into_iter().collect::<Result<Vec<_>, String>>()?;
    Ok(document::table(
        [
            "reported",
            "requests",
            "write units",
            "read units",
            "DynamoDB, $",
            "$ in all",
            "units a second, for an organization",
        ],
        rows,
    ))
}
