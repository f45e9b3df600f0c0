//! What is recorded of a report: `refuse`, `partial`, `record`, units that are given back, and limits that change.

use crate::{
    metering::{Meter, meter},
    stack,
    table::{REASON, Table},
};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

/// A report that asks for this when it does not fit.
fn asking(over_limit: &str, units: i64) -> Value {
    json!({ "units": units, "overLimit": over_limit })
}

/// The `overages` and `remaining` of the meter's period.
async fn figures(meter: &Meter) -> (Value, Value) {
    let usage = meter.usage(&meter.period).await;
    (usage["overages"].clone(), usage["remaining"].clone())
}

#[tokio::test]
async fn a_report_that_does_not_fit_is_refused_as_a_whole() {
    let meter = meter(100, json!(10)).await;
    assert_eq!(meter.exhausted(json!({ "units": 111 })).await, 110);
    assert_eq!(meter.usage(&meter.period).await["used"], 0);
    assert_eq!(meter.report(json!({ "units": 60 })).await, (60, 60));
    let refused = meter.reporting(asking("refuse", 51)).send().await;
    assert_eq!(refused.expect_error(422, "overages_exhausted"), json!({ "remaining": 50 }), "{refused}");
    let message = "The limit of this period leaves 50 units. Report no more than that, or let an owner or admin raise \
                   maxOverages.";
    assert_eq!(refused.expect(422)["message"], message, "{refused}");
    assert_eq!(refused.header("retry-after"), None, "trying again cannot help: {refused}");
    assert_eq!(meter.used().await, 60);
    // To the last unit, and not one more.
    assert_eq!(meter.report(json!({ "units": 50 })).await, (50, 110));
    assert_eq!(meter.exhausted(json!({ "units": 1 })).await, 0);
    assert_eq!((meter.used().await, figures(&meter).await), (110, (json!(10), json!(0))));
}

#[tokio::test]
async fn of_a_partial_report_what_fits_is_recorded() {
    let meter = meter(100, json!(10)).await;
    for (units, recorded, used) in [(60, 60, 60), (1_000_000_000, 50, 110), (1, 0, 110), (1_000, 0, 110)] {
        let answer = meter.reporting(asking("partial", units)).send().await.expect(200);
        let figures = [&answer["recorded"], &answer["used"], &answer["remaining"]];
        assert_eq!(figures, [&json!(recorded), &json!(used), &json!(110 - used)], "{units}");
    }
    assert_eq!(meter.used().await, 110);
}

/// The first report of a period creates its item.
#[tokio::test]
async fn the_first_report_of_a_period_is_limited_like_any_other() {
    for (included, allowed) in [(0, 0), (5, 0), (0, 5), (2, 3)] {
        let limit: i64 = included + allowed;
        let meter = meter(included.try_into().unwrap(), json!(allowed)).await;
        assert_eq!(meter.exhausted(asking("refuse", limit + 1)).await, limit.unsigned_abs());
        assert_eq!(meter.report(asking("partial", 100)).await, (limit, limit.unsigned_abs()));
    }
    let empty = meter(0, json!(0)).await;
    assert_eq!(empty.report(asking("record", 100)).await, (100, 100));
    let full = meter(7, json!(0)).await;
    assert_eq!(full.report(asking("refuse", 7)).await, (7, 7));
}

#[tokio::test]
async fn usage_that_has_happened_is_recorded_whatever_the_limit() {
    let meter = meter(100, json!(10)).await;
    assert_eq!(meter.report(asking("record", 105)).await, (105, 105));
    assert_eq!(meter.report(asking("record", 1_000)).await, (1_000, 1_105));
    assert_eq!(figures(&meter).await, (json!(1_005), json!(0)), "never below 0");
    assert_eq!(meter.exhausted(asking("refuse", 1)).await, 0);
    assert_eq!(meter.report(asking("partial", 1)).await, (0, 1_105));
    // It counts: only what is given back makes room.
    assert_eq!(meter.report(asking("refuse", -1_000)).await, (-1_000, 105));
    assert_eq!(meter.report(asking("refuse", 5)).await, (5, 110));
}

#[tokio::test]
async fn units_given_back_make_room_and_never_more_than_were_used() {
    let meter = meter(100, json!(10)).await;
    assert_eq!(meter.report(json!({ "units": -5 })).await, (0, 0), "nothing was used yet");
    assert_eq!(meter.report(json!({ "units": 110 })).await, (110, 110));
    for (over_limit, units, recorded, used) in
        [("refuse", -20, -20, 90), ("partial", -20, -20, 70), ("record", -20, -20, 50)]
    {
        assert_eq!(meter.report(asking(over_limit, units)).await, (recorded, used), "{over_limit}");
    }
    assert_eq!(meter.report(json!({ "units": 60 })).await, (60, 110));
    for over_limit in ["refuse", "partial", "record"] {
        assert_eq!(meter.report(asking(over_limit, -1_000)).await, (-110, 0), "{over_limit}");
        assert_eq!(meter.report(asking(over_limit, -1)).await, (0, 0), "{over_limit}");
        assert_eq!(meter.report(asking(over_limit, 110)).await, (110, 110), "{over_limit}");
    }
    assert_eq!(figures(&meter).await, (json!(10), json!(0)));
}

#[tokio::test]
async fn without_a_limit_everything_is_recorded() {
    let meter = meter(100, json!(null)).await;
    let answer = meter.reporting(json!({ "units": 1_000_000_000 })).send().await.expect(200);
    let figures = ["overages", "maxOverages", "remaining", "recorded"].map(|field| answer[field].clone());
    assert_eq!(figures, [json!(999_999_900), json!(null), json!(null), json!(1_000_000_000)], "{answer}");
    for over_limit in ["refuse", "partial", "record"] {
        assert_eq!(meter.report(asking(over_limit, 1_000_000_000)).await.0, 1_000_000_000);
    }
    assert_eq!(meter.used().await, 4_000_000_000);
}

#[tokio::test]
async fn a_lowered_limit_takes_nothing_back_and_admits_nothing_more() {
    let meter = meter(50, json!(null)).await;
    meter.report(json!({ "units": 200 })).await;
    for (included, allowed) in [(50, 100), (50, 0), (0, 0)] {
        meter.include(included).await;
        meter.allow(json!(allowed)).await;
        assert_eq!(meter.exhausted(json!({ "units": 1 })).await, 0);
        assert_eq!(meter.report(asking("partial", 1)).await, (0, 200));
        assert_eq!(figures(&meter).await, (json!(200 - included), json!(0)));
    }
    // What is given back must first make up for what is over the limit.
    meter.include(100).await;
    assert_eq!(meter.report(json!({ "units": -100 })).await, (-100, 100));
    assert_eq!(meter.exhausted(json!({ "units": 1 })).await, 0);
    assert_eq!(meter.report(json!({ "units": -1 })).await, (-1, 99));
    assert_eq!(meter.report(asking("partial", 2)).await, (1, 100));
}

#[tokio::test]
async fn a_raised_limit_admits_more_at_once() {
    let meter = meter(0, json!(5)).await;
    assert_eq!(meter.report(json!({ "units": 5 })).await, (5, 5));
    assert_eq!(meter.exhausted(json!({ "units": 1 })).await, 0);
    meter.allow(json!(6)).await;
    assert_eq!(meter.report(json!({ "units": 1 })).await, (1, 6));
    meter.include(10).await;
    assert_eq!(meter.exhausted(json!({ "units": 11 })).await, 10);
    assert_eq!(meter.report(json!({ "units": 10 })).await, (10, 16));
    meter.allow(json!(null)).await;
    assert_eq!(meter.report(json!({ "units": 1_000 })).await, (1_000, 1_016));
}

/// Changes that concern no limit move the fence, too.
#[tokio::test]
async fn other_changes_of_the_organization_do_not_matter_to_reports() {
    let meter = meter(0, json!(10)).await;
    for used in 1..=10_u64 {
        assert_eq!(meter.report(json!({ "units": 1 })).await, (1, used));
        let rename = meter.owner.put(&meter.organization.path, json!({ "name": format!("Acme {used}") }));
        rename.send().await.expect(200);
    }
    assert_eq!(meter.exhausted(json!({ "units": 1 })).await, 0);
    assert_eq!(meter.owner.organization(&meter.organization).await["version"], 13);
}

#[tokio::test]
async fn a_deleted_organization_takes_no_reports_and_keeps_its_usage() {
    let meter = meter(0, json!(10)).await;
    meter.report(json!({ "units": 4 })).await;
    meter.owner.delete(&meter.organization.path).send().await.expect(200);
    for units in [1, -1, 100] {
        let refused = meter.reporting(json!({ "units": units })).send().await;
        assert_eq!(refused.expect_error(409, "organization_deleted"), json!(null), "{refused}");
    }
    let path = format!("{}?period={}", meter.organization.usage(), meter.period);
    assert_eq!(meter.service.get(&path).send().await.expect(200)["used"], 4);
    meter.owner.get(&path).send().await.expect_error(409, "organization_deleted");
    let restore = meter.owner.request(reqwest::Method::POST, format!("{}/restore", meter.organization.path));
    restore.send().await.expect(200);
    assert_eq!(meter.report(json!({ "units": 6 })).await, (6, 10));
}

/// The largest integer that every JSON parser reads exactly.
#[tokio::test]
async fn a_total_is_at_most_two_to_the_power_of_53_minus_1() {
    const MAX: u64 = (1 << 53) - 1;
    let Some(local) = stack::local_only(REASON) else { return };
    let (meter, table) = (meter(0, json!(null)).await, Table::of(local));
    meter.report(json!({ "units": 1 })).await;
    let used = AttributeValue::N((MAX - 10).to_string());
    table.set_usage(&meter.organization, &meter.period, "used", used).await;
    for over_limit in ["refuse", "record"] {
        assert_eq!(meter.exhausted(asking(over_limit, 11)).await, 10, "{over_limit}");
    }
    assert_eq!(meter.report(asking("partial", 11)).await, (10, MAX));
    assert_eq!(meter.exhausted(asking("record", 1)).await, 0);
    assert_eq!(meter.report(json!({ "units": -1 })).await, (-1, MAX - 1));
}
