//! The records of reports with an `Idempotency-Key`: how long they last, and what they contain.

use crate::{
    failing,
    idempotency::{HEADER, fresh_key},
    metering::{day, meter},
    stack::{self, with_scopes},
    table::{REASON, Table},
    usage_keys::figures,
};
use aws_sdk_dynamodb::types::AttributeValue;
use local::SERVICE_SCOPE;
use serde_json::json;
use shared::model::Timestamp;

/// TTL deletes a record days after its time.
#[tokio::test]
async fn a_key_is_remembered_for_24_hours_and_then_counts_anew() {
    let Some(local) = stack::local_only(REASON) else { return };
    let (meter, table, key) = (meter(0, json!(50)).await, Table::of(local), fresh_key());
    let report = || meter.keyed(&key, json!({ "units": 20 })).send();
    let before = Timestamp::seconds_now();
    assert_eq!(figures(&report().await), (20, 20, json!(30), false));
    let record = table.report(&meter.service, &meter.organization, &key).await;
    let expires_at: u64 = record["expiresAt"].as_n().unwrap().parse().unwrap();
    assert!((before..=Timestamp::seconds_now()).contains(&(expires_at - 24 * 60 * 60)), "{expires_at}");
    let expire = async |seconds: u64| {
        let time = AttributeValue::N((Timestamp::seconds_now() + seconds).to_string());
        table.set_report(&meter.service, &meter.organization, &key, "expiresAt", time).await;
    };
    expire(60).await;
    assert_eq!(figures(&report().await), (20, 20, json!(30), true));
    expire(0).await;
    assert_eq!(figures(&report().await), (20, 40, json!(10), false));
    expire(0).await;
    // Where the limit leaves no room, an expired record does not help.
    assert_eq!(report().await.expect_error(422, "overages_exhausted"), json!({ "remaining": 10 }));
    assert_eq!(meter.used().await, 40);
}

/// The default period of a repetition is the first one's, even in another month.
#[tokio::test]
async fn a_repetition_is_about_the_period_of_the_first_report() {
    let Some(local) = stack::local_only(REASON) else { return };
    let (meter, table, key) = (meter(100, json!(0)).await, Table::of(local), fresh_key());
    let body = json!({ "units": 20 });
    let report = || meter.service.post(meter.organization.usage(), body.clone()).header(HEADER, &key).send();
    assert_eq!(figures(&report().await), (20, 20, json!(80), false));
    let last = day(-40);
    meter.report(json!({ "units": 5, "period": last })).await;
    let period = AttributeValue::S(last.clone());
    table.set_report(&meter.service, &meter.organization, &key, "period", period).await;
    let again = report().await;
    assert_eq!(
        (figures(&again), &again.expect(200)["period"]),
        ((20, 5, json!(95), true), &json!(last)),
        "{again}"
    );
}

#[tokio::test]
async fn the_record_of_a_key_is_read_if_dynamodb_does_not_return_it() {
    let Some(local) = stack::local_only("a real DynamoDB returns the record") else { return };
    let (meter, key) = (meter(100, json!(0)).await, fresh_key());
    let service = with_scopes(local, &stack::unique(failing::UNEXPLAINED), SERVICE_SCOPE);
    let report = |units: i64| {
        let body = json!({ "units": units, "period": meter.period });
        service.post(meter.organization.usage(), body).header(HEADER, &key).send()
    };
    assert_eq!(figures(&report(20).await), (20, 20, json!(80), false));
    assert_eq!(figures(&report(20).await), (20, 20, json!(80), true));
    report(21).await.expect_error(422, "idempotency_key_reused");
    assert_eq!(meter.used().await, 20);
}
