//! `POST /organization/{organization_id}/restore`

use crate::{
    client::{Request, User},
    create_organization::ORGANIZATION_FIELDS,
    invitations::delete,
    organizations::{Organization, assert_fields, team},
    stack,
};
use reqwest::Method;
use serde_json::json;

fn restoring(user: &User, organization: &Organization) -> Request {
    user.request(Method::POST, format!("{}/restore", organization.path))
}

#[tokio::test]
async fn restoring_returns_the_organization_as_it_was() {
    let team = team().await;
    let before = team.owner.organization(&team.organization).await;
    delete(&team.owner, &team.organization).await;
    let response = restoring(&team.owner, &team.organization).send().await;

    let restored = response.expect(200);
    assert_fields(&restored, &ORGANIZATION_FIELDS);
    let mut expected = before;
    expected["version"] = json!(5);
    expected["updatedAt"] = restored["updatedAt"].clone();
    assert_eq!(restored, expected);
    assert_eq!(response.header("etag"), Some("\"5\""), "{response}");
    assert_eq!(team.owner.organization(&team.organization).await, restored);
}

#[tokio::test]
async fn everybody_has_the_role_of_before_and_can_use_it() {
    let team = team().await;
    let link = team.admin.link(&team.organization, "member").await;
    delete(&team.owner, &team.organization).await;
    restoring(&team.owner, &team.organization).send().await.expect(200);

    let roles = [("owner", &team.owner), ("admin", &team.admin), ("member", &team.member)];
    let members = roles.map(|(role, user)| (user.id.as_str(), role));
    team.member.expect_members(&team.organization, &members).await;
    for (role, user) in roles {
        assert_eq!(user.organization(&team.organization).await["role"], role);
        assert!(user.list("/organization/list", "id").await.contains(&team.organization.id));
    }
    team.admin.put(&team.organization.path, json!({ "name": "Back" })).send().await.expect(200);
    // Invitations can be accepted again, too.
    assert_eq!(team.admin.pending(&team.organization).await, [link["id"].as_str().unwrap()]);
    assert_eq!(team.stranger.join(&link).await["role"], "member");
}

#[tokio::test]
async fn an_organization_can_be_deleted_and_restored_again_and_again() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    for round in 1..=3 {
        let deleted = alice.delete(&organization.path).send().await.expect(200);
        let restored = restoring(&alice, &organization).send().await.expect(200);
        let versions = [&deleted, &restored].map(|seen| seen["version"].as_u64().unwrap());
        assert_eq!(versions, [2 * round, 2 * round + 1]);
    }
}

#[tokio::test]
async fn restoring_an_organization_that_is_not_deleted_changes_nothing_whatever_the_preconditions() {
    let team = team().await;
    let before = team.owner.get(&team.organization.path).send().await;
    for (header, value) in
        [("if-match", "*"), ("if-match", "\"1\""), ("if-none-match", "*"), ("if-none-match", "\"3\"")]
    {
        let request = restoring(&team.owner, &team.organization).header(header, value);
        assert_eq!(request.send().await.content(), before.content());
    }
    let by_service = restoring(&team.service, &team.organization).if_match("\"1\"").send().await.expect(200);
    assert_eq!((&by_service["version"], &by_service["role"]), (&json!(3), &json!(null)));
    let malformed = restoring(&team.owner, &team.organization).if_match("1").send().await;
    malformed.expect_invalid_request("If-Match");
}

#[tokio::test]
async fn the_version_of_the_deletion_is_checked() {
    let team = team().await;
    delete(&team.owner, &team.organization).await;
    for caller in [&team.owner, &team.service] {
        let restoring = || restoring(caller, &team.organization);
        for request in [restoring().if_match("\"3\""), restoring().header("if-none-match", "\"4\"")] {
            let details = request.send().await.expect_error(412, "precondition_failed");
            assert_eq!(details["currentVersion"], 4);
        }
    }
    team.member.get(&team.organization.path).send().await.expect_error(404, "organization_not_found");
    let restored = restoring(&team.owner, &team.organization).if_match("\"4\"").send().await.expect(200);
    assert_eq!(restored["version"], 5);
}

#[tokio::test]
async fn only_an_owner_or_a_service_can_restore() {
    let team = team().await;
    for user in [&team.admin, &team.member] {
        restoring(user, &team.organization).send().await.expect_forbidden("owner");
    }
    delete(&team.owner, &team.organization).await;
    for user in [&team.admin, &team.member, &team.stranger] {
        let response = restoring(user, &team.organization).send().await;
        response.expect_error(404, "organization_not_found");
    }
    assert!(team.owner.organization(&team.organization).await.get("deletedAt").is_some());
    let restored = restoring(&team.service, &team.organization).send().await.expect(200);
    assert_eq!((&restored["role"], restored.get("deletedAt")), (&json!(null), None));
    assert_eq!(team.member.organization(&team.organization).await["version"], 5);
}
