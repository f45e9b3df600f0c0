//! `POST /organization/{organization_id}/usage` with an `Idempotency-Key`: a repeated report counts nothing.

use crate::{
    client::{Request, Response},
    idempotency::{HEADER, fresh_key},
    metering::{Meter, day, meter, month},
    stack::{self, with_scopes},
};
use futures_util::future::join_all;
use local::SERVICE_SCOPE;
use serde_json::{Value, json};

impl Meter {
    /// A report with this key.
    pub(crate) fn keyed(&self, key: &str, body: Value) -> Request {
        self.reporting(body).header(HEADER, key)
    }
}

/// The figures of an answer: `recorded`, `used`, `remaining`; and whether it is a repetition.
#[track_caller]
pub(crate) fn figures(response: &Response) -> (i64, u64, Value, bool) {
    let usage = response.expect(200);
    let (recorded, used) = (usage["recorded"].as_i64().unwrap(), usage["used"].as_u64().unwrap());
    (recorded, used, usage["remaining"].clone(), response.is_replayed())
}

#[tokio::test]
async fn a_repeated_report_counts_nothing_and_gets_the_same_answer() {
    let (meter, key) = (meter(100, json!(10)).await, fresh_key());
    let report = || meter.keyed(&key, json!({ "units": 30 }));
    let first = report().send().await;
    assert_eq!(figures(&first), (30, 30, json!(80), false));
    for _ in 0..3 {
        let again = report().send().await;
        assert_eq!(figures(&again), (30, 30, json!(80), true));
        assert_eq!(again.content(), first.content());
    }
    assert_eq!(meter.used().await, 30);
    assert_eq!(
        figures(&meter.keyed(&fresh_key(), json!({ "units": 30 })).send().await),
        (30, 60, json!(50), false)
    );
}

#[tokio::test]
async fn a_repetition_has_what_the_first_one_recorded_and_the_other_figures_of_now() {
    let meter = meter(100, json!(10)).await;
    let keys = [fresh_key(), fresh_key(), fresh_key(), fresh_key()];
    let reports = [
        json!({ "units": 60 }),
        json!({ "units": 1_000, "overLimit": "partial" }),
        json!({ "units": 5, "overLimit": "record" }),
        json!({ "units": -1_000 }),
    ];
    let recorded = [60, 50, 5, -115];
    for ((key, body), (recorded, used, remaining)) in
        keys.iter().zip(&reports).zip([(60, 60, 50), (50, 110, 0), (5, 115, 0), (-115, 0, 110)])
    {
        let answer = meter.keyed(key, body.clone()).send().await;
        assert_eq!(figures(&answer), (recorded, used, json!(remaining), false));
    }
    meter.include(7).await;
    meter.allow(json!(3)).await;
    assert_eq!(meter.report(json!({ "units": 4 })).await, (4, 4));
    for ((key, body), recorded) in keys.iter().zip(&reports).zip(recorded) {
        let answer = meter.keyed(key, body.clone()).send().await;
        assert_eq!(figures(&answer), (recorded, 4, json!(6), true));
        let usage = answer.expect(200);
        assert_eq!((&usage["includedUnits"], &usage["maxOverages"]), (&json!(7), &json!(3)), "{answer}");
    }
    assert_eq!(meter.used().await, 4);
}

/// The client cannot know that its first report was recorded, so it must not be told that there is no room for it.
#[tokio::test]
async fn a_report_that_used_up_the_limit_is_repeated_like_any_other() {
    for over_limit in ["refuse", "partial"] {
        let (meter, key) = (meter(0, json!(10)).await, fresh_key());
        let report = || meter.keyed(&key, json!({ "units": 10, "overLimit": over_limit })).send();
        assert_eq!(figures(&report().await), (10, 10, json!(0), false), "{over_limit}");
        assert_eq!(figures(&report().await), (10, 10, json!(0), true), "{over_limit}");
        meter.allow(json!(0)).await;
        assert_eq!(figures(&report().await), (10, 10, json!(0), true), "{over_limit}");
        let other = meter.keyed(&key, json!({ "units": 11, "overLimit": over_limit })).send().await;
        other.expect_error(422, "idempotency_key_reused");
        let fresh = meter.keyed(&fresh_key(), json!({ "units": 10 })).send().await;
        assert_eq!(fresh.expect_error(422, "overages_exhausted"), json!({ "remaining": 0 }), "{fresh}");
        assert_eq!(meter.used().await, 10);
    }
}

#[tokio::test]
async fn the_same_values_in_another_spelling_are_the_same_report() {
    let (meter, key, month) = (meter(100, json!(0)).await, fresh_key(), month());
    let (service, path) = (&meter.service, meter.organization.usage());
    let report = |body: String| {
        let request = service.request(reqwest::Method::POST, &path).header(HEADER, &key);
        request.header("content-type", "application/json").body(body).send()
    };
    let first = report(format!("{{\"units\":20,\"period\":\"{month}\"}}")).await;
    assert_eq!(figures(&first), (20, 20, json!(80), false));
    for body in [
        format!("{{\"period\":\"{}\",\"units\":2e1}}", &month[..7]),
        format!("{{ \"units\": 20.0, \"overLimit\": \"refuse\", \"period\": \"{month}\" }}"),
    ] {
        assert_eq!(figures(&report(body).await), (20, 20, json!(80), true));
    }
}

#[tokio::test]
async fn another_report_with_the_same_key_is_refused() {
    let (meter, key) = (meter(100, json!(0)).await, fresh_key());
    let body = json!({ "units": 20 });
    meter.keyed(&key, body.clone()).send().await.expect(200);
    for (field, value) in [
        ("units", json!(21)),
        ("units", json!(-20)),
        ("overLimit", json!("partial")),
        ("period", json!(day(-40))),
    ] {
        let mut other = body.clone();
        other[field] = value;
        let refused = meter.keyed(&key, other).send().await;
        assert_eq!(refused.expect_error(422, "idempotency_key_reused"), json!(null), "{refused}");
        assert!(!refused.is_replayed(), "{refused}");
    }
    // No period is not the same as the period that it stands for, which may be another one at the repetition.
    let default = meter.service.post(meter.organization.usage(), body).header(HEADER, &key).send().await;
    default.expect_error(422, "idempotency_key_reused");
    // Errors in the report itself come first.
    meter.keyed(&key, json!({ "units": 0 })).send().await.expect_validation_failed("units");
    assert_eq!((meter.used().await, meter.usage(&day(-40)).await["used"].clone()), (20, json!(0)));
}

#[tokio::test]
async fn a_refused_report_does_not_use_up_its_key() {
    let (meter, key) = (meter(0, json!(10)).await, fresh_key());
    let report = |units: i64| meter.keyed(&key, json!({ "units": units })).send();
    report(0).await.expect_validation_failed("units");
    for units in [11, 12] {
        let refused = report(units).await;
        assert_eq!(refused.expect_error(422, "overages_exhausted"), json!({ "remaining": 10 }), "{refused}");
    }
    assert_eq!(figures(&report(10).await), (10, 10, json!(0), false));
    // A partial report of which nothing fits is not refused.
    let (none, body) = (fresh_key(), json!({ "units": 5, "overLimit": "partial" }));
    assert_eq!(figures(&meter.keyed(&none, body.clone()).send().await), (0, 10, json!(0), false));
    meter.allow(json!(100)).await;
    assert_eq!(figures(&meter.keyed(&none, body).send().await), (0, 10, json!(90), true));
}

#[tokio::test]
async fn a_key_belongs_to_its_organization() {
    let (meter, other, key) = (meter(100, json!(0)).await, meter(100, json!(0)).await, fresh_key());
    for (organization, units) in [(&meter.organization, 20_i64), (&other.organization, 30)] {
        let body = json!({ "units": units, "period": meter.period });
        let report = || meter.service.post(organization.usage(), body.clone()).header(HEADER, &key).send();
        assert!(!figures(&report().await).3);
        assert_eq!(figures(&report().await), (units, units.unsigned_abs(), json!(100 - units), true));
    }
}

#[tokio::test]
async fn a_key_belongs_to_its_caller() {
    if stack::local_only("a deployed stack has one service").is_none() {
        return;
    }
    let (meter, key) = (meter(100, json!(0)).await, fresh_key());
    for (caller, used) in [(stack::service(), 20), (stack::service(), 40), (stack::service(), 60)] {
        let body = json!({ "units": 20, "period": meter.period });
        let report = || caller.post(meter.organization.usage(), body.clone()).header(HEADER, &key).send();
        assert_eq!(figures(&report().await), (20, used, json!(100 - used), false));
        assert_eq!(figures(&report().await), (20, used, json!(100 - used), true));
    }
}

#[tokio::test]
async fn keys_of_reports_and_of_creations_are_independent() {
    let Some(local) = stack::local_only("a real issuer does not sign such tokens") else { return };
    let (meter, key) = (meter(100, json!(0)).await, fresh_key());
    // A user with the same `sub` has keys of its own, too.
    let sub = meter.service.id.strip_prefix("service:").unwrap();
    let service = with_scopes(local, sub, SERVICE_SCOPE);
    let create = || {
        let body = json!({ "organizationName": "Acme", "owner": meter.owner.id });
        service.post("/organization", body).header(HEADER, &key).send()
    };
    let first = create().await;
    first.expect(201);
    assert_eq!(figures(&meter.keyed(&key, json!({ "units": 20 })).send().await), (20, 20, json!(80), false));
    let again = create().await;
    assert_eq!((again.content(), again.is_replayed()), (first.content(), true), "{again}");
    assert_eq!(figures(&meter.keyed(&key, json!({ "units": 20 })).send().await), (20, 20, json!(80), true));
    // The key of an organization's report may look like that of another record.
    let odd = format!("{}#{key}", meter.organization.id);
    assert_eq!(figures(&meter.keyed(&odd, json!({ "units": 20 })).send().await), (20, 40, json!(60), false));
}

#[tokio::test]
async fn a_key_may_have_1_to_255_characters_and_quotes() {
    let meter = meter(100, json!(0)).await;
    let long = format!("{:~<255}", fresh_key());
    let first = meter.keyed(&long, json!({ "units": 1 })).send().await;
    assert_eq!(figures(&first), (1, 1, json!(99), false));
    let quoted = meter.keyed(&format!("\"{long}\""), json!({ "units": 1 })).send().await;
    assert_eq!(figures(&quoted), (1, 1, json!(99), true));
    assert_eq!(figures(&meter.keyed("k", json!({ "units": 1 })).send().await), (1, 2, json!(98), false));
    for value in ["", "  ", &"k".repeat(256), "a\tb", "é", "\"a", "\"a\", \"b\""] {
        let response = meter.keyed(value, json!({ "units": 1 })).send().await;
        response.expect_invalid_request(HEADER);
    }
    assert_eq!(meter.used().await, 2);
}

#[tokio::test]
async fn concurrent_reports_with_the_same_key_count_once() {
    let (meter, mut total) = (meter(1_000, json!(0)).await, 0);
    for units in 1..=8_u64 {
        let key = fresh_key();
        let report = || meter.keyed(&key, json!({ "units": units })).send();
        let responses = join_all((0..8).map(|_| report())).await;
        total += units;
        let first: Vec<_> = responses.iter().filter(|response| response.status == 200).map(figures).collect();
        assert_eq!(first.iter().filter(|(.., is_replayed)| !is_replayed).count(), 1, "{first:?}");
        assert!(first.iter().all(|(recorded, used, ..)| (recorded.unsigned_abs(), *used) == (units, total)));
        for response in responses.iter().filter(|response| response.status != 200) {
            let code = response.expect(409)["code"].clone();
            assert!(code == "idempotency_in_progress" || code == "conflict", "{response}");
        }
        let again = report().await;
        let remaining = json!(1_000 - total);
        assert_eq!(figures(&again), (units.try_into().unwrap(), total, remaining, true), "{again}");
    }
    assert_eq!(meter.used().await, total);
}

#[tokio::test]
async fn of_different_concurrent_reports_with_the_same_key_one_counts() {
    let meter = meter(1_000, json!(0)).await;
    for _ in 0..8 {
        let (before, key) = (meter.used().await, fresh_key());
        let units = [1, 2, 3, 4, 1, 2, 3, 4];
        let responses =
            join_all(units.map(|units| meter.keyed(&key, json!({ "units": units })).send())).await;
        let recorded: Vec<_> =
            responses.iter().filter(|response| response.status == 200).map(figures).collect();
        let one = recorded[0].0;
        assert!(recorded.iter().all(|(recorded, ..)| *recorded == one), "{recorded:?}");
        assert_eq!(meter.used().await, before + one.unsigned_abs());
        for (response, units) in responses.iter().zip(units) {
            match response.status.as_u16() {
                200 => assert_eq!(one, units),
                409 => drop(response.expect(409)),
                _ => {
                    assert_ne!(one, units);
                    response.expect_error(422, "idempotency_key_reused");
                }
            }
        }
    }
}
