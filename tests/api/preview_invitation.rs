//! `POST /invitation/preview`

use crate::{
    invitations::{TOKEN_PREFIX, delete, restore, text, with_bytes},
    organizations::{assert_fields, team},
    stack,
    table::{REASON, Table},
};
use serde_json::{Value, json};

const PATH: &str = "/invitation/preview";

#[tokio::test]
async fn whoever_has_the_token_sees_what_the_invitation_is_for() {
    let team = team().await;
    let body = json!({ "email": "Dave@example.com", "role": "admin" });
    let address = team.owner.invite(&team.organization, body).await;
    let link = stack::service().link(&team.organization, "member").await;
    for invitation in [&address, &link] {
        for user in [&team.stranger, &team.owner, &team.member] {
            let response = user.previewing(invitation).send().await;
            let preview = response.expect(200);
            assert_fields(
                &preview,
                &["organizationId", "organizationName", "role", "email", "invitedBy", "expiresAt"],
            );
            for field in ["organizationId", "role", "email", "invitedBy", "expiresAt"] {
                assert_eq!(preview[field], invitation[field], "{field}: {response}");
            }
            assert_eq!(preview["organizationName"], "Team");
            assert_eq!(response.header("etag"), None, "{response}");
        }
    }
}

#[tokio::test]
async fn a_preview_changes_nothing_and_shows_the_organization_as_it_is() {
    let team = team().await;
    let link = team.owner.link(&team.organization, "member").await;
    let before = team.owner.organization(&team.organization).await;
    for _ in 0..3 {
        team.stranger.previewing(&link).send().await.expect(200);
    }
    assert_eq!(team.owner.organization(&team.organization).await, before);
    let response = team.stranger.get(&team.organization.path).send().await;
    response.expect_error(404, "organization_not_found");
    team.owner.put(&team.organization.path, json!({ "name": "Crew" })).send().await.expect(200);
    let preview = team.stranger.previewing(&link).send().await.expect(200);
    assert_eq!(preview["organizationName"], "Crew");
    team.stranger.join(&link).await;
}

#[tokio::test]
async fn any_other_token_is_not_found() {
    let team = team().await;
    let [link, second] = [(); 2].map(|()| team.owner.link(&team.organization, "member"));
    let (link, second) = (link.await, second.await);
    let other = team.owner.create_organization("Other").await;
    let elsewhere = team.owner.link(&other, "member").await;
    let token = text(&link, "token");
    let swapped = |from: &Value, range: std::ops::Range<usize>| {
        let bytes = crate::invitations::token_bytes(text(from, "token"));
        with_bytes(token, |token| token[range.clone()].copy_from_slice(&bytes[range]))
    };
    for wrong in [
        // Malformed.
        "",
        TOKEN_PREFIX,
        "x",
        &token[TOKEN_PREFIX.len()..],
        &token[..token.len() - 1],
        &format!("{token}A"),
        &format!("{token}=="),
        &format!(" {token}"),
        &format!("{token}\n"),
        &token.to_ascii_uppercase(),
        &"x".repeat(60_000),
        text(&link, "id"),
        // Bits that the encoding does not use.
        &format!("{}{}", &token[..token.len() - 1], char::from(token.as_bytes()[token.len() - 1] + 1)),
        // Of other invitations and organizations.
        &swapped(&second, 32..64),
        &swapped(&second, 16..32),
        &swapped(&elsewhere, 0..16),
        &swapped(&elsewhere, 0..32),
        &swapped(&elsewhere, 16..64),
        // Almost right, and guessed.
        &with_bytes(token, |bytes| bytes[63] ^= 1),
        &with_bytes(token, |bytes| bytes[32] ^= 0x80),
        &with_bytes(token, |bytes| bytes[32..].fill(0)),
        &with_bytes(token, |bytes| bytes.fill(0)),
        &with_bytes(token, |bytes| bytes.fill(255)),
    ] {
        for path in [PATH, "/invitation/accept"] {
            let response = team.stranger.post(path, json!({ "token": wrong })).send().await;
            let details = response.expect_error(404, "invitation_not_found");
            assert_eq!(details, json!(null), "{response}");
        }
    }
    for good in [&link, &second, &elsewhere] {
        team.stranger.previewing(good).send().await.expect(200);
    }
}

#[tokio::test]
async fn an_accepted_or_revoked_invitation_is_not_found() {
    let team = team().await;
    let accepted = team.owner.link(&team.organization, "member").await;
    let revoked = team.owner.link(&team.organization, "member").await;
    team.stranger.join(&accepted).await;
    team.owner.revoking(&team.organization, &revoked).send().await.expect(200);
    for user in [&team.stranger, &team.owner, &team.member] {
        for invitation in [&accepted, &revoked] {
            user.previewing(invitation).send().await.expect_error(404, "invitation_not_found");
        }
    }
}

#[tokio::test]
async fn only_the_holder_of_the_token_learns_that_it_has_expired() {
    let Some(local) = stack::local_only(REASON) else { return };
    let team = team().await;
    let link = team.owner.link(&team.organization, "member").await;
    Table::of(local).expire(&link).await;
    for user in [&team.stranger, &team.owner] {
        user.previewing(&link).send().await.expect_error(422, "invitation_expired");
    }
    let wrong = with_bytes(text(&link, "token"), |bytes| bytes[40] ^= 1);
    let response = team.stranger.post(PATH, json!({ "token": wrong })).send().await;
    response.expect_error(404, "invitation_not_found");
    // An invitation that was withdrawn with its inviter's rights is not found, even if it has expired.
    let by_admin = team.admin.link(&team.organization, "member").await;
    Table::of(local).expire(&by_admin).await;
    team.owner.delete(team.organization.member(&team.admin.id)).send().await.expect(200);
    team.stranger.expect_dead(&by_admin).await;
}

#[tokio::test]
async fn the_invitations_of_a_deleted_organization_are_not_found_until_it_is_restored() {
    let team = team().await;
    let link = team.owner.link(&team.organization, "member").await;
    delete(&team.owner, &team.organization).await;
    for user in [&team.stranger, &team.owner] {
        user.expect_dead(&link).await;
    }
    restore(&team.owner, &team.organization).await;
    team.stranger.previewing(&link).send().await.expect(200);
    team.stranger.join(&link).await;
}

#[tokio::test]
async fn a_service_previews_nothing() {
    let (team, service) = (team().await, stack::service());
    let link = service.link(&team.organization, "member").await;
    let response = service.previewing(&link).send().await;
    assert_eq!(response.expect_error(403, "forbidden"), json!(null), "{response}");
    let message = "Only a user may do this, not a service. Send a user's access token.";
    assert_eq!(response.expect(403)["message"], message);
    for token in [json!("x"), json!("")] {
        let response = service.post(PATH, json!({ "token": token })).send().await;
        response.expect_error(403, "forbidden");
    }
    service.post(PATH, json!({})).send().await.expect_invalid_request("token");
}

#[tokio::test]
async fn the_body_has_a_token_and_nothing_else() {
    let dave = stack::user("dave");
    for path in [PATH, "/invitation/accept"] {
        for (body, field) in [
            (json!({}), "token"),
            (json!({ "token": null }), "token"),
            (json!({ "token": 5 }), "token"),
            (json!({ "token": ["x"] }), "token"),
            (json!({ "token": "x", "email": "dave@example.com" }), "email"),
            (json!({ "Token": "x" }), "token"),
        ] {
            dave.post(path, body).send().await.expect_invalid_request(field);
        }
        let response = dave.post(format!("{path}?token=x"), json!({ "token": "x" })).send().await;
        response.expect_invalid_request("token");
    }
}
