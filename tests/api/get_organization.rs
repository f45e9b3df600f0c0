//! `GET /organization/{organization_id}`

use crate::{
    create_organization::ORGANIZATION_FIELDS,
    gateway,
    organizations::{assert_fields, team},
    stack,
};
use serde_json::json;

#[tokio::test]
async fn every_member_sees_the_same_organization_with_their_own_role() {
    let team = team().await;
    let seen_by_owner = team.owner.organization(&team.organization).await;
    assert_fields(&seen_by_owner, &ORGANIZATION_FIELDS);
    assert_eq!(seen_by_owner["id"], team.organization.id);
    assert_eq!(seen_by_owner["memberCount"], 3);
    assert_eq!(seen_by_owner["createdBy"], team.owner.id);
    for (user, role) in [(&team.owner, "owner"), (&team.admin, "admin"), (&team.member, "member")] {
        let mut expected = seen_by_owner.clone();
        expected["role"] = json!(role);
        assert_eq!(user.organization(&team.organization).await, expected);
    }
}

#[tokio::test]
async fn a_stranger_cannot_get_the_organization() {
    let team = team().await;
    let response = team.stranger.get(&team.organization.path).send().await;
    response.expect_error(404, "organization_not_found");
}

#[tokio::test]
async fn the_etag_is_the_quoted_version_and_changes_with_it() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let response = alice.get(&organization.path).send().await;
    assert_eq!(response.header("etag"), Some("\"1\""), "{response}");
    alice.put(&organization.path, json!({ "name": "Emca" })).send().await.expect(200);
    let response = alice.get(&organization.path).send().await;
    assert_eq!(response.header("etag"), Some("\"2\""), "{response}");
}

#[tokio::test]
async fn a_caller_with_the_current_version_gets_304_without_a_body() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    alice.put(&organization.path, json!({ "name": "Emca" })).send().await.expect(200);
    for tag in ["\"2\"", "W/\"2\"", "*", "\"1\", \"2\"", "\"other\",W/\"2\""] {
        let request = alice.get(&organization.path).header("if-none-match", tag);
        let response = request.send().await;
        assert_eq!(response.status, 304, "{response}");
        assert!(response.body.is_empty(), "{response}");
        assert_eq!(response.header("etag"), Some("\"2\""), "{response}");
    }
}

#[tokio::test]
async fn a_caller_with_another_version_gets_the_current_one() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    alice.put(&organization.path, json!({ "name": "Emca" })).send().await.expect(200);
    for tag in ["\"1\"", "W/\"1\"", "\"1\", \"3\"", "\"22\"", "\"02\""] {
        let request = alice.get(&organization.path).header("if-none-match", tag);
        let response = request.send().await;
        assert_eq!(response.expect(200)["name"], "Emca", "{response}");
    }
}

#[tokio::test]
async fn if_none_match_reveals_nothing_to_a_stranger() {
    let team = team().await;
    for tag in ["*", "\"3\""] {
        let request = team.stranger.get(&team.organization.path).header("if-none-match", tag);
        request.send().await.expect_error(404, "organization_not_found");
    }
}

/// Two callers see different roles at the same version and with the same ETag.
#[tokio::test]
async fn no_cache_may_keep_an_answer_or_give_it_to_another_caller() {
    let team = team().await;
    let path = &team.organization.path;
    let nobody = stack::anonymous();
    for (request, status) in [
        (team.owner.get(path), 200),
        (team.owner.get(path).header("if-none-match", "\"3\""), 304),
        (team.owner.get("/organization/list?limit=0"), 400),
        (nobody.get(path), 401),
        (team.member.put(path, json!({ "name": "Mine" })), 403),
        (team.stranger.get(path), 404),
        (team.owner.put(path, json!({ "name": "Emca" })).if_match("\"2\""), 412),
        (team.owner.put(path, json!({ "name": "Emca" })), 200),
    ] {
        let response = request.send().await;
        assert_eq!(response.status, status, "{response}");
        if !gateway::answered(&response) {
            assert_eq!(response.header("cache-control"), Some("no-store"), "{response}");
            assert!(response.varies_by("authorization"), "{response}");
        }
    }
}
