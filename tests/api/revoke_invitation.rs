//! `DELETE /organization/{organization_id}/invitation/{invitation_id}`

use crate::{
    invitations::{INVITATION_FIELDS, delete, restore, text, without_secrets},
    organizations::{Organization, assert_fields, team},
    stack,
    table::{REASON, Table},
};
use serde_json::json;

const NONE: &str = "inv_00000000000000000000000000";

#[tokio::test]
async fn revoking_returns_the_invitation_and_ends_it_at_once() {
    let (team, service) = (team().await, stack::service());
    for revoker in [&team.owner, &team.admin, &service] {
        let body = json!({ "email": "dave@example.com", "role": "owner", "expiresInDays": 3 });
        let made = team.owner.invite(&team.organization, body).await;
        let response = revoker.revoking(&team.organization, &made).send().await;
        let revoked = response.expect(200);
        assert_fields(&revoked, &INVITATION_FIELDS);
        let mut expected = without_secrets(made.clone());
        expected["status"] = json!("revoked");
        assert_eq!(revoked, expected, "{response}");
        assert_eq!(response.header("etag"), None, "{response}");
        assert!(team.owner.pending(&team.organization).await.is_empty());
        team.stranger.expect_dead(&made).await;
    }
    let organization = team.owner.organization(&team.organization).await;
    assert_eq!((&organization["version"], &organization["memberCount"]), (&json!(9), &json!(3)));
}

#[tokio::test]
async fn what_is_not_pending_cannot_be_revoked() {
    let team = team().await;
    let revoke = |id: &str| team.owner.delete(team.organization.invitation(id)).send();
    let revoked = team.owner.link(&team.organization, "member").await;
    revoke(text(&revoked, "id")).await.expect(200);
    let accepted = team.owner.link(&team.organization, "member").await;
    team.stranger.join(&accepted).await;
    let before = team.owner.organization(&team.organization).await;
    for id in [
        text(&revoked, "id"),
        text(&accepted, "id"),
        NONE,
        // Malformed ids.
        "inv_",
        "inv_80000000000000000000000000",
        "inv_0000000000000000000000000",
        "inv_000000000000000000000000000",
        &text(&accepted, "id").to_ascii_lowercase(),
        &team.organization.id,
        "x",
        "a%20b",
        "%ff",
    ] {
        revoke(id).await.expect_error(404, "invitation_not_found");
    }
    assert_eq!(team.owner.organization(&team.organization).await, before);
    // It is still the way by which the user joined.
    team.stranger.accepting(&accepted).send().await.expect(200);
}

#[tokio::test]
async fn an_expired_invitation_cannot_be_revoked() {
    let Some(local) = stack::local_only(REASON) else { return };
    let team = team().await;
    let made = team.owner.link(&team.organization, "member").await;
    Table::of(local).expire(&made).await;
    let response = team.owner.revoking(&team.organization, &made).send().await;
    response.expect_error(404, "invitation_not_found");
    // Only the holder of its token learns why.
    team.stranger.accepting(&made).send().await.expect_error(422, "invitation_expired");
}

#[tokio::test]
async fn an_invitation_of_another_organization_cannot_be_revoked() {
    let team = team().await;
    let other = team.stranger.create_organization("Other").await;
    let theirs = team.stranger.link(&other, "member").await;
    let response = team.owner.revoking(&team.organization, &theirs).send().await;
    response.expect_error(404, "invitation_not_found");
    team.owner.revoking(&other, &theirs).send().await.expect_error(404, "organization_not_found");
    team.member.join(&theirs).await;
}

#[tokio::test]
async fn members_and_strangers_do_not_learn_whether_an_invitation_exists() {
    let team = team().await;
    let pending = team.owner.invite(&team.organization, json!({ "email": "dave@example.com" })).await;
    let revoked = team.owner.link(&team.organization, "member").await;
    team.owner.revoking(&team.organization, &revoked).send().await.expect(200);
    for id in [text(&pending, "id"), text(&revoked, "id"), NONE, "inv_", "x"] {
        for precondition in ["\"3\"", "\"5\"", "*"] {
            let path = team.organization.invitation(id);
            let response = team.member.delete(&path).if_match(precondition).send().await;
            response.expect_forbidden("admin");
            let real = team.stranger.delete(&path).if_match(precondition).send().await;
            real.expect_error(404, "organization_not_found");
            let nowhere = Organization::from_id("org_00000000000000000000000000").invitation(id);
            let none = team.stranger.delete(nowhere).if_match(precondition).send().await;
            assert_eq!(real.content(), none.content(), "{real}{none}");
        }
    }
    assert_eq!(team.owner.pending(&team.organization).await, [text(&pending, "id")]);
}

#[tokio::test]
async fn an_invitation_is_revoked_only_at_the_version_in_the_preconditions() {
    let team = team().await;
    let made = team.owner.link(&team.organization, "member").await;
    let request = || team.owner.revoking(&team.organization, &made);
    for (header, value) in [("if-match", "\"3\""), ("if-none-match", "\"4\""), ("if-none-match", "*")] {
        let response = request().header(header, value).send().await;
        let details = response.expect_error(412, "precondition_failed");
        assert_eq!(details["currentVersion"], 4, "{response}");
    }
    request().if_match("4").send().await.expect_invalid_request("If-Match");
    // Whether there is such an invitation is checked before the version.
    let none = team.owner.delete(team.organization.invitation(NONE)).if_match("\"3\"");
    none.send().await.expect_error(404, "invitation_not_found");
    request().if_match("\"4\"").send().await.expect(200);
    assert_eq!(team.owner.organization(&team.organization).await["version"], 5);
}

#[tokio::test]
async fn an_unknown_parameter_is_refused_and_revokes_nothing() {
    let team = team().await;
    let made = team.owner.link(&team.organization, "member").await;
    let path = format!("{}?force=true", team.organization.invitation(text(&made, "id")));
    team.owner.delete(path).send().await.expect_invalid_request("force");
    assert_eq!(team.owner.pending(&team.organization).await, [text(&made, "id")]);
}

#[tokio::test]
async fn nothing_is_revoked_in_a_deleted_organization() {
    let (team, service) = (team().await, stack::service());
    let made = team.owner.link(&team.organization, "member").await;
    delete(&team.owner, &team.organization).await;
    for path in [text(&made, "id"), NONE, "inv_"].map(|id| team.organization.invitation(id)) {
        for user in [&team.owner, &service] {
            let response = user.delete(&path).if_match("\"1\"").send().await;
            response.expect_error(409, "organization_deleted");
        }
        for user in [&team.admin, &team.member, &team.stranger] {
            user.delete(&path).send().await.expect_error(404, "organization_not_found");
        }
    }
    restore(&team.owner, &team.organization).await;
    team.stranger.join(&made).await;
}
