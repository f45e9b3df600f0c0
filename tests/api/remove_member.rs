//! `DELETE /organization/{organization_id}/member/{user_id}`

use crate::{
    create_organization::ORGANIZATION_FIELDS,
    organizations::{assert_fields, team},
    stack,
};
use serde_json::json;

#[tokio::test]
async fn removing_returns_the_updated_organization() {
    let team = team().await;
    let before = team.owner.organization(&team.organization).await;
    let path = team.organization.member(&team.member.id);
    let response = team.owner.delete(path).send().await;

    let after = response.expect(200);
    assert_fields(&after, &ORGANIZATION_FIELDS);
    let mut expected = before;
    expected["memberCount"] = json!(2);
    expected["version"] = json!(4);
    expected["updatedAt"] = after["updatedAt"].clone();
    assert_eq!(after, expected);
    assert_eq!(response.header("etag"), Some("\"4\""), "{response}");
    assert_eq!(team.owner.organization(&team.organization).await, after);
}

#[tokio::test]
async fn a_removed_member_is_a_stranger() {
    let team = team().await;
    let path = team.organization.member(&team.member.id);
    team.owner.delete(path).send().await.expect(200);
    let response = team.member.get(&team.organization.path).send().await;
    response.expect_error(404, "organization_not_found");
    let left = [(team.owner.id.as_str(), "owner"), (&team.admin.id, "admin")];
    team.owner.expect_members(&team.organization, &left).await;
}

#[tokio::test]
async fn an_admin_removed_and_added_again_as_a_member_has_no_admin_rights() {
    let team = team().await;
    let path = team.organization.member(&team.admin.id);
    team.owner.delete(path).send().await.expect(200);
    team.organization.add(&team.admin.id, "member").await;
    let rename = team.admin.put(&team.organization.path, json!({ "name": "Mine" }));
    rename.send().await.expect_forbidden("admin");
}

#[tokio::test]
async fn an_admin_can_remove_members_and_admins() {
    let team = team().await;
    let other = stack::unique("other");
    team.organization.add(&other, "admin").await;
    for (user, left) in [(&team.member.id, 3), (&other, 2)] {
        let response = team.admin.delete(team.organization.member(user)).send().await;
        let organization = response.expect(200);
        assert_eq!(organization["memberCount"], left, "{response}");
        assert_eq!(organization["role"], "admin", "{response}");
    }
}

#[tokio::test]
async fn an_admin_cannot_remove_an_owner() {
    let team = team().await;
    let second = stack::unique("second");
    team.organization.add(&second, "owner").await;
    for owner in [&team.owner.id, &second] {
        let response = team.admin.delete(team.organization.member(owner)).send().await;
        response.expect_forbidden("owner");
    }
    assert_eq!(team.owner.organization(&team.organization).await["memberCount"], 4);
}

#[tokio::test]
async fn a_member_cannot_remove_others() {
    let team = team().await;
    let other = stack::unique("other");
    team.organization.add(&other, "member").await;
    for user in [&other, &team.admin.id] {
        let response = team.member.delete(team.organization.member(user)).send().await;
        response.expect_forbidden("admin");
    }
    let response = team.member.delete(team.organization.member(&team.owner.id)).send().await;
    response.expect_error(403, "forbidden");
    assert_eq!(team.owner.organization(&team.organization).await["memberCount"], 4);
}

#[tokio::test]
async fn any_member_may_leave_and_then_has_no_role() {
    let team = team().await;
    let (organization, second) = (&team.organization, stack::unique("second"));
    organization.add(&second, "owner").await;
    for (user, left) in [(&team.member, 3), (&team.admin, 2), (&team.owner, 1)] {
        let response = user.delete(organization.member(&user.id)).send().await;
        let after = response.expect(200);
        assert_fields(&after, &ORGANIZATION_FIELDS);
        assert_eq!(after["role"], json!(null), "{response}");
        assert_eq!(after["memberCount"], left, "{response}");
        let response = user.get(&organization.path).send().await;
        response.expect_error(404, "organization_not_found");
        let response = user.delete(organization.member(&user.id)).send().await;
        response.expect_error(404, "organization_not_found");
    }
}

#[tokio::test]
async fn the_last_owner_cannot_leave_even_if_other_members_remain() {
    let team = team().await;
    let path = team.organization.member(&team.owner.id);
    team.owner.delete(&path).send().await.expect_error(422, "last_owner");
    for user in [&team.admin, &team.member] {
        team.owner.delete(team.organization.member(&user.id)).send().await.expect(200);
    }
    team.owner.delete(&path).send().await.expect_error(422, "last_owner");
    let left = [(team.owner.id.as_str(), "owner")];
    team.owner.expect_members(&team.organization, &left).await;
}

#[tokio::test]
async fn an_owner_can_remove_another_owner_and_is_then_the_last() {
    let team = team().await;
    let second = stack::unique("second");
    team.organization.add(&second, "owner").await;
    team.owner.delete(team.organization.member(&second)).send().await.expect(200);
    let path = team.organization.member(&team.owner.id);
    team.owner.delete(path).send().await.expect_error(422, "last_owner");
}

#[tokio::test]
async fn a_non_member_cannot_be_removed() {
    let team = team().await;
    for user in [&team.owner, &team.admin, &team.member] {
        let path = team.organization.member(&team.stranger.id);
        user.delete(path).send().await.expect_error(404, "member_not_found");
    }
    let path = team.organization.member(&team.member.id);
    team.owner.delete(&path).send().await.expect(200);
    team.owner.delete(&path).send().await.expect_error(404, "member_not_found");
    assert_eq!(team.owner.organization(&team.organization).await["memberCount"], 2);
}

#[tokio::test]
async fn a_member_of_another_organization_is_not_a_member_of_this_one() {
    let team = team().await;
    let other = team.stranger.create_organization("Other").await;
    let path = team.organization.member(&team.stranger.id);
    team.owner.delete(path).send().await.expect_error(404, "member_not_found");
    let organization = team.stranger.organization(&other).await;
    assert_eq!((&organization["memberCount"], &organization["version"]), (&json!(1), &json!(1)));
}
