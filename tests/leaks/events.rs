//! Requests of each operation in which every value that a client chooses is a canary, and ways to make them
//! invalid.

use functions::Operation;
use serde_json::{Value, json};
use support::example;

/// The event of a request that succeeds if the token belongs to an owner.
pub(crate) fn event(operation: Operation, organization: &str, token: &str) -> Value {
    let is_list = matches!(operation, Operation::ListOrganizations | Operation::ListMembers);
    let request = example::request(operation, "nobody", organization)
        .query(if is_list { "limit=1" } else { "" })
        .header("authorization", &format!("Bearer {token}"))
        .header("idempotency-key", "canary")
        .header("user-agent", "canary")
        .header("x-canary", "canary");
    let mut event = request.event();
    event["cookies"] = json!(["canary=canary"]);
    event["headers"]["content-type"] = json!("application/json; canary=canary");
    event["requestContext"]["authorizer"] = json!(null);
    event["requestContext"]["domainName"] = json!("canary.example.com");
    event["requestContext"]["http"]["userAgent"] = json!("canary");
    event
}

/// Values that make the request in an event invalid, or look as if they did.
pub(crate) fn wrong() -> Vec<(&'static str, Value)> {
    let mut wrong = vec![
        ("/headers/authorization", json!("Bearer canary")),
        ("/headers/authorization", json!("Bearer Y2FuYXJ5.Y2FuYXJ5.Y2FuYXJ5")),
        ("/headers/authorization", json!("Basic canary")),
        ("/headers/authorization", json!("canary\ncanary")),
        ("/headers/content-type", json!("text/canary")),
        ("/headers/idempotency-key", json!("\"canary")),
        ("/headers/idempotency-key", json!("canary\u{e9}")),
        ("/headers", json!({ "if-match": "canary", "if-none-match": "canary" })),
        ("/rawPath", json!("/canary\n<canary>")),
        ("/rawQueryString", json!("limit=canary")),
        ("/rawQueryString", json!("cursor=canary")),
        ("/rawQueryString", json!("canary=canary")),
        ("/rawQueryString", json!("canary=<canary>")),
        ("/pathParameters/organization_id", json!("canary")),
        ("/pathParameters/user_id", json!("canary canary")),
        ("/requestContext/authorizer", json!({ "jwt": { "claims": { "sub": "canary canary" } } })),
        ("/requestContext/authorizer", json!({ "jwt": { "claims": { "sub": { "canary": "canary" } } } })),
        ("/requestContext/authorizer", json!({ "jwt": { "claims": { "canary": ["canary", true] } } })),
        ("/requestContext/authorizer", json!("canary")),
    ];
    let bodies = [
        json!("canary"),
        json!({ "canary": "canary" }),
        json!({ "organizationName": "canary\u{0}", "name": "canary" }),
        json!({ "organizationName": "canary\u{0}" }),
        json!({ "name": ["canary"], "domain": "canary" }),
        json!({ "name": "canary", "domain": "canary" }),
        json!({ "maxOverages": "canary" }),
        json!({ "userId": "canary canary", "role": "canary" }),
        json!({ "userId": "canary", "role": "canary" }),
        json!({ "role": "canary" }),
    ];
    wrong.extend(bodies.map(|body| ("/body", json!(body.to_string()))));
    wrong.push(("/body", json!("{\"canary\": canary")));
    wrong.push(("/body", json!("canary".repeat(11_000))));
    wrong
}

/// Values after which an event holds no request.
pub(crate) fn no_request() -> Vec<(&'static str, Value)> {
    vec![
        ("/headers/x-canary", json!(["canary", { "canary": "canary" }])),
        ("/pathParameters", json!("canary")),
        ("/requestContext/http", json!("canary")),
        ("/requestContext/http/method", json!("CAN ARY")),
        ("/isBase64Encoded", json!("canary")),
        ("", json!({ "canary": "canary" })),
        ("", json!("canary")),
    ]
}
