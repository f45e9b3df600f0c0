//! Inviting an address again: what is pending is renewed, and what is not is made anew.

use crate::{
    client::User,
    invitations::{DAY, seconds, text, without_secrets},
    organizations::{Team, team},
    stack,
    table::{REASON, Table},
};
use serde_json::{Value, json};

const EMAIL: &str = "dave@example.com";

async fn invite(inviter: &User, team: &Team, role: &str, status: u16) -> Value {
    let body = json!({ "email": EMAIL, "role": role });
    inviter.inviting(&team.organization, body).send().await.expect(status)
}

#[tokio::test]
async fn a_renewal_replaces_the_token_the_role_the_expiry_and_the_inviter() {
    let team = team().await;
    let first = invite(&team.owner, &team, "member", 201).await;
    let body = json!({ "email": " DAVE@example.com", "role": "admin", "expiresInDays": 30 });
    let response = team.admin.inviting(&team.organization, body).send().await;
    let renewed = response.expect(200);
    for field in ["id", "organizationId", "email", "status", "createdAt"] {
        assert_eq!(renewed[field], first[field], "{field}");
    }
    assert_eq!((&renewed["role"], &renewed["invitedBy"]), (&json!("admin"), &json!(team.admin.id)));
    assert!(seconds(&renewed, "expiresAt") - seconds(&first, "expiresAt") >= 23 * DAY, "{response}");
    let location = format!("invitation/{}", text(&first, "id"));
    assert_eq!(response.header("location"), Some(&*location), "{response}");
    assert_eq!(team.owner.organization(&team.organization).await["version"], 5);

    let listed = team.owner.get(team.organization.invitations()).send().await.expect(200);
    assert_eq!(listed, json!([without_secrets(renewed.clone())]));
    team.stranger.expect_dead(&first).await;
    let member = team.stranger.join(&renewed).await;
    assert_eq!((&member["role"], &member["addedBy"]), (&json!("admin"), &json!(team.admin.id)));
}

#[tokio::test]
async fn a_renewal_without_a_role_or_an_expiry_has_the_defaults() {
    let team = team().await;
    let body = json!({ "email": EMAIL, "role": "admin", "expiresInDays": 30 });
    team.owner.invite(&team.organization, body).await;
    let response = team.owner.inviting(&team.organization, json!({ "email": EMAIL })).send().await;
    let renewed = response.expect(200);
    let lifetime = seconds(&renewed, "expiresAt") - seconds(&renewed, "createdAt");
    assert_eq!(renewed["role"], "member");
    assert!((0..60).contains(&(lifetime - 7 * DAY)), "{response}");
}

#[tokio::test]
async fn every_renewal_makes_all_earlier_tokens_worthless() {
    let (team, service) = (team().await, stack::service());
    let mut tokens = vec![invite(&team.owner, &team, "owner", 201).await];
    for inviter in [&team.admin, &service, &team.owner] {
        tokens.push(invite(inviter, &team, "member", 200).await);
    }
    let last = tokens.pop().unwrap();
    for old in &tokens {
        team.stranger.expect_dead(old).await;
    }
    assert_eq!(team.stranger.previewing(&last).send().await.expect(200)["invitedBy"], team.owner.id);
    team.stranger.join(&last).await;
}

#[tokio::test]
async fn an_admin_cannot_renew_to_the_role_owner() {
    let team = team().await;
    let first = invite(&team.owner, &team, "owner", 201).await;
    let body = json!({ "email": EMAIL, "role": "owner" });
    team.admin.inviting(&team.organization, body).send().await.expect_forbidden("owner");
    assert_eq!(team.stranger.join(&first).await["role"], "owner");
}

#[tokio::test]
async fn a_revoked_invitation_is_made_anew() {
    let team = team().await;
    let first = invite(&team.owner, &team, "admin", 201).await;
    team.owner.revoking(&team.organization, &first).send().await.expect(200);
    let second = invite(&team.admin, &team, "member", 201).await;
    assert_eq!(second["id"], first["id"]);
    assert_ne!(second["createdAt"], first["createdAt"]);
    team.stranger.expect_dead(&first).await;
    team.stranger.join(&second).await;
}

#[tokio::test]
async fn an_expired_invitation_is_made_anew() {
    let Some(local) = stack::local_only(REASON) else { return };
    let team = team().await;
    let first = invite(&team.owner, &team, "admin", 201).await;
    Table::of(local).expire(&first).await;
    let second = invite(&team.admin, &team, "member", 201).await;
    assert_eq!(second["id"], first["id"]);
    assert_ne!(second["createdAt"], first["createdAt"]);
    assert_eq!(team.owner.pending(&team.organization).await, [text(&second, "id")]);
    // The old token no longer learns that its invitation has expired.
    team.stranger.expect_dead(&first).await;
    team.stranger.join(&second).await;
}

#[tokio::test]
async fn an_address_whose_user_is_a_member_is_refused() {
    let (team, service) = (team().await, stack::service());
    let first = invite(&team.owner, &team, "member", 201).await;
    team.stranger.join(&first).await;
    let member = team.organization.member(&team.stranger.id);
    let body = json!({ "email": "Dave@example.com" });
    for inviter in [&team.owner, &team.admin, &service] {
        let response = inviter.inviting(&team.organization, body.clone()).send().await;
        response.expect_error(409, "member_already_exists");
    }
    // The version is checked before.
    let response = team.owner.inviting(&team.organization, body.clone()).if_match("\"1\"").send().await;
    response.expect_error(412, "precondition_failed");
    // The role does not matter, nor how the user became a member.
    team.owner.patch(&member, json!({ "role": "owner" })).send().await.expect(200);
    let response = team.owner.inviting(&team.organization, body.clone()).send().await;
    response.expect_error(409, "member_already_exists");
    team.owner.delete(&member).send().await.expect(200);
    team.organization.add(&team.stranger.id, "member").await;
    let response = team.owner.inviting(&team.organization, body).send().await;
    response.expect_error(409, "member_already_exists");
    assert!(team.owner.pending(&team.organization).await.is_empty());
}

#[tokio::test]
async fn an_address_is_invited_anew_once_its_user_has_left() {
    let team = team().await;
    let first = invite(&team.owner, &team, "admin", 201).await;
    team.stranger.join(&first).await;
    let member = team.organization.member(&team.stranger.id);
    team.stranger.delete(member).send().await.expect(200);
    let second = invite(&team.admin, &team, "member", 201).await;
    assert_ne!(second["createdAt"], first["createdAt"]);
    team.stranger.expect_dead(&first).await;
    assert_eq!(team.stranger.join(&second).await["role"], "member");
}

#[tokio::test]
async fn who_accepted_an_invitation_is_forgotten_after_its_time() {
    let Some(local) = stack::local_only(REASON) else { return };
    let team = team().await;
    let first = invite(&team.owner, &team, "admin", 201).await;
    team.stranger.join(&first).await;
    Table::of(local).expire(&first).await;
    team.stranger.expect_dead(&first).await;
    // The address is not known to be a member's any more.
    let second = invite(&team.owner, &team, "member", 201).await;
    let response = team.stranger.accepting(&second).send().await;
    response.expect_error(409, "member_already_exists");
    team.stranger.expect_dead(&first).await;
}
