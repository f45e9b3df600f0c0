//! What a client gets when DynamoDB fails after all retries.

use crate::{failing, stack};
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
