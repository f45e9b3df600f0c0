//! `POST /organization/{organization_id}/usage`: what a report must be, and which period it is for.
//!
//! [`crate::usage_limits`] shows what is recorded of it.

use crate::{
    client::Response,
    metering::{USAGE_FIELDS, day, meter, month},
    organizations::{Organization, assert_fields},
    stack,
};
use reqwest::Method;
use serde_json::{Value, json};

/// Sends a report whose body is not serialized from a value, so that numbers stay as they are written.
async fn report(organization: &Organization, body: &str) -> Response {
    let request = stack::service().request(Method::POST, organization.usage());
    request.header("content-type", "application/json").body(body).send().await
}

/// Asserts the whole error about a value.
#[track_caller]
fn expect_refused(response: &Response, field: &str, rule: &str, message: &str) {
    let details = response.expect_error(422, "validation_failed");
    assert_eq!(details, json!({ "field": field, "rule": rule }), "{response}");
    assert_eq!(response.expect(422)["message"], message, "{response}");
}

#[tokio::test]
async fn a_report_returns_the_usage_of_its_period_and_what_it_recorded() {
    let meter = meter(100, json!(10)).await;
    let before = meter.owner.organization(&meter.organization).await;
    for (units, used, overages, remaining) in [(60, 60, 0, 50), (45, 105, 5, 5), (5, 110, 10, 0)] {
        let response = meter.reporting(json!({ "units": units })).send().await;
        let usage = response.expect(200);
        assert_fields(&usage, &[&USAGE_FIELDS[..], &["recorded"]].concat());
        let expected = json!({
            "organizationId": meter.organization.id, "period": meter.period, "used": used,
            "includedUnits": 100, "overages": overages, "maxOverages": 10, "remaining": remaining,
            "recorded": units,
        });
        assert_eq!(usage, expected, "{response}");
        assert_eq!((response.header("etag"), response.header("location")), (None, None), "{response}");
        assert!(!response.is_replayed(), "{response}");
    }
    // A report is no change of the organization.
    assert_eq!(meter.owner.organization(&meter.organization).await, before);
}

#[tokio::test]
async fn a_report_that_names_no_period_is_of_the_current_month_in_utc() {
    let meter = meter(100, json!(0)).await;
    let before = month();
    let usage =
        meter.service.post(meter.organization.usage(), json!({ "units": 7 })).send().await.expect(200);
    assert!(usage["period"] == before || usage["period"] == month(), "{usage}");
    assert_eq!(usage["used"], 7);
    assert_eq!(meter.usage(usage["period"].as_str().unwrap()).await["used"], 7);
}

#[tokio::test]
async fn a_month_is_its_first_day_and_every_day_is_a_period_of_its_own() {
    let meter = meter(100, json!(0)).await;
    let (last_month, yesterday) = (&day(-31)[..7], day(-1));
    let first = format!("{last_month}-01");
    for (period, answered, used) in
        [(last_month, &first, 1), (&first, &first, 2), (&yesterday, &yesterday, 1), (last_month, &first, 3)]
    {
        // Yesterday may be a first day, too.
        let used = if answered == &yesterday && yesterday == first { used + 2 } else { used };
        let usage = meter.reporting(json!({ "units": 1, "period": period })).send().await.expect(200);
        assert_eq!((&usage["period"], &usage["used"]), (&json!(answered), &json!(used)), "{period}");
        assert_eq!(usage["remaining"], 100 - used, "each period has the whole limit");
    }
    assert_eq!(meter.usage(&day(-2)).await["used"], json!(if day(-2) == first { 3 } else { 0 }));
}

#[tokio::test]
async fn organizations_and_their_totals_are_independent() {
    let (one, other) = (meter(10, json!(0)).await, meter(10, json!(0)).await);
    one.report(json!({ "units": 10 })).await;
    assert_eq!(other.used().await, 0);
    assert_eq!(other.report(json!({ "units": 4 })).await, (4, 4));
    assert_eq!(one.used().await, 10);
}

/// Late usage is counted in the period in which it happened, for 400 days.
#[tokio::test]
async fn a_period_begins_at_most_400_days_ago_and_at_the_latest_today() {
    let meter = meter(100, json!(0)).await;
    let future = "The period must not begin later than today in UTC.";
    let past = "The period must not begin more than 400 days ago.";
    loop {
        let today = day(0);
        let mut answers = Vec::new();
        for (days, refused) in [
            (-401, Some(("past", past))),
            (-400, None),
            (0, None),
            (1, Some(("future", future))),
            (1_000_000, Some(("future", future))),
            (-500_000, Some(("past", past))),
        ] {
            let body = json!({ "units": 1, "period": day(days) });
            answers.push((refused, meter.reporting(body).send().await));
        }
        // All answers are of one day.
        if day(0) != today {
            continue;
        }
        for (refused, answer) in answers {
            match refused {
                Some((rule, message)) => expect_refused(&answer, "period", rule, message),
                None => drop(answer.expect(200)),
            }
        }
        break;
    }
}

#[tokio::test]
async fn a_malformed_period_is_refused() {
    let meter = meter(100, json!(0)).await;
    let message = "The period must be a month such as 2026-11, or the first day of the billing period such as \
                   2026-11-15.";
    for period in [
        "",
        "2026",
        "202611",
        "2026-1",
        "2026-13",
        "2026-00",
        "2026-11-00",
        "2026-11-31",
        "2026-02-29",
        "26-11-01",
        "2026/11/01",
        "2026-11-1",
        " 2026-11",
        "2026-11 ",
        "2026-11-01T00:00:00Z",
        "+026-11",
        "2026-+1",
        "２026-11",
        "current",
    ] {
        let response = meter.reporting(json!({ "units": 1, "period": period })).send().await;
        expect_refused(&response, "period", "format", message);
    }
    for period in [json!(null), json!(202_611), json!(["2026-11"]), json!({}), json!(true)] {
        let response = meter.reporting(json!({ "units": 1, "period": period })).send().await;
        response.expect_invalid_request("period");
        assert_eq!(response.expect(400)["message"], "The field \"period\" must be a string.", "{response}");
    }
    assert_eq!(meter.used().await, 0);
}

#[tokio::test]
async fn units_out_of_range_are_refused() {
    let meter = meter(1_000_000_000, json!(1_000_000_000)).await;
    let message = "units must be an integer from -1000000000 to 1000000000, and not 0.";
    let huge = format!("1{}", "0".repeat(40));
    for value in ["0", "0.0", "-0", "0e9", "1000000001", "-1000000001", "1e10", "-1e999999999", &huge] {
        let response = report(&meter.organization, &format!("{{\"units\":{value}}}")).await;
        expect_refused(&response, "units", "range", message);
    }
    assert_eq!(meter.used().await, 0);
    for (units, used) in
        [(1_000_000_000, 1_000_000_000_u64), (1_000_000_000, 2_000_000_000), (-1_000_000_000, 1_000_000_000)]
    {
        assert_eq!(meter.report(json!({ "units": units })).await, (units, used));
    }
}

#[tokio::test]
async fn units_are_an_integer_however_it_is_written() {
    let meter = meter(10_000, json!(0)).await;
    let mut used = 0_i64;
    for (value, units) in [("5000.0", 5000), ("5e2", 500), ("1.5e+1", 15), ("-50000e-2", -500)] {
        used += units;
        let body = format!("{{\"units\":{value},\"period\":\"{}\"}}", meter.period);
        let usage = report(&meter.organization, &body).await.expect(200);
        assert_eq!((&usage["recorded"], &usage["used"]), (&json!(units), &json!(used)), "{value}");
    }
    for value in ["0.5", "15e-1", "\"5\"", "null", "true", "[5]", "{}", "\"\""] {
        let response = report(&meter.organization, &format!("{{\"units\":{value}}}")).await;
        response.expect_invalid_request("units");
        let message = "The field \"units\" must be an integer.";
        assert_eq!(response.expect(400)["message"], message, "{response}");
    }
    assert_eq!(json!(meter.used().await), json!(used));
}

#[tokio::test]
async fn what_to_do_over_the_limit_is_one_of_three() {
    let meter = meter(100, json!(0)).await;
    for over_limit in ["refuse", "partial", "record"] {
        let body = json!({ "units": 1, "overLimit": over_limit });
        assert_eq!(meter.report(body).await.0, 1, "{over_limit}");
    }
    for over_limit in ["", "Refuse", "REFUSE", " refuse", "allow", "refuse,partial"] {
        let body = json!({ "units": 1, "overLimit": over_limit });
        let response = meter.reporting(body).send().await;
        expect_refused(&response, "overLimit", "enum", "overLimit must be refuse, partial or record.");
    }
    for over_limit in [json!(null), json!(5), json!(true), json!(["refuse"]), json!({})] {
        let response = meter.reporting(json!({ "units": 1, "overLimit": over_limit })).send().await;
        response.expect_invalid_request("overLimit");
        assert_eq!(
            response.expect(400)["message"],
            "The field \"overLimit\" must be a string.",
            "{response}"
        );
    }
    assert_eq!(meter.used().await, 3);
}

#[tokio::test]
async fn the_error_names_missing_units_an_unknown_field_and_a_parameter() {
    let meter = meter(100, json!(0)).await;
    for (body, field) in [
        (json!({}), "units"),
        (json!({ "overLimit": "record" }), "units"),
        (json!({ "units": 5, "recorded": 5 }), "recorded"),
        (json!({ "units": 5, "over_limit": "record" }), "over_limit"),
        (json!({ "units": 5, "idempotencyKey": "k" }), "idempotencyKey"),
    ] {
        meter.reporting(body).send().await.expect_invalid_request(field);
    }
    let path = format!("{}?period={}", meter.organization.usage(), meter.period);
    let parameter: Value = json!({ "units": 5 });
    meter.service.post(path, parameter).send().await.expect_invalid_request("period");
    assert_eq!(meter.used().await, 0);
}

#[tokio::test]
async fn an_owner_cannot_report() {
    let meter = meter(100, json!(0)).await;
    for units in [1, -1] {
        let report = meter.owner.post(meter.organization.usage(), json!({ "units": units }));
        report.send().await.expect_insufficient_scope();
    }
    assert_eq!(meter.used().await, 0);
}
