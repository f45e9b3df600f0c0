//! Events as API Gateway sends them after its JWT authorizer has verified the token. The emulator's
//! invocation route passes an event to a function unchanged.

use crate::{
    examples::{Place, sender},
    host::Local,
    organizations::team,
    stack,
};
use functions::Operation;
use heck::ToKebabCase as _;
use reqwest::Method;
use serde_json::{Value, json};
use support::example::{MEMBER as MEMBER_ID, example};

const REASON: &str = "a deployed function accepts events only from its gateway";
pub(crate) const MEMBER: &str = "/organization/{organization_id}/member/{user_id+}";

/// An event of payload version 2.0, without an authorizer.
pub(crate) fn event(method: &Method, route: &str, path: &str, parameters: Value) -> Value {
    let route_key = format!("{method} {route}");
    json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": "",
        "headers": { "host": "api.example.com", "content-type": "application/json" },
        "pathParameters": parameters,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "api.example.com",
            "domainPrefix": "api",
            "http": {
                "method": method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "tests"
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": route_key,
            "stage": "$default",
            "time": "10/Mar/2025:05:16:23 +0000",
            "timeEpoch": 1_741_583_783_123_u64
        },
        "isBase64Encoded": false
    })
}

/// The event with the claims that the authorizer adds.
pub(crate) fn with_claims(mut event: Value, claims: Value) -> Value {
    event["requestContext"]["authorizer"] = json!({ "jwt": { "claims": claims, "scopes": null } });
    event
}

/// The function's answer: status and body.
pub(crate) async fn invoke(local: &Local, function: &str, event: &Value) -> (u64, Value) {
    let url = format!("{}/2015-03-31/functions/{function}/invocations", local.api_url);
    let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
    let response = http.post(url).json(event).send().await.expect("an answer");
    let text = response.text().await.expect("a text");
    let payload: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let body = payload["body"].as_str().unwrap_or_else(|| panic!("no body: {text}"));
    let body = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {text}"));
    (payload["statusCode"].as_u64().unwrap_or_else(|| panic!("no status: {text}")), body)
}

#[tokio::test]
async fn the_authorizers_claims_identify_the_caller_whatever_the_header_says() {
    let Some(local) = stack::local_only(REASON) else { return };
    let [alice, bob] = ["alice", "bob"].map(stack::user);
    let organization = alice.create_organization("Acme").await;
    let route = "/organization/{organization_id}";
    let parameters = json!({ "organization_id": organization.id });
    let mut event = event(&Method::GET, route, &organization.path, parameters);
    event["headers"]["authorization"] = json!(format!("Bearer {}", bob.token().expect("a token")));

    let claims = json!({ "sub": alice.id, "aud": "[a b]", "exp": "1741587383" });
    let (status, found) = invoke(local, "get-organization", &with_claims(event.clone(), claims)).await;
    assert_eq!((status, &found["id"]), (200, &json!(organization.id)), "{found}");
    let claims = json!({ "sub": bob.id });
    let (status, found) = invoke(local, "get-organization", &with_claims(event, claims)).await;
    assert_eq!((status, &found["code"]), (404, &json!("organization_not_found")), "{found}");
}

#[tokio::test]
async fn a_valid_token_does_not_replace_missing_claims_of_the_authorizer() {
    let Some(local) = stack::local_only(REASON) else { return };
    let alice = stack::user("alice");
    let mut event = event(&Method::GET, "/organization/list", "/organization/list", json!({}));
    event["headers"]["authorization"] = json!(format!("Bearer {}", alice.token().expect("a token")));
    let (status, _) = invoke(local, "list-organizations", &event).await;
    assert_eq!(status, 200, "the token is good");
    for claims in [json!({}), json!({ "sub": "" }), json!({ "sub": "a b" }), json!({ "client_id": "x" })] {
        let (status, found) = invoke(local, "list-organizations", &with_claims(event.clone(), claims)).await;
        assert_eq!((status, &found["code"]), (401, &json!("unauthorized")), "{found}");
    }
}

#[tokio::test]
async fn path_parameters_that_the_gateway_decoded_are_not_decoded_again() {
    let Some(local) = stack::local_only(REASON) else { return };
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    organization.add("auth0|64ab", "member").await;
    for (user_id, status, code) in
        [("auth0%7C64ab", 404, json!("member_not_found")), ("auth0|64ab", 200, json!(null))]
    {
        let parameters = json!({ "organization_id": organization.id, "user_id": user_id });
        let path = format!("{}/{user_id}", organization.members());
        let event = event(&Method::DELETE, MEMBER, &path, parameters);
        let event = with_claims(event, json!({ "sub": alice.id }));
        let (found_status, found) = invoke(local, "remove-member", &event).await;
        assert_eq!((found_status, &found["code"]), (status, &code), "{found}");
    }
}

#[tokio::test]
async fn a_base64_body_is_decoded() {
    let Some(local) = stack::local_only(REASON) else { return };
    let alice = stack::user("alice");
    let event = event(&Method::POST, "/organization", "/organization", json!({}));
    let mut event = with_claims(event, json!({ "sub": alice.id }));
    event["isBase64Encoded"] = json!(true);
    event["body"] = json!("eyJvcmdhbml6YXRpb25OYW1lIjoiQWNtZSJ9");
    let (status, found) = invoke(local, "create-organization", &event).await;
    assert_eq!((status, &found["name"]), (201, &json!("Acme")), "{found}");
}

/// An issuer may add any claim, and a client cannot change the claims of its token.
#[tokio::test]
async fn claims_of_any_json_type_leave_the_caller_as_it_is() {
    let Some(local) = stack::local_only(REASON) else { return };
    let alice = stack::user("alice");
    let event = event(&Method::GET, "/organization/list", "/organization/list", json!({}));
    for (name, value) in [
        ("email_verified", json!(true)),
        ("exp", json!(1_741_587_383)),
        ("auth_time", json!(-1.5e300)),
        ("groups", json!(["a", { "b": [null] }])),
        ("address", json!({ "sub": "bob", "country": null })),
        ("nickname", json!(null)),
        ("scope", json!(["a"])),
        ("aud", json!(5)),
    ] {
        let claims = json!({ "sub": alice.id, name: value });
        let (status, found) = invoke(local, "list-organizations", &with_claims(event.clone(), claims)).await;
        assert_eq!((status, &found), (200, &json!([])), "{name} {value}");
    }
    for sub in [json!(5), json!(true), json!(null), json!([alice.id]), json!({ "sub": alice.id })] {
        let claims = json!({ "sub": sub });
        let (status, found) = invoke(local, "list-organizations", &with_claims(event.clone(), claims)).await;
        assert_eq!((status, &found["code"]), (401, &json!("unauthorized")), "{sub}: {found}");
    }
}

#[tokio::test]
async fn characters_that_a_uri_cannot_contain_are_read_in_path_and_query() {
    let Some(local) = stack::local_only(REASON) else { return };
    let alice = stack::user("alice");
    for character in ["<", ">", "\"", "`", "{", "|", "\\", "^", " ", "é"] {
        let path = format!("/organization/list/{character}");
        let mut event = event(&Method::GET, "/organization/list", &path, json!({}));
        event["rawQueryString"] = json!(format!("limit=1&cursor={character}"));
        event["headers"]["host"] = json!(format!("api{character}.example.com"));
        let event = with_claims(event, json!({ "sub": alice.id }));
        let (status, found) = invoke(local, "list-organizations", &event).await;
        assert_eq!((status, &found["code"]), (400, &json!("invalid_cursor")), "{character}: {found}");
    }
}

#[tokio::test]
async fn a_header_with_a_control_character_is_a_bad_request() {
    let Some(local) = stack::local_only(REASON) else { return };
    let alice = stack::user("alice");
    let mut event = event(&Method::GET, "/organization/list", "/organization/list", json!({}));
    event["headers"]["x"] = json!("a\nb");
    let event = with_claims(event, json!({ "sub": alice.id }));
    let (status, found) = invoke(local, "list-organizations", &event).await;
    assert_eq!((status, &found["code"]), (400, &json!("invalid_request")), "{found}");
}

/// Only a deployer can cause it, for example with another payload format or another trigger.
#[tokio::test]
async fn an_event_without_a_request_is_an_internal_error() {
    let Some(local) = stack::local_only(REASON) else { return };
    let alice = stack::user("alice");
    let event = event(&Method::GET, "/organization/list", "/organization/list", json!({}));
    let event = with_claims(event, json!({ "sub": alice.id }));
    let (mut no_base64, mut no_http) = (event.clone(), event);
    no_base64["body"] = json!("e30");
    no_base64["isBase64Encoded"] = json!(true);
    no_http["requestContext"] = json!({ "httpMethod": "GET", "resourcePath": "/organization/list" });
    for event in [no_base64, no_http, json!({}), json!(null), json!({ "Records": [] })] {
        let (status, found) = invoke(local, "list-organizations", &event).await;
        assert_eq!((status, &found["code"]), (500, &json!("internal_error")), "{event}: {found}");
    }
}

#[tokio::test]
async fn a_list_with_a_next_page_succeeds_despite_a_control_character_in_the_path() {
    let Some(local) = stack::local_only(REASON) else { return };
    let alice = stack::user("alice");
    for _ in 0..2 {
        alice.create_organization("Acme").await;
    }
    // A custom domain with the base path `base%0Apath` causes this.
    let path = "/base\npath/organization/list";
    let mut event = event(&Method::GET, "/organization/list", path, json!({}));
    event["rawQueryString"] = json!("limit=1");
    let (status, found) =
        invoke(local, "list-organizations", &with_claims(event, json!({ "sub": alice.id }))).await;
    assert_eq!((status, found.as_array().map(Vec::len)), (200, Some(1)), "{found}");
}

#[tokio::test]
async fn the_gateways_event_of_every_operation_succeeds() {
    let Some(local) = stack::local_only(REASON) else { return };
    for &operation in Operation::ALL {
        let team = team().await;
        let place = Place::of(&team).await.ids;
        team.organization.add(MEMBER_ID, "member").await;
        let caller = sender(operation, &team);
        let request = support::example::request(operation, &caller.id, &place);
        let (status, found) = invoke(local, &operation.id().to_kebab_case(), &request.event()).await;
        assert_eq!(status, u64::from(example(operation).status), "{operation:?}: {found}");
    }
}

#[tokio::test]
async fn the_authorizers_claims_say_whether_the_caller_is_a_service() {
    let Some(local) = stack::local_only(REASON) else { return };
    let organization = stack::user("alice").create_organization("Acme").await;
    let parameters = json!({ "organization_id": organization.id });
    let event = event(&Method::GET, "/organization/{organization_id}", &organization.path, parameters);
    for (claim, scopes, is_service) in [
        ("scope", json!("organizations/service"), true),
        ("scope", json!("openid organizations/service organizations/read"), true),
        // The gateway passes on a list of scopes as such a text.
        ("scope", json!("[organizations/read organizations/service]"), true),
        ("scp", json!("[organizations/service]"), true),
        ("scp", json!(["organizations/service"]), true),
        ("scope", json!("organizations/read organizations/write"), false),
        ("scope", json!("organizations/services"), false),
        ("scope", json!("x:organizations/service"), false),
        ("scopes", json!("organizations/service"), false),
        ("client_id", json!("organizations/service"), false),
    ] {
        let claims = json!({ "sub": "billing", claim: scopes });
        let (status, found) = invoke(local, "get-organization", &with_claims(event.clone(), claims)).await;
        assert_eq!(status, if is_service { 200 } else { 404 }, "{claim} {scopes}: {found}");
    }
}
