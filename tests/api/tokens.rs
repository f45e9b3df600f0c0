//! Which claims and headers authenticate a caller. All tokens here have the issuer's signature.
//! [`crate::forged_tokens`] covers signatures, algorithms and keys.

use crate::{
    examples::{Place, request, sender},
    host::Local,
    organizations::{percent_encode, team},
    stack,
};
use functions::Operation;
use local::{READ_SCOPE, SERVICE_SCOPE, WRITE_SCOPE};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

const REASON: &str = "a real issuer does not sign such tokens";
const LIST: &str = "/organization/list";

pub(crate) fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    i64::try_from(elapsed.as_secs()).expect("seconds in an i64")
}

/// The header of a valid token.
pub(crate) fn header(stack: &Local) -> Value {
    json!({ "alg": "ES256", "typ": "JWT", "kid": stack.identity.kid() })
}

/// The claims of a valid token of this user.
pub(crate) fn claims(sub: &str) -> Value {
    json!({
        "iss": local::ISSUER,
        "aud": local::AUDIENCE,
        "sub": sub,
        "scope": format!("{} {}", local::READ_SCOPE, local::WRITE_SCOPE),
        "iat": now(),
        "exp": now() + 3600,
    })
}

/// `object` with one field set to `value`, or removed.
pub(crate) fn with(mut object: Value, field: &str, value: Option<Value>) -> Value {
    let fields = object.as_object_mut().expect("an object");
    match value {
        Some(value) => fields.insert(field.to_owned(), value),
        None => fields.remove(field),
    };
    object
}

async fn expect_unauthorized(token: &str, what: &str) {
    let response = stack::bearer(token).get(LIST).send().await;
    assert_eq!(response.status, 401, "{what}: {response}");
    assert_eq!(response.expect_error(401, "unauthorized"), json!(null), "{what}: {response}");
}

#[tokio::test]
async fn a_valid_token_is_accepted() {
    let Some(local) = stack::local_only(REASON) else { return };
    let good = claims(&stack::unique("alice"));
    for claims in [
        good.clone(),
        with(good.clone(), "iat", None),
        with(good.clone(), "nbf", Some(json!(now() - 60))),
        with(good.clone(), "aud", Some(json!([local::AUDIENCE]))),
        with(good.clone(), "aud", Some(json!(["another", local::AUDIENCE]))),
        with(good.clone(), "email_verified", Some(json!(true))),
        with(good.clone(), "address", Some(json!({ "sub": "bob" }))),
        with(good, "groups", Some(json!(["a", "b"]))),
    ] {
        let token = local.identity.sign(&header(local), &claims);
        let response = stack::bearer(&token).get(LIST).send().await;
        assert_eq!(response.expect(200), json!([]), "{claims}");
    }
}

#[tokio::test]
async fn a_token_identifies_its_subject_and_nobody_else() {
    let [alice, bob] = ["alice", "bob"].map(stack::user);
    let organization = alice.create_organization("Acme").await;
    assert_eq!(alice.organization(&organization).await["createdBy"], alice.id);
    bob.get(&organization.path).send().await.expect_error(404, "organization_not_found");
}

#[tokio::test]
async fn a_token_is_refused_outside_its_validity_period() {
    let Some(local) = stack::local_only(REASON) else { return };
    let good = claims("alice");
    for (claim, value) in [
        ("exp", Some(json!(now() - 3600))),
        ("exp", Some(json!(now() - 120))),
        ("exp", Some(json!(0))),
        ("exp", Some(json!(-1))),
        ("exp", None),
        ("exp", Some(json!(null))),
        ("exp", Some(json!("2999-01-01"))),
        ("exp", Some(json!([now() + 3600]))),
        ("nbf", Some(json!(now() + 3600))),
        ("nbf", Some(json!(now() + 120))),
    ] {
        let what = format!("{claim} {value:?}");
        let token = local.identity.sign(&header(local), &with(good.clone(), claim, value));
        expect_unauthorized(&token, &what).await;
    }
}

#[tokio::test]
async fn tokens_of_another_issuer_or_audience_are_refused() {
    let Some(local) = stack::local_only(REASON) else { return };
    let good = claims("alice");
    for (claim, ours) in [("iss", local::ISSUER), ("aud", local::AUDIENCE)] {
        for value in [
            None,
            Some(json!(null)),
            Some(json!("")),
            Some(json!("another")),
            Some(json!(format!("{ours}/"))),
            Some(json!(format!("{ours}.example.com"))),
            Some(json!(ours.to_uppercase())),
            Some(json!([])),
            Some(json!(["another"])),
            Some(json!({ "0": ours })),
        ] {
            let what = format!("{claim} {value:?}");
            let token = local.identity.sign(&header(local), &with(good.clone(), claim, value));
            expect_unauthorized(&token, &what).await;
        }
    }
}

#[tokio::test]
async fn a_subject_that_is_not_a_user_id_is_refused() {
    let Some(local) = stack::local_only(REASON) else { return };
    let too_long = "a".repeat(256);
    let texts = ["", " ", "a b", "é", "a\nb", "a\u{0}", "alice ", ".", "..", "service:a", &too_long];
    let others = [json!(null), json!(5), json!(["alice"]), json!({ "id": "alice" }), json!(true)];
    for value in texts.map(|text| json!(text)).into_iter().chain(others).map(Some).chain([None]) {
        let what = format!("sub {value:?}");
        let token = local.identity.sign(&header(local), &with(claims("alice"), "sub", value));
        expect_unauthorized(&token, &what).await;
    }
}

#[tokio::test]
async fn a_subject_of_255_characters_with_all_allowed_punctuation_is_accepted() {
    let Some(local) = stack::local_only(REASON) else { return };
    let punctuation = (b'!'..=b'~').map(char::from).filter(char::is_ascii_punctuation);
    let unique = stack::unique(&punctuation.collect::<String>());
    let id = format!("{unique}{}", "Z".repeat(255 - unique.len()));
    let token = local.identity.sign(&header(local), &claims(&id));
    let user = stack::bearer(&token);
    let organization = user.create_organization("Acme").await;
    assert_eq!(user.organization(&organization).await["createdBy"], *id);
    assert_eq!(user.list(LIST, "id").await, [organization.id.as_str()]);
    let path = format!("{}/{}", organization.members(), percent_encode(&id));
    user.delete(path).send().await.expect_error(422, "last_owner");
}

#[tokio::test]
async fn the_only_accepted_scheme_is_bearer_in_any_case() {
    let Some(local) = stack::local_only(REASON) else { return };
    let token = local.identity.sign(&header(local), &claims(&stack::unique("alice")));
    let ask = |value: String| stack::anonymous().get(LIST).header("authorization", &value).send();
    for scheme in ["Bearer", "bearer", "BEARER"] {
        ask(format!("{scheme} {token}")).await.expect(200);
    }
    for value in [
        token.clone(),
        format!("Basic {token}"),
        "Basic YWxpY2U6c2VjcmV0".to_owned(),
        format!("Token {token}"),
        format!("Bearer{token}"),
        format!("Bearer:{token}"),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer \"{token}\""),
        format!("Bearer {token} {token}"),
        format!("Bearer {token},Basic YWxpY2U6c2VjcmV0"),
        format!("Basic YWxpY2U6c2VjcmV0, Bearer {token}"),
    ] {
        ask(value).await.expect_error(401, "unauthorized");
    }
}

/// API Gateway joins repeated headers with commas. The emulator drops all but one of them, so only the joined
/// form can be sent to a function.
#[tokio::test]
async fn two_authorization_headers_are_refused_even_if_both_are_valid() {
    let Some(local) = stack::local_only(REASON) else { return };
    let sign = |sub: &str| local.identity.sign(&header(local), &claims(sub));
    let (alice, bob) = (sign(&stack::unique("alice")), sign(&stack::unique("bob")));
    for (first, second) in [(&alice, &bob), (&alice, &alice), (&alice, &"garbage".to_owned())] {
        for (first, second) in [(first, second), (second, first)] {
            for comma in [",", ", "] {
                let both = format!("Bearer {first}{comma}Bearer {second}");
                let request = stack::anonymous().get(LIST).header("authorization", &both);
                request.send().await.expect_error(401, "unauthorized");
            }
        }
    }
}

#[tokio::test]
async fn a_token_outside_the_authorization_header_is_ignored() {
    let alice = stack::user("alice");
    let token = alice.token().expect("a token");
    for name in ["access_token", "token", "authorization"] {
        let path = format!("{LIST}?{name}={token}");
        stack::anonymous().get(path).send().await.expect_error(401, "unauthorized");
    }
    for (name, value) in [
        ("cookie", format!("access_token={token}")),
        ("x-authorization", format!("Bearer {token}")),
        ("proxy-authorization", format!("Bearer {token}")),
        ("x-amzn-oidc-data", token.to_owned()),
    ] {
        let request = stack::anonymous().get(LIST).header(name, &value);
        request.send().await.expect_error(401, "unauthorized");
    }
}

#[tokio::test]
async fn every_function_verifies_the_token() {
    let Some(local) = stack::local_only(REASON) else { return };
    let team = team().await;
    let place = Place::of(&team).await;
    for &operation in Operation::ALL {
        let sender = sender(operation, &team);
        let scopes = if sender.is_service() {
            SERVICE_SCOPE.to_owned()
        } else {
            format!("{READ_SCOPE} {WRITE_SCOPE}")
        };
        let expired = with(claims(sender.id.trim_start_matches("service:")), "scope", Some(json!(scopes)));
        let expired = with(expired, "exp", Some(json!(now() - 3600)));
        let expired = stack::bearer(&local.identity.sign(&header(local), &expired));
        request(operation, &expired, &place).send().await.expect_error(401, "unauthorized");
    }
    assert_eq!(team.owner.organization(&team.organization).await["version"], 4);
}
