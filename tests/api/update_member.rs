//! `PATCH /organization/{organization_id}/member/{user_id}`

use crate::{
    client::{Response, User},
    organizations::{Organization, assert_fields, team},
    stack,
};
use serde_json::json;

/// `user` gives `target` a role.
async fn give(user: &User, organization: &Organization, target: &str, role: &str) -> Response {
    user.patch(organization.member(target), json!({ "role": role })).send().await
}

#[tokio::test]
async fn updating_returns_the_member() {
    let alice = stack::user("alice");
    let (organization, other) = (alice.create_organization("Acme").await, stack::unique("other"));
    let added = organization.add(&other, "member").await;
    let mut expected = added;
    for (role, version) in [("admin", 3), ("owner", 4), ("member", 5)] {
        let response = give(&alice, &organization, &other, role).await;
        let member = response.expect(200);
        assert_fields(&member, &["organizationId", "userId", "role", "addedBy", "joinedAt"]);
        expected["role"] = json!(role);
        assert_eq!(member, expected, "{response}");
        let organization = alice.organization(&organization).await;
        assert_eq!(organization["version"], version, "{response}");
        assert_eq!(organization["memberCount"], 2, "{response}");
    }
}

#[tokio::test]
async fn a_new_role_grants_its_rights_and_revokes_those_of_the_old_one() {
    let team = team().await;
    let organization = &team.organization;
    let rename = || team.member.put(&organization.path, json!({ "name": "Emca" }));
    rename().send().await.expect_forbidden("admin");
    give(&team.owner, organization, &team.member.id, "admin").await.expect(200);
    rename().send().await.expect(200);
    give(&team.member, organization, &team.admin.id, "owner").await.expect_forbidden("owner");
    give(&team.owner, organization, &team.member.id, "owner").await.expect(200);
    give(&team.member, organization, &team.admin.id, "owner").await.expect(200);
    give(&team.admin, organization, &team.member.id, "member").await.expect(200);
    rename().send().await.expect_forbidden("admin");
    assert_eq!(team.member.organization(organization).await["role"], "member");
}

#[tokio::test]
async fn an_admin_can_change_members_to_admins_and_back() {
    let team = team().await;
    for role in ["admin", "member"] {
        let response = give(&team.admin, &team.organization, &team.member.id, role).await;
        assert_eq!(response.expect(200)["role"], role);
    }
}

#[tokio::test]
async fn an_admin_cannot_make_anybody_an_owner() {
    let team = team().await;
    for target in [&team.member.id, &team.admin.id, &team.owner.id] {
        let response = give(&team.admin, &team.organization, target, "owner").await;
        response.expect_forbidden("owner");
    }
    assert_eq!(team.admin.organization(&team.organization).await["role"], "admin");
}

#[tokio::test]
async fn an_admin_cannot_demote_an_owner_even_if_another_remains() {
    let team = team().await;
    let second = stack::unique("second");
    team.organization.add(&second, "owner").await;
    for target in [&team.owner.id, &second] {
        for role in ["admin", "member"] {
            let response = give(&team.admin, &team.organization, target, role).await;
            response.expect_forbidden("owner");
        }
    }
}

#[tokio::test]
async fn a_member_cannot_change_any_role_including_their_own() {
    let team = team().await;
    for target in [&team.member.id, &team.admin.id] {
        for role in ["admin", "member"] {
            let response = give(&team.member, &team.organization, target, role).await;
            response.expect_forbidden("admin");
        }
    }
    let response = give(&team.member, &team.organization, &team.member.id, "owner").await;
    response.expect_error(403, "forbidden");
    let response = give(&team.member, &team.organization, &team.owner.id, "member").await;
    response.expect_error(403, "forbidden");
    assert_eq!(team.owner.organization(&team.organization).await["version"], 3);
}

#[tokio::test]
async fn an_admin_may_step_down() {
    let team = team().await;
    give(&team.admin, &team.organization, &team.admin.id, "member").await.expect(200);
    give(&team.admin, &team.organization, &team.admin.id, "admin").await.expect_forbidden("admin");
}

#[tokio::test]
async fn the_last_owner_cannot_step_down() {
    let team = team().await;
    for role in ["admin", "member"] {
        let response = give(&team.owner, &team.organization, &team.owner.id, role).await;
        response.expect_error(422, "last_owner");
    }
    let organization = team.owner.organization(&team.organization).await;
    assert_eq!((&organization["role"], &organization["version"]), (&json!("owner"), &json!(3)));
}

#[tokio::test]
async fn the_last_owner_may_be_made_an_owner_again() {
    let team = team().await;
    let response = give(&team.owner, &team.organization, &team.owner.id, "owner").await;
    assert_eq!(response.expect(200)["role"], "owner");
}

#[tokio::test]
async fn one_of_two_owners_can_step_down_and_the_other_then_cannot() {
    let team = team().await;
    give(&team.owner, &team.organization, &team.admin.id, "owner").await.expect(200);
    give(&team.owner, &team.organization, &team.owner.id, "member").await.expect(200);
    let response = give(&team.admin, &team.organization, &team.admin.id, "admin").await;
    response.expect_error(422, "last_owner");
}

#[tokio::test]
async fn the_role_of_a_non_member_cannot_be_changed() {
    let team = team().await;
    for user in [&team.owner, &team.admin, &team.member] {
        let response = give(user, &team.organization, &team.stranger.id, "member").await;
        response.expect_error(404, "member_not_found");
    }
    let response = team.stranger.get(&team.organization.path).send().await;
    response.expect_error(404, "organization_not_found");
}

#[tokio::test]
async fn invalid_roles_are_refused() {
    let team = team().await;
    for role in ["", "king", "Owner", " admin"] {
        let response = give(&team.owner, &team.organization, &team.member.id, role).await;
        response.expect_validation_failed("role");
    }
    assert_eq!(team.owner.organization(&team.organization).await["version"], 3);
}

#[tokio::test]
async fn the_error_names_a_missing_unknown_or_ill_typed_field() {
    let team = team().await;
    let path = team.organization.member(&team.member.id);
    for (body, field) in [
        (json!({}), "role"),
        (json!({ "role": null }), "role"),
        (json!({ "role": 5 }), "role"),
        (json!({ "role": ["admin"] }), "role"),
        (json!({ "role": { "owner": null } }), "role"),
        (json!({ "role": "admin", "userId": "somebody" }), "userId"),
        (json!({ "role": "admin", "colour": "red" }), "colour"),
    ] {
        team.owner.patch(&path, body).send().await.expect_invalid_request(field);
    }
    assert_eq!(team.owner.organization(&team.organization).await["version"], 3);
}
