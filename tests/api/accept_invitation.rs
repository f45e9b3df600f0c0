//! `POST /invitation/accept`. [`crate::inviters`] has what becomes of who invited.

use crate::{
    invitations::{delete, restore, text},
    organizations::{assert_fields, assert_timestamp, percent_encode, team},
    stack,
    table::{REASON, Table},
};
use serde_json::json;

#[tokio::test]
async fn accepting_returns_the_member_and_its_location() {
    let team = team().await;
    let link = team.admin.link(&team.organization, "admin").await;
    let response = team.stranger.accepting(&link).send().await;
    let member = response.expect(201);
    assert_fields(&member, &["organizationId", "userId", "role", "addedBy", "joinedAt"]);
    assert_eq!(member["organizationId"], team.organization.id);
    assert_eq!(member["userId"], team.stranger.id);
    assert_eq!(member["role"], "admin");
    assert_eq!(member["addedBy"], team.admin.id);
    assert_timestamp(&member["joinedAt"]);
    assert_eq!(response.header("etag"), None, "{response}");

    let encoded = percent_encode(&team.stranger.id).replace("%2D", "-");
    let location = format!("../organization/{}/member/{encoded}", team.organization.id);
    assert_eq!(response.header("location"), Some(&*location), "{response}");
    assert_eq!(team.owner.get(response.location()).send().await.expect(200), member);
}

#[tokio::test]
async fn whoever_accepts_is_a_member_with_the_role_of_the_invitation() {
    for role in ["owner", "admin", "member"] {
        let team = team().await;
        let link = team.owner.link(&team.organization, role).await;
        team.stranger.join(&link).await;
        let organization = team.stranger.organization(&team.organization).await;
        assert_eq!(organization["role"], role);
        assert_eq!((&organization["memberCount"], &organization["version"]), (&json!(4), &json!(5)));
        let rename = team.stranger.put(&team.organization.path, json!({ "name": "Mine" })).send().await;
        assert_eq!(rename.status.is_success(), role != "member", "{rename}");
        assert!(team.stranger.list("/organization/list", "id").await.contains(&team.organization.id));
        let members = [
            (team.owner.id.as_str(), "owner"),
            (&team.admin.id, "admin"),
            (&team.member.id, "member"),
            (&team.stranger.id, role),
        ];
        team.owner.expect_members(&team.organization, &members).await;
    }
}

#[tokio::test]
async fn the_member_of_a_services_invitation_was_added_by_the_service() {
    let (team, service) = (team().await, stack::service());
    let link = service.link(&team.organization, "member").await;
    assert_eq!(team.stranger.join(&link).await["addedBy"], service.id);
}

#[tokio::test]
async fn accepting_again_returns_the_member_as_it_is_now_and_changes_nothing() {
    let team = team().await;
    let link = team.owner.link(&team.organization, "member").await;
    let first = team.stranger.accepting(&link).send().await;
    let again = team.stranger.accepting(&link).send().await;
    assert_eq!(again.expect(200), first.expect(201));
    assert_eq!(again.header("location"), first.header("location"), "{again}");
    assert_eq!(team.owner.organization(&team.organization).await["version"], 5);
    for role in ["admin", "owner", "member"] {
        let path = team.organization.member(&team.stranger.id);
        let updated = team.owner.patch(path, json!({ "role": role })).send().await.expect(200);
        let again = team.stranger.accepting(&link).send().await;
        assert_eq!(again.expect(200), updated, "{again}");
        assert_eq!(updated["role"], role);
    }
    let organization = team.owner.organization(&team.organization).await;
    assert_eq!((&organization["memberCount"], &organization["version"]), (&json!(4), &json!(8)));
}

#[tokio::test]
async fn a_link_never_brings_back_who_has_left_or_was_removed() {
    let team = team().await;
    let member = team.organization.member(&team.stranger.id);
    for remover in [&team.owner, &team.stranger] {
        let link = team.owner.link(&team.organization, "member").await;
        team.stranger.join(&link).await;
        remover.delete(&member).send().await.expect(200);
        team.stranger.expect_dead(&link).await;
        let response = team.stranger.get(&team.organization.path).send().await;
        response.expect_error(404, "organization_not_found");
        // Not even after joining again in another way, and leaving again.
        team.organization.add(&team.stranger.id, "admin").await;
        team.stranger.expect_dead(&link).await;
        team.owner.delete(&member).send().await.expect(200);
        let second = team.owner.link(&team.organization, "member").await;
        team.stranger.join(&second).await;
        team.stranger.expect_dead(&link).await;
        team.stranger.accepting(&second).send().await.expect(200);
        team.owner.delete(&member).send().await.expect(200);
        team.stranger.expect_dead(&second).await;
    }
}

#[tokio::test]
async fn a_link_that_somebody_accepted_is_not_found_by_anybody_else() {
    let (team, other) = (team().await, stack::user("dave"));
    let accepted = team.owner.link(&team.organization, "member").await;
    team.stranger.join(&accepted).await;
    let before = team.owner.organization(&team.organization).await;
    for user in [&team.owner, &team.admin, &team.member] {
        user.expect_dead(&accepted).await;
    }
    if stack::is_local() {
        other.expect_dead(&accepted).await;
    }
    team.owner.delete(team.organization.member(&team.stranger.id)).send().await.expect(200);
    for user in [&team.owner, &team.member] {
        user.expect_dead(&accepted).await;
    }
    assert_eq!(team.owner.organization(&team.organization).await["memberCount"], 3);
    assert_eq!(before["memberCount"], 4);
}

#[tokio::test]
async fn a_member_is_refused_and_the_invitation_stays() {
    let team = team().await;
    let link = team.owner.link(&team.organization, "owner").await;
    for user in [&team.owner, &team.admin, &team.member] {
        let response = user.accepting(&link).send().await;
        response.expect_error(409, "member_already_exists");
    }
    assert_eq!(team.admin.organization(&team.organization).await["role"], "admin");
    assert_eq!(team.owner.pending(&team.organization).await, [text(&link, "id")]);
    assert_eq!(team.owner.organization(&team.organization).await["version"], 4);
    assert_eq!(team.stranger.join(&link).await["role"], "owner");
}

#[tokio::test]
async fn an_expired_invitation_cannot_be_accepted() {
    let Some(local) = stack::local_only(REASON) else { return };
    let team = team().await;
    let link = team.owner.link(&team.organization, "member").await;
    Table::of(local).expire(&link).await;
    team.stranger.accepting(&link).send().await.expect_error(422, "invitation_expired");
    // That the user is a member is reported before.
    team.member.accepting(&link).send().await.expect_error(409, "member_already_exists");
    let organization = team.owner.organization(&team.organization).await;
    assert_eq!((&organization["memberCount"], &organization["version"]), (&json!(3), &json!(4)));
}

#[tokio::test]
async fn a_deleted_organization_cannot_be_joined_and_shows_no_member_who_joined() {
    let team = team().await;
    let accepted = team.owner.link(&team.organization, "member").await;
    let pending = team.owner.link(&team.organization, "member").await;
    team.stranger.join(&accepted).await;
    delete(&team.owner, &team.organization).await;
    for user in [&team.stranger, &team.owner, &team.member] {
        user.expect_dead(&pending).await;
        user.expect_dead(&accepted).await;
    }
    restore(&team.owner, &team.organization).await;
    team.stranger.accepting(&accepted).send().await.expect(200);
    team.member.accepting(&pending).send().await.expect_error(409, "member_already_exists");
}

#[tokio::test]
async fn a_service_accepts_nothing() {
    let (team, service) = (team().await, stack::service());
    let link = service.link(&team.organization, "member").await;
    for token in [link["token"].clone(), json!("x")] {
        let response = service.post("/invitation/accept", json!({ "token": token })).send().await;
        assert_eq!(response.expect_error(403, "forbidden"), json!(null), "{response}");
        let message = "Only a user may do this, not a service. Send a user's access token.";
        assert_eq!(response.expect(403)["message"], message);
    }
    service.post("/invitation/accept", json!({})).send().await.expect_invalid_request("token");
    team.stranger.join(&link).await;
}

#[tokio::test]
async fn preconditions_do_not_apply_to_accepting() {
    let team = team().await;
    for (header, value) in [("if-match", "\"1\""), ("if-none-match", "*"), ("if-match", "garbage")] {
        let link = team.owner.link(&team.organization, "member").await;
        team.stranger.accepting(&link).header(header, value).send().await.expect(201);
        team.owner.delete(team.organization.member(&team.stranger.id)).send().await.expect(200);
    }
}
