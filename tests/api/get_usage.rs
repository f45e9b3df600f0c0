//! `GET /organization/{organization_id}/usage`

use crate::{
    metering::{USAGE_FIELDS, day, meter, month},
    organizations::{assert_fields, percent_encode, team},
    stack,
    table::{REASON, Table},
};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use shared::model::Timestamp;

#[tokio::test]
async fn a_period_without_reports_is_zeros() {
    let meter = meter(100, json!(10)).await;
    let periods = [meter.period.as_str(), "0001-01-01", "1970-01-01", "2028-02-29", "9999-12-31"];
    for period in periods.into_iter().chain([day(1).as_str(), &day(-401)]) {
        let response =
            meter.owner.get(format!("{}?period={period}", meter.organization.usage())).send().await;
        let usage = response.expect(200);
        assert_fields(&usage, &USAGE_FIELDS);
        let expected = json!({
            "organizationId": meter.organization.id, "period": period, "used": 0, "includedUnits": 100,
            "overages": 0, "maxOverages": 10, "remaining": 110,
        });
        assert_eq!(usage, expected, "{response}");
        // It has no version: reports change it, and the organization's changes do.
        assert_eq!(response.header("etag"), None, "{response}");
    }
}

#[tokio::test]
async fn the_usage_of_a_new_organization_is_nothing_of_nothing() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let (before, usage) = (month(), alice.get(organization.usage()).send().await.expect(200));
    assert!(usage["period"] == before || usage["period"] == month(), "{usage}");
    let expected = json!({
        "organizationId": organization.id, "period": usage["period"], "used": 0, "includedUnits": 0,
        "overages": 0, "maxOverages": 0, "remaining": 0,
    });
    assert_eq!(usage, expected);
}

#[tokio::test]
async fn usage_is_what_the_last_report_answered_but_for_what_that_recorded() {
    let meter = meter(100, json!(10)).await;
    for (units, over_limit) in [(60, "refuse"), (60, "partial"), (5, "record"), (-30, "refuse")] {
        let body = json!({ "units": units, "overLimit": over_limit });
        let mut answer = meter.reporting(body).send().await.expect(200);
        answer.as_object_mut().unwrap().remove("recorded").expect("it says what it recorded");
        assert_eq!(meter.usage(&meter.period).await, answer);
    }
    assert_eq!(meter.used().await, 85);
}

/// The limit is the organization's of now, in periods that have ended, too.
#[tokio::test]
async fn the_figures_follow_the_limit() {
    let meter = meter(0, json!(null)).await;
    meter.report(json!({ "units": 120 })).await;
    for (included, allowed, overages, remaining) in [
        (0, json!(null), 120, json!(null)),
        (100, json!(null), 20, json!(null)),
        (100, json!(50), 20, json!(30)),
        (100, json!(20), 20, json!(0)),
        (100, json!(0), 20, json!(0)),
        (120, json!(0), 0, json!(0)),
        (121, json!(0), 0, json!(1)),
        (1_000_000_000, json!(1_000_000_000), 0, json!(1_999_999_880)),
    ] {
        meter.include(included).await;
        meter.allow(allowed.clone()).await;
        let expected = json!({
            "organizationId": meter.organization.id, "period": meter.period, "used": 120,
            "includedUnits": included, "overages": overages, "maxOverages": allowed, "remaining": remaining,
        });
        assert_eq!(meter.usage(&meter.period).await, expected);
    }
}

#[tokio::test]
async fn every_member_and_every_service_sees_the_usage() {
    let team = team().await;
    let path = team.organization.usage();
    let body = json!({ "units": 3, "overLimit": "record", "period": month() });
    team.service.post(&path, body).send().await.expect(200);
    let path = format!("{path}?period={}", month());
    let seen = team.owner.get(&path).send().await.expect(200);
    assert_eq!(seen["used"], 3);
    for caller in [&team.admin, &team.member, &team.service, &stack::service()] {
        assert_eq!(caller.get(&path).send().await.expect(200), seen, "{}", caller.id);
    }
    team.stranger.get(&path).send().await.expect_error(404, "organization_not_found");
}

#[tokio::test]
async fn a_month_is_its_first_day() {
    let meter = meter(10, json!(0)).await;
    meter.report(json!({ "units": 4 })).await;
    let month = &meter.period[..7];
    let usage = meter.usage(month).await;
    assert_eq!((&usage["period"], &usage["used"]), (&json!(format!("{month}-01")), &json!(4)));
    assert_eq!(meter.usage(&format!("{month}-01")).await, usage);
    assert_eq!(meter.usage(&format!("{month}-02")).await["used"], 0);
}

#[tokio::test]
async fn a_malformed_period_is_refused() {
    let team = team().await;
    for period in
        ["", "2026", "2026-1", "2026-13", "2026-02-29", "2026-11-1", " 2026-11", "+026-11", "２026-11", "x"]
    {
        let path = format!("{}?period={}", team.organization.usage(), percent_encode(period));
        let response = team.member.get(path).send().await;
        let details = response.expect_error(422, "validation_failed");
        assert_eq!(details, json!({ "field": "period", "rule": "format" }), "{response}");
        let message = "The period must be a month such as 2026-11, or the first day of the billing period such as \
                       2026-11-15.";
        assert_eq!(response.expect(422)["message"], message, "{response}");
    }
    let twice = format!("{}?period=2026-11&period=2026-11", team.organization.usage());
    team.member.get(twice).send().await.expect_invalid_request("period");
    let other = format!("{}?Period=2026-11", team.organization.usage());
    team.member.get(other).send().await.expect_invalid_request("Period");
}

/// TTL deletes an item days after its time.
#[tokio::test]
async fn a_period_whose_time_has_passed_is_zeros_although_its_item_is_there() {
    let Some(local) = stack::local_only(REASON) else { return };
    let (meter, table) = (meter(10, json!(0)).await, Table::of(local));
    meter.report(json!({ "units": 4 })).await;
    for (seconds, used) in [(60, 4), (0, 0)] {
        let time = AttributeValue::N((Timestamp::seconds_now() + seconds).to_string());
        table.set_usage(&meter.organization, &meter.period, "expiresAt", time).await;
        let usage = meter.usage(&meter.period).await;
        assert_eq!((&usage["used"], &usage["remaining"]), (&json!(used), &json!(10 - used)), "{usage}");
    }
}
