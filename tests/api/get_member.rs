//! `GET /organization/{organization_id}/member/{user_id}`

use crate::{
    organizations::{assert_fields, assert_timestamp, team},
    stack,
};
use serde_json::json;

#[tokio::test]
async fn every_member_and_a_service_see_the_same_member() {
    let team = team().await;
    let listed = team.owner.pages(&team.organization.members()).await.concat();
    assert_eq!(listed.len(), 3);
    for expected in &listed {
        let path = team.organization.member(expected["userId"].as_str().unwrap());
        for caller in [&team.owner, &team.admin, &team.member, &team.service] {
            let response = caller.get(&path).send().await;
            let member = response.expect(200);
            assert_fields(&member, &["organizationId", "userId", "role", "addedBy", "joinedAt"]);
            assert_timestamp(&member["joinedAt"]);
            assert_eq!(&member, expected, "{response}");
            // The organization's version does not identify what is in this answer.
            assert_eq!(response.header("etag"), None, "{response}");
        }
    }
}

#[tokio::test]
async fn the_owner_was_added_by_whoever_created_the_organization() {
    let team = team().await;
    for (user, role, added_by) in [
        (&team.owner, "owner", &team.owner.id),
        (&team.admin, "admin", &team.service.id),
        (&team.member, "member", &team.service.id),
    ] {
        let member = user.get(team.organization.member(&user.id)).send().await.expect(200);
        let fields = ["organizationId", "userId", "role", "addedBy"].map(|field| &member[field]);
        assert_eq!(fields, [&json!(team.organization.id), &json!(user.id), &json!(role), &json!(added_by)]);
    }
}

#[tokio::test]
async fn a_member_shows_a_new_role_immediately_and_is_gone_once_removed() {
    let team = team().await;
    let path = team.organization.member(&team.member.id);
    for role in ["admin", "owner", "member"] {
        let updated = team.owner.patch(&path, json!({ "role": role })).send().await.expect(200);
        assert_eq!(updated["role"], role);
        assert_eq!(team.admin.get(&path).send().await.expect(200), updated);
    }
    team.owner.delete(&path).send().await.expect(200);
    for caller in [&team.owner, &team.admin, &team.service] {
        caller.get(&path).send().await.expect_error(404, "member_not_found");
    }
    team.member.get(&path).send().await.expect_error(404, "organization_not_found");
}

#[tokio::test]
async fn a_user_who_is_no_member_is_not_found() {
    let team = team().await;
    let other = stack::user("alice").create_organization("Another").await;
    other.add(&team.stranger.id, "member").await;
    for caller in [&team.owner, &team.admin, &team.member, &team.service] {
        for id in [&team.stranger.id, "nobody", &team.service.id, &team.organization.id] {
            let response = caller.get(team.organization.member(id)).send().await;
            assert_eq!(response.expect_error(404, "member_not_found"), json!(null), "{response}");
        }
    }
}

#[tokio::test]
async fn a_stranger_cannot_tell_who_is_a_member() {
    let team = team().await;
    let get = |id: &str| team.stranger.get(team.organization.member(id)).send();
    let nobody = get("nobody").await;
    nobody.expect_error(404, "organization_not_found");
    for id in [&team.owner.id, &team.member.id, &team.stranger.id] {
        assert_eq!(get(id).await.content(), nobody.content());
    }
}
