//! What a client gets when DynamoDB fails after all retries.

use crate::{failing, idempotency::HEADER, metering::meter, stack};
use local::SERVICE_SCOPE;
use serde_json::json;

const REASON: &str = "a real DynamoDB does not throttle or conflict on demand";

#[tokio::test]
async fn a_throttled_dynamodb_gives_503_with_retry_after() {
    let Some(_) = stack::local_only(REASON) else { return };
    let user = stack::user(failing::THROTTLED);
    for request in [
        user.get("/organization/list"),
        user.get("/organization/org_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        user.post("/organization", json!({ "organizationName": "Acme" })),
        user.delete("/organization/org_01ARZ3NDEKTSV4RRFFQ69G5FAV/member/somebody"),
        user.get("/organization/org_01ARZ3NDEKTSV4RRFFQ69G5FAV/member/somebody"),
        user.get("/organization/org_01ARZ3NDEKTSV4RRFFQ69G5FAV/invitation"),
        user.get("/organization/org_01ARZ3NDEKTSV4RRFFQ69G5FAV/usage"),
    ] {
        let response = request.send().await;
        response.expect_error(503, "service_unavailable");
        assert_eq!(response.header("retry-after"), Some("1"));
    }
}

#[tokio::test]
async fn a_write_that_conflicts_on_every_attempt_gets_409() {
    let Some(_) = stack::local_only(REASON) else { return };
    let user = stack::user(failing::CONTENDED);
    let response = user.post("/organization", json!({ "organizationName": "Acme" })).send().await;
    response.expect_error(409, "conflict");
}

#[tokio::test]
async fn a_report_that_cannot_be_recorded_counts_nothing_and_does_not_use_up_its_key() {
    let Some(local) = stack::local_only(REASON) else { return };
    let meter = meter(10, json!(0)).await;
    for (name, status, code) in [
        (failing::THROTTLED, 503, "service_unavailable"),
        (failing::CONTENDED, 409, "idempotency_in_progress"),
    ] {
        let service = stack::with_scopes(local, &stack::unique(name), SERVICE_SCOPE);
        let report = |key: Option<&str>| {
            let body = json!({ "units": 1, "period": meter.period });
            let request = service.post(meter.organization.usage(), body);
            key.into_iter().fold(request, |request, key| request.header(HEADER, key))
        };
        let failed = report(Some("k")).send().await;
        failed.expect_error(status, code);
        let retry_after = (status == 503).then_some("1");
        assert_eq!(failed.header("retry-after"), retry_after, "{failed}");
    }
    assert_eq!(meter.used().await, 0);
}
