//! Requests of each operation in which every value that a client chooses is a canary, and ways to make them
//! invalid.

use functions::Operation;
use serde_json::{Value, json};
use support::example::{self, Place, TOKEN};

/// The event of a request that succeeds if the token is that of [`example::sender`].
pub(crate) fn event(operation: Operation, place: &Place, token: &str) -> Value {
    let is_list = operation.id().starts_with("list");
    // The caller of deleteUser is the user in its path. The other paths do not depend on the caller.
    let sender = example::sender(operation, "nobody");
    let request = example::request(operation, sender, place)
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

/// Values that make the request in an event invalid, or look as if they did. [`TOKEN`] stands for an invitation's
/// token in a wrong place.
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
        ("/rawQueryString", json!(format!("token={TOKEN}"))),
        ("/rawQueryString", json!("deleted=canary")),
        ("/rawQueryString", json!("userId=canary%20canary")),
        ("/rawQueryString", json!("userId=canary")),
        ("/rawQueryString", json!("externalId=canary%20canary")),
        ("/rawQueryString", json!("externalId=canary")),
        ("/rawQueryString", json!("externalId=canary&userId=canary")),
        ("/rawQueryString", json!("after=canary")),
        ("/rawQueryString", json!("period=canary")),
        ("/rawQueryString", json!("period=2026-13&canary=canary")),
        ("/pathParameters/organization_id", json!("canary")),
        ("/pathParameters/organization_id", json!(TOKEN)),
        ("/pathParameters/invitation_id", json!("canary canary")),
        ("/pathParameters/invitation_id", json!(TOKEN)),
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
        json!({ "role": TOKEN }),
        json!({ "email": "canary" }),
        json!({ "email": ["canary@canary.example"] }),
        json!({ "email": "canary canary@canary.example" }),
        json!({ "email": "canary@canary.example", "role": "canary" }),
        json!({ "email": "canary@canary.example", "expiresInDays": 0 }),
        json!({ "email": "canary@canary.example", "token": TOKEN, "canary": "canary" }),
        json!({ "token": "canary" }),
        json!({ "token": "invt_canary" }),
        json!({ "token": [TOKEN] }),
        json!({ "token": format!("{TOKEN} ") }),
        json!({ "organizationName": "Canary", "owner": "canary canary" }),
        json!({ "organizationName": "Canary", "owner": "canary", "externalId": "canary canary" }),
        json!({ "organizationName": "Canary", "owner": "canary", "externalId": ["canary"] }),
        json!({ "organizationName": "Canary", "metadata": "canary" }),
        json!({ "organizationName": "Canary", "metadata": { "canary canary": "canary" } }),
        json!({ "metadata": { "canary": "canary\u{0}" } }),
        json!({ "metadata": { "canary": ["canary"] } }),
        json!({ "metadata": { "canary": "canary".repeat(200) } }),
        json!({ "metadata": { "canary": "canary" }, "externalId": "canary", "maxMembers": "canary" }),
        json!({ "includedUnits": "canary", "maxMembers": 1 }),
        json!({ "includedUnits": 1, "maxMembers": ["canary"] }),
        json!({ "units": "canary" }),
        json!({ "units": 1, "period": "canary" }),
        json!({ "units": 1, "period": "canary-11-01", "overLimit": "refuse" }),
        json!({ "units": 1, "overLimit": "canary" }),
    ];
    wrong.extend(bodies.map(|body| ("/body", json!(body.to_string()))));
    wrong.push(("/body", json!("{\"canary\": canary")));
    wrong.push(("/body", json!("canary".repeat(11_000))));
    wrong
}

/// Requests of a service, which are valid: with an external id, which is new for each `run`, and with a key.
pub(crate) fn by_a_service(operation: Operation, run: &str) -> Vec<Vec<(&'static str, Value)>> {
    let body = |body: Value| ("/body", json!(body.to_string()));
    let key = |key: &str| ("/headers/idempotency-key", json!(key));
    let id = format!("canary-{run}");
    match operation {
        Operation::CreateOrganization => {
            let metadata = json!({ "canary": "canary" });
            let new = json!({
                "organizationName": "Canary", "owner": "canary", "externalId": id, "metadata": metadata,
            });
            vec![
                vec![body(new.clone()), key(&id)],
                vec![body(new.clone()), key(&id)],
                vec![body(new), key("canary-2")],
            ]
        }
        Operation::ListOrganizations => vec![vec![("/rawQueryString", json!(format!("externalId={id}")))]],
        // The second is the same report again, the third another one with its key.
        Operation::RecordUsage => {
            let report = |units: i32| body(json!({ "units": units, "overLimit": "partial" }));
            vec![vec![report(-7), key(&id)], vec![report(-7), key(&id)], vec![report(8), key(&id)]]
        }
        _ => Vec::new(),
    }
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
