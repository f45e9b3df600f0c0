//! The setting `INVITEE_EMAIL_CLAIM`: an invitation to an address can be accepted only with a token that proves the
//! address.

use crate::in_process::{Answer, Functions, accepting, inviting};
use functions::Operation;
use serde_json::{Map, Value, json};
use shared::settings::Settings;
use support::event::Request;

const DAVE: &str = "dave@example.com";

async fn functions() -> (Functions, String) {
    let functions = Functions::start(Settings::default()).await.with_email_claim("email");
    let organization = functions.organization("ann").await;
    (functions, organization)
}

async fn invite(functions: &Functions, organization: &str, email: Option<&str>) -> Value {
    let invited = functions.send(&inviting("ann", organization, json!({ "email": email }))).await;
    assert!([200, 201].contains(&invited.status), "{invited}");
    invited.body
}

fn claims(claims: Value) -> Map<String, Value> {
    claims.as_object().expect("claims").clone()
}

async fn accept(functions: &Functions, user: &str, invitation: &Value, token: Value) -> Answer {
    functions.send_with_claims(&accepting(user, invitation), claims(token)).await
}

#[tokio::test]
async fn only_a_token_with_the_verified_address_accepts() {
    let (functions, organization) = functions().await;
    let invitation = invite(&functions, &organization, Some(DAVE)).await;
    for token in [
        json!({}),
        json!({ "email": null }),
        json!({ "email": "" }),
        json!({ "email": "eve@example.com" }),
        json!({ "email": "dave@example.com.evil.example" }),
        json!({ "email": "dave+x@example.com" }),
        json!({ "email": [DAVE] }),
        json!({ "email": { "address": DAVE } }),
        json!({ "Email": DAVE }),
        json!({ "mail": DAVE, "sub": "dave", "username": DAVE }),
        json!({ "email": DAVE, "email_verified": false }),
        json!({ "email": DAVE, "email_verified": "false" }),
        json!({ "email": DAVE, "email_verified": null }),
        json!({ "email": DAVE, "email_verified": 1 }),
        json!({ "email": DAVE, "email_verified": "TRUE" }),
        json!({ "email": "eve@example.com", "email_verified": true }),
    ] {
        let answer = accept(&functions, "dave", &invitation, token.clone()).await;
        let details = answer.expect_error(403, "invitation_for_another_email");
        assert!(details.is_null(), "{token}: {answer}");
        let message =
            "This invitation is for another e-mail address. Sign in with the address that was invited.";
        assert_eq!(answer.body["message"], message);
    }
    for (user, token) in [
        ("dave", json!({ "email": DAVE })),
        ("erin", json!({ "email": "Dave@EXAMPLE.com", "email_verified": true })),
        ("frank", json!({ "email": DAVE, "email_verified": "true" })),
    ] {
        let invitation = invite(&functions, &organization, Some(DAVE)).await;
        accept(&functions, user, &invitation, token).await.expect(201);
        let leave = Request::new(Operation::RemoveMember, user);
        let leave = leave.of("organization_id", &organization).of("user_id", user);
        functions.send(&leave).await.expect(200);
    }
}

#[tokio::test]
async fn an_internationalized_domain_is_compared_in_ascii() {
    let (functions, organization) = functions().await;
    let invitation = invite(&functions, &organization, Some("dave@bücher.example")).await;
    let token = json!({ "email": "dave@xn--bcher-kva.example" });
    accept(&functions, "dave", &invitation, token).await.expect(201);
}

#[tokio::test]
async fn a_link_without_an_address_is_for_anybody() {
    let (functions, organization) = functions().await;
    for (user, token) in [
        ("bob", json!({})),
        ("carol", json!({ "email": "carol@example.com", "email_verified": false })),
        ("dave", json!({ "email": DAVE })),
    ] {
        let link = invite(&functions, &organization, None).await;
        accept(&functions, user, &link, token).await.expect(201);
    }
}

#[tokio::test]
async fn the_address_is_checked_after_the_token_and_before_all_else() {
    let (functions, organization) = functions().await;
    let invitation = invite(&functions, &organization, Some(DAVE)).await;
    // A member with another address.
    let answer = accept(&functions, "ann", &invitation, json!({})).await;
    answer.expect_error(403, "invitation_for_another_email");
    let answer = accept(&functions, "ann", &invitation, json!({ "email": DAVE })).await;
    answer.expect_error(409, "member_already_exists");
    // A token that is not valid any more says nothing about addresses.
    let renewed = invite(&functions, &organization, Some(DAVE)).await;
    for token in [json!({}), json!({ "email": DAVE })] {
        let answer = accept(&functions, "dave", &invitation, token).await;
        answer.expect_error(404, "invitation_not_found");
    }
    accept(&functions, "dave", &renewed, json!({ "email": DAVE })).await.expect(201);
    // To repeat it, being the same user is enough: the address may have changed since.
    accept(&functions, "dave", &renewed, json!({ "email": "new@example.com" })).await.expect(200);
    let answer = accept(&functions, "erin", &renewed, json!({ "email": DAVE })).await;
    answer.expect_error(404, "invitation_not_found");
}

#[tokio::test]
async fn a_preview_needs_no_address() {
    let (functions, organization) = functions().await;
    let invitation = invite(&functions, &organization, Some(DAVE)).await;
    let preview = Request::new(Operation::PreviewInvitation, "erin");
    let preview = functions.send(&preview.body(json!({ "token": invitation["token"] }))).await;
    assert_eq!(preview.expect(200)["email"], DAVE);
}

#[tokio::test]
async fn without_the_setting_any_user_accepts() {
    let functions = Functions::start(Settings::default()).await;
    let organization = functions.organization("ann").await;
    for (user, token) in [("bob", json!({})), ("carol", json!({ "email": "eve@example.com" }))] {
        let email = format!("{user}@example.com");
        let invitation = invite(&functions, &organization, Some(&email)).await;
        accept(&functions, user, &invitation, token).await.expect(201);
    }
}
