//! A token is in the answer that issues it and in no other, nor is the URL that contains it.

use crate::{
    client::Response,
    in_process::{Functions, inviting},
    invitations::{delete, restore, text, token_bytes, with_bytes},
    organizations::team,
    stack,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use functions::Operation;
use serde_json::{Value, json};
use shared::settings::Settings;
use support::event::Request;

/// Asserts that an answer has none of the tokens, nor their secrets.
#[track_caller]
fn assert_no_token(response: &Response, tokens: &[String]) {
    let text = format!("{:?} {}", response.headers, String::from_utf8_lossy(&response.body));
    for token in tokens {
        let secret = BASE64_URL_SAFE_NO_PAD.encode(&token_bytes(token)[32..]);
        // Where the secret begins within a token, it is encoded differently.
        for secret in [token, &token[token.len() - 40..], &secret] {
            assert!(!text.contains(secret), "{secret} in {response}");
        }
    }
}

#[tokio::test]
async fn no_other_answer_has_a_token() {
    let (team, service) = (team().await, stack::service());
    let organization = &team.organization;
    let body = json!({ "email": "dave@example.com", "role": "admin" });
    let first = team.owner.invite(organization, body.clone()).await;
    let second = team.admin.inviting(organization, body.clone()).send().await.expect(200);
    let (link, revoked) =
        (team.owner.link(organization, "member").await, service.link(organization, "member").await);
    let tokens: Vec<_> =
        [&first, &second, &link, &revoked].iter().map(|issued| text(issued, "token").to_owned()).collect();
    let wrong = json!({ "token": with_bytes(text(&link, "token"), |bytes| bytes[63] ^= 1) });
    let tokens_in_query = format!("{}?token={}", organization.invitations(), tokens[2]);
    let member = organization.member(&team.stranger.id);
    let (owner, stranger) = (&team.owner, &team.stranger);
    let requests = [
        owner.get(organization.invitations()),
        service.get(organization.invitations()),
        team.member.get(organization.invitations()),
        owner.get(tokens_in_query),
        owner.get(&organization.path),
        owner.inviting(organization, json!({ "email": tokens[2] })),
        owner.inviting(organization, json!({ "role": tokens[2] })),
        owner.inviting(organization, body.clone()).if_match("\"1\""),
        owner.delete(organization.invitation(&tokens[2])),
        owner.revoking(organization, &revoked),
        owner.revoking(organization, &revoked),
        stranger.previewing(&first),
        stranger.previewing(&second),
        stranger.previewing(&link),
        service.previewing(&link),
        stranger.post("/invitation/preview", wrong.clone()),
        stranger.post("/invitation/accept", wrong),
        stranger.accepting(&first),
        team.member.accepting(&link),
        service.accepting(&link),
        stranger.accepting(&link),
        stranger.accepting(&link),
        owner.accepting(&link),
        owner.get(&member),
        owner.get(organization.members()),
        stranger.get("/organization/list"),
        owner.delete(&member),
        stranger.accepting(&link),
        owner.get(organization.invitations()),
    ];
    let mut seen = Vec::new();
    for request in requests {
        let response = request.send().await;
        assert_no_token(&response, &tokens);
        seen.push(response.status.as_u16());
    }
    assert!([200, 201, 400, 403, 404, 409, 412, 422].iter().all(|status| seen.contains(status)), "{seen:?}");
    delete(owner, organization).await;
    for request in [service.get(organization.invitations()), stranger.accepting(&second)] {
        assert_no_token(&request.send().await, &tokens);
    }
    restore(owner, organization).await;
    stranger.join(&second).await;
}

#[tokio::test]
async fn the_table_has_no_token() {
    let functions = Functions::start(Settings::default()).await;
    let organization = functions.organization("ann").await;
    let mut tokens = Vec::new();
    for body in [json!({}), json!({ "email": "dave@example.com" }), json!({ "email": "dave@example.com" })] {
        let issued = functions.send(&inviting("ann", &organization, body)).await;
        tokens.push(text(&issued.body, "token").to_owned());
    }
    functions.send(&crate::in_process::accepting("bob", &json!({ "token": tokens[0] }))).await.expect(201);
    let items = support::database::items(&functions.database.client).await;
    assert!(items.iter().any(|item| item.contains_key("secretHash")), "{items:?}");
    for token in &tokens {
        let secret = &token_bytes(token)[32..];
        let written = format!("{items:?}");
        assert!(!written.contains(&token[token.len() - 40..]) && !written.contains(&format!("{secret:?}")));
        for value in items.iter().flat_map(|item| item.values()) {
            assert_ne!(value.as_b().map(AsRef::as_ref), Ok(secret));
        }
    }
}

#[tokio::test]
async fn with_the_setting_the_answer_has_a_url_with_the_token_as_its_fragment() {
    let page = "https://app.example.com/join?lang=en";
    let settings = Settings { invitation_url: Some(page.to_owned()), ..Settings::default() };
    let functions = Functions::start(settings).await;
    let organization = functions.organization("ann").await;
    let body = json!({ "email": "dave@example.com" });
    for status in [201, 200] {
        let issued = functions.send(&inviting("ann", &organization, body.clone())).await;
        let issued = issued.expect(status);
        assert_eq!(issued["url"], format!("{page}#{}", text(issued, "token")));
    }
    let issued = functions.send(&inviting("ann", &organization, json!({}))).await.body;
    let of = |operation, caller| Request::new(operation, caller).of("organization_id", &organization);
    let token = json!({ "token": issued["token"] });
    for request in [
        of(Operation::ListInvitations, "ann"),
        Request::new(Operation::PreviewInvitation, "bob").body(token.clone()),
        Request::new(Operation::AcceptInvitation, "bob").body(token),
        inviting("ann", &organization, json!({ "email": "dave" })),
    ] {
        let answer = functions.send(&request).await;
        let written = answer.to_string();
        assert!(!written.contains("app.example.com") && !written.contains("\"url\""), "{written}");
    }
}

#[tokio::test]
async fn without_the_setting_the_answer_has_no_url() {
    let functions = Functions::start(Settings::default()).await;
    let organization = functions.organization("ann").await;
    let issued: Value = functions.send(&inviting("ann", &organization, json!({}))).await.body;
    assert!(issued.get("token").is_some() && issued.get("url").is_none(), "{issued}");
}
