//! `DELETE /organization/{organization_id}`

use crate::{
    create_organization::ORGANIZATION_FIELDS,
    invitations::{DAY, seconds},
    organizations::{assert_fields, assert_timestamp, team},
    stack,
};
use serde_json::json;

#[tokio::test]
async fn deleting_returns_the_organization_with_the_times_of_its_end() {
    let team = team().await;
    let before = team.owner.organization(&team.organization).await;
    let response = team.owner.delete(&team.organization.path).send().await;

    let deleted = response.expect(200);
    assert_fields(&deleted, &[&ORGANIZATION_FIELDS[..], &["deletedAt", "purgeAt"]].concat());
    assert_timestamp(&deleted["deletedAt"]);
    assert_timestamp(&deleted["purgeAt"]);
    let mut expected = before;
    expected["version"] = json!(4);
    for field in ["updatedAt", "deletedAt", "purgeAt"] {
        expected[field] = deleted[field].clone();
    }
    assert_eq!(deleted, expected);
    assert_eq!(deleted["updatedAt"], deleted["deletedAt"]);
    assert_eq!(response.header("etag"), Some("\"4\""), "{response}");

    let found = team.owner.get(&team.organization.path).send().await;
    assert_eq!(found.expect(200), deleted);
    assert_eq!(found.header("etag"), Some("\"4\""), "{found}");
}

#[tokio::test]
async fn a_deleted_organization_can_be_restored_for_30_days() {
    let Some(_) = stack::local_only("a deployed stack may have another DeletedOrganizationDays") else {
        return;
    };
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let deleted = alice.delete(&organization.path).send().await.expect(200);
    let kept = seconds(&deleted, "purgeAt") - seconds(&deleted, "deletedAt");
    // The two times are read one after the other.
    assert!((30 * DAY - 1..=30 * DAY + 1).contains(&kept), "{deleted}");
}

#[tokio::test]
async fn only_an_owner_or_a_service_can_delete() {
    let team = team().await;
    for user in [&team.admin, &team.member] {
        user.delete(&team.organization.path).send().await.expect_forbidden("owner");
    }
    let response = team.stranger.delete(&team.organization.path).send().await;
    response.expect_error(404, "organization_not_found");
    let found = team.owner.organization(&team.organization).await;
    assert_eq!((found.get("deletedAt"), &found["version"]), (None, &json!(3)));

    let deleted = team.service.delete(&team.organization.path).send().await.expect(200);
    assert_eq!((&deleted["role"], &deleted["version"]), (&json!(null), &json!(4)));
}

#[tokio::test]
async fn deleting_a_deleted_organization_changes_nothing_whatever_the_preconditions() {
    let team = team().await;
    let (second, path) = (&team.admin, &team.organization.path);
    let promotion = team.owner.patch(team.organization.member(&second.id), json!({ "role": "owner" }));
    promotion.send().await.expect(200);
    let first = team.owner.delete(path).send().await;
    first.expect(200);
    for owner in [&team.owner, second] {
        for request in [
            owner.delete(path),
            owner.delete(path).if_match("\"1\""),
            owner.delete(path).if_match("\"5\""),
            owner.delete(path).header("if-none-match", "*"),
        ] {
            assert_eq!(request.send().await.content(), first.content());
        }
    }
    let by_service = team.service.delete(path).if_match("\"1\"").send().await.expect(200);
    let mut expected = first.expect(200);
    expected["role"] = json!(null);
    assert_eq!(by_service, expected);
    team.owner.delete(path).if_match("1").send().await.expect_invalid_request("If-Match");
}

#[tokio::test]
async fn a_failed_precondition_deletes_nothing() {
    let team = team().await;
    let path = &team.organization.path;
    for caller in [&team.owner, &team.service] {
        for request in
            [caller.delete(path).if_match("\"2\""), caller.delete(path).header("if-none-match", "*")]
        {
            let details = request.send().await.expect_error(412, "precondition_failed");
            assert_eq!(details["currentVersion"], 3);
        }
    }
    let member = team.member.organization(&team.organization).await;
    assert_eq!((member.get("deletedAt"), &member["version"]), (None, &json!(3)));
    team.owner.delete(path).if_match("\"3\"").send().await.expect(200);
    team.member.get(path).send().await.expect_error(404, "organization_not_found");
}

#[tokio::test]
async fn a_former_owner_cannot_delete() {
    let team = team().await;
    team.organization.add(&team.stranger.id, "owner").await;
    let own = team.organization.member(&team.owner.id);
    team.stranger.patch(&own, json!({ "role": "admin" })).send().await.expect(200);
    team.owner.delete(&team.organization.path).send().await.expect_forbidden("owner");
    team.owner.delete(&own).send().await.expect(200);
    let response = team.owner.delete(&team.organization.path).send().await;
    response.expect_error(404, "organization_not_found");
    team.stranger.delete(&team.organization.path).send().await.expect(200);
}
