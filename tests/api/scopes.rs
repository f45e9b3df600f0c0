//! The scopes of tokens, and what else tells an access token from other tokens of its issuer. When deployed, API
//! Gateway checks the scopes.

use crate::{
    client::{Request, User},
    host::Local,
    organizations::{Organization, team},
    stack,
    tokens::{claims, header, with},
};
use functions::{Operation, Scope};
use local::{READ_SCOPE, WRITE_SCOPE};
use serde_json::{Value, json};
use std::time::Duration;
use support::example::example;

const REASON: &str = "a deployed function leaves the scopes to its gateway";

/// A user with a token that has these scopes.
fn with_scopes(local: &Local, id: &str, scopes: &str) -> User {
    stack::bearer(&local.identity.token_with_scopes(id, scopes, Duration::from_secs(60)))
}

/// A valid request for an operation.
fn request(operation: Operation, user: &User, organization: &Organization, member: &str) -> Request {
    let path = operation.path().replace("{organization_id}", &organization.id).replace("{user_id}", member);
    let request = user.request(operation.method().parse().expect("a method"), path);
    match example(operation).body {
        Some(body) => request.json(&body),
        None => request,
    }
}

/// Asserts that a request is refused for its scope.
async fn expect_insufficient_scope(request: Request) {
    let response = request.send().await;
    assert_eq!(response.expect_error(403, "insufficient_scope"), json!(null));
    assert_eq!(
        response.header("www-authenticate"),
        Some("Bearer error=\"insufficient_scope\""),
        "{response}"
    );
}

#[tokio::test]
async fn every_operation_requires_its_scope_and_no_other() {
    let Some(local) = stack::local_only(REASON) else { return };
    for &operation in Operation::ALL {
        let (right, wrong) = match operation.scope() {
            Scope::Read => (READ_SCOPE, WRITE_SCOPE),
            Scope::Write => (WRITE_SCOPE, READ_SCOPE),
            Scope::Service => (local::SERVICE_SCOPE, WRITE_SCOPE),
        };
        let team = team().await;
        let sub = &team.owner.id;
        let refused = ["", "openid profile", wrong, &right.to_uppercase(), &format!("{right}s")];
        for scopes in refused {
            let user = with_scopes(local, sub, scopes);
            expect_insufficient_scope(request(operation, &user, &team.organization, "nobody")).await;
        }
        let member = crate::organizations::percent_encode(&team.member.id);
        let user = with_scopes(local, sub, &format!("openid {right}"));
        let response = request(operation, &user, &team.organization, &member).send().await;
        assert_eq!(response.status.as_u16(), example(operation).status, "{response}");
    }
}

#[tokio::test]
async fn the_scope_is_checked_after_the_token_and_before_everything_else() {
    let Some(local) = stack::local_only(REASON) else { return };
    let reader = with_scopes(local, "reader", READ_SCOPE);
    let anonymous = stack::anonymous();
    let malformed = |user: &User| {
        let body = [b'x'; 100_000];
        user.request(reqwest::Method::POST, "/organization").header("content-type", "text/plain").body(body)
    };
    malformed(&anonymous).send().await.expect_error(401, "unauthorized");
    expect_insufficient_scope(malformed(&reader)).await;
    // The subject is a part of the token.
    let nobody = with_scopes(local, "no body", READ_SCOPE);
    malformed(&nobody).send().await.expect_error(401, "unauthorized");
    for path in ["/organization/org_", "/organization/org_00000000000000000000000000"] {
        expect_insufficient_scope(reader.put(path, json!({ "name": "Acme" }))).await;
    }
}

#[tokio::test]
async fn a_refused_write_changes_nothing() {
    let Some(local) = stack::local_only(REASON) else { return };
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let reader = with_scopes(local, &alice.id, READ_SCOPE);
    expect_insufficient_scope(reader.put(&organization.path, json!({ "name": "Emca" }))).await;
    expect_insufficient_scope(reader.delete(organization.member(&alice.id))).await;
    let found = reader.organization(&organization).await;
    assert_eq!((&found["version"], &found["name"]), (&json!(1), &json!("Acme")));
}

#[tokio::test]
async fn scopes_may_be_a_list_and_may_be_in_scp() {
    let Some(local) = stack::local_only(REASON) else { return };
    let good = claims(&stack::unique("alice"));
    let none = with(good.clone(), "scope", None);
    for (claim, value, accepted) in [
        ("scope", json!([WRITE_SCOPE, READ_SCOPE]), true),
        ("scp", json!([READ_SCOPE]), true),
        ("scp", json!(format!("openid {READ_SCOPE}")), true),
        ("scopes", json!(READ_SCOPE), false),
        ("scope", json!({ READ_SCOPE: true }), false),
        ("scope", json!(null), false),
        ("scope", json!(5), false),
    ] {
        let token = local.identity.sign(&header(local), &with(none.clone(), claim, Some(value)));
        let request = stack::bearer(&token).get("/organization/list");
        if accepted {
            request.send().await.expect(200);
        } else {
            expect_insufficient_scope(request).await;
        }
    }
}

#[tokio::test]
async fn a_token_of_another_type_is_refused() {
    let Some(local) = stack::local_only(REASON) else { return };
    let good = claims(&stack::unique("alice"));
    let of_type = |typ: Option<Value>| {
        let token = local.identity.sign(&with(header(local), "typ", typ), &good);
        stack::bearer(&token).get("/organization/list")
    };
    for typ in [None, Some("JWT"), Some("at+jwt"), Some("application/at+jwt")] {
        of_type(typ.map(|typ| json!(typ))).send().await.expect(200);
    }
    for typ in ["logout+jwt", "dpop+jwt", "id+jwt", "JOSE", ""] {
        of_type(Some(json!(typ))).send().await.expect_error(401, "unauthorized");
    }
}
