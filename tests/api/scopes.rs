//! The scopes of tokens, and what else tells an access token from other tokens of its issuer. When deployed, API
//! Gateway checks the scopes.

use crate::{
    client::User,
    examples::{Place, request, sender},
    organizations::team,
    stack::{self, with_scopes},
    tokens::{claims, header, with},
};
use functions::{Operation, Scope};
use local::{READ_SCOPE, SERVICE_SCOPE, WRITE_SCOPE};
use serde_json::{Value, json};
use support::example::{Allowed, example};

const REASON: &str = "a deployed function leaves the scopes to its gateway";

/// The scope that an operation requires, and the scopes that do not suffice.
fn scopes_of(operation: Operation) -> (&'static str, String) {
    match operation.scope() {
        Scope::Read => (READ_SCOPE, WRITE_SCOPE.to_owned()),
        Scope::Write => (WRITE_SCOPE, READ_SCOPE.to_owned()),
        Scope::Service => (SERVICE_SCOPE, format!("{READ_SCOPE} {WRITE_SCOPE}")),
    }
}

#[tokio::test]
async fn every_operation_requires_its_scope_and_no_other() {
    let Some(local) = stack::local_only(REASON) else { return };
    for &operation in Operation::ALL {
        let (right, wrong) = scopes_of(operation);
        let team = team().await;
        let place = Place::of(&team).await;
        let sub = sender(operation, &team).id.trim_start_matches("service:");
        let refused = ["", "openid profile", &wrong, &right.to_uppercase(), &format!("{right}s")];
        for scopes in refused {
            let user = with_scopes(local, sub, scopes);
            request(operation, &user, &place).send().await.expect_insufficient_scope();
        }
        let user = with_scopes(local, sub, &format!("openid {right}"));
        let response = request(operation, &user, &place).send().await;
        assert_eq!(response.status.as_u16(), example(operation).status, "{response}");
    }
}

/// A service needs neither a membership nor any other scope.
#[tokio::test]
async fn the_scope_of_services_suffices_for_every_operation() {
    let Some(local) = stack::local_only(REASON) else { return };
    for scopes in [SERVICE_SCOPE.to_owned(), format!("{READ_SCOPE} {SERVICE_SCOPE} {WRITE_SCOPE}")] {
        for &operation in Operation::ALL {
            let place = Place::of(&team().await).await;
            let service = with_scopes(local, &stack::unique("service"), &scopes);
            let response = request(operation, &service, &place).send().await;
            match example(operation).allowed {
                Allowed::Invitees => {
                    assert_eq!(response.expect_error(403, "forbidden"), json!(null), "{response}");
                    let message = response.expect(403)["message"].clone();
                    let only = "Only a user may do this, not a service. Send a user's access token.";
                    assert_eq!(message, only, "{response}");
                }
                _ => assert_eq!(response.status.as_u16(), example(operation).status, "{response}"),
            }
        }
    }
}

#[tokio::test]
async fn a_user_cannot_do_what_only_services_may() {
    let team = team().await;
    let place = Place::of(&team).await;
    let only_services = |operation: &&Operation| operation.scope() == Scope::Service;
    assert!(Operation::ALL.iter().any(|operation| only_services(&operation)));
    for &operation in Operation::ALL.iter().filter(only_services) {
        for user in [&team.owner, &team.admin, &team.member, &team.stranger] {
            request(operation, user, &place).send().await.expect_insufficient_scope();
        }
    }
    assert_eq!(team.owner.organization(&team.organization).await["version"], 4);
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
    malformed(&reader).send().await.expect_insufficient_scope();
    // The subject is a part of the token.
    let nobody = with_scopes(local, "no body", READ_SCOPE);
    malformed(&nobody).send().await.expect_error(401, "unauthorized");
    for path in ["/organization/org_", "/organization/org_00000000000000000000000000"] {
        reader.put(path, json!({ "name": "Acme" })).send().await.expect_insufficient_scope();
        let add = stack::user("alice").post(format!("{path}/member"), json!({ "userId": 5 }));
        add.send().await.expect_insufficient_scope();
    }
}

#[tokio::test]
async fn a_refused_write_changes_nothing() {
    let Some(local) = stack::local_only(REASON) else { return };
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let reader = with_scopes(local, &alice.id, READ_SCOPE);
    reader.put(&organization.path, json!({ "name": "Emca" })).send().await.expect_insufficient_scope();
    reader.delete(organization.member(&alice.id)).send().await.expect_insufficient_scope();
    reader.delete(&organization.path).send().await.expect_insufficient_scope();
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
        let response = stack::bearer(&token).get("/organization/list").send().await;
        match accepted {
            true => drop(response.expect(200)),
            false => response.expect_insufficient_scope(),
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
