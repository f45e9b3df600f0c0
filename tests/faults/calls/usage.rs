//! Calls about plans and usage.

use super::{CURRENT, Call, STALE, UNLESS_CURRENT};
use crate::filling::{Filled, period};
use functions::Operation::{GetUsage, RecordUsage, SetPlan};
use serde_json::{Value, json};
use support::example::{MEMBER, SERVICE};

/// A period without reports.
const EMPTY: &str = "period=2026-01";

pub(super) fn calls() -> Vec<Call> {
    [plan(), without_key(), with_key(), get()].concat()
}

fn plan() -> Vec<Call> {
    vec![
        Call::new("set the plan at the current version", SetPlan, 200)
            .with(CURRENT)
            .says(json!({ "maxMembers": null }))
            .like_another(),
        Call::new("set the plan at another version", SetPlan, 412).with(STALE).like_another(),
        Call::new("set the plan unless it is at the current version", SetPlan, 412)
            .with(UNLESS_CURRENT)
            .like_another(),
    ]
}

/// Reports to [`Filled::Metered`], where 12 of 15 units are used. The example is a period's first report.
fn without_key() -> Vec<Call> {
    let report = |how: &str, status, units, over_limit| {
        Call::new(how, RecordUsage, status).on(Filled::Metered).says(report(units, over_limit))
    };
    vec![
        report("report another", 200, 1, "refuse"),
        report("report all that is left", 200, 3, "refuse").like_another(),
        report("report too much", 422, 4, "refuse"),
        report("report what fits", 200, 4, "partial"),
        report("report beyond the limit", 200, 100, "record").like_another(),
        report("give back", 200, -5, "refuse").like_another(),
        report("give back more than was used", 200, -100, "refuse"),
        Call::new("report a period's first too much", RecordUsage, 422)
            .on(Filled::Metered)
            .says(json!({ "units": 16, "period": "2026-01" }))
            .like_another(),
        Call::new("report what fits a period without reports", RecordUsage, 200)
            .on(Filled::Metered)
            .says(json!({ "units": 16, "period": "2026-01", "overLimit": "partial" }))
            .like_another(),
    ]
}

/// The same with an Idempotency-Key.
fn with_key() -> Vec<Call> {
    let (new, used) = (&[("idempotency-key", "new")], &[("idempotency-key", "used")]);
    let report = |how: &str, status, units, over_limit| {
        let call = Call::new(how, RecordUsage, status).on(Filled::Metered);
        call.says(report(units, over_limit)).with(new)
    };
    vec![
        Call::new("report a period's first with a key", RecordUsage, 200).with(new),
        report("report another with a key", 200, 1, "refuse"),
        report("report too much with a key", 422, 4, "refuse"),
        report("report what fits with a key", 200, 4, "partial").like_another(),
        report("give back more than was used with a key", 200, -100, "refuse").like_another(),
        report("report with a used key", 200, 4, "refuse").with(used),
        report("report another with a used key", 422, 3, "refuse").with(used).like_another(),
        Call::new("report with a key to a deleted organization", RecordUsage, 409)
            .on(Filled::Deleted)
            .with(new)
            .like_another(),
    ]
}

fn get() -> Vec<Call> {
    let get = |how: &str| Call::new(how, GetUsage, 200).on(Filled::Metered).like_another();
    vec![
        get("get usage").by(MEMBER),
        get("get usage by a service").by(SERVICE),
        get("get the usage of a period without reports").page(EMPTY),
    ]
}

fn report(units: i64, over_limit: &str) -> Value {
    json!({ "units": units, "overLimit": over_limit, "period": period() })
}
