//! `POST /organization/{organization_id}/member`

use crate::{
    organizations::{assert_fields, assert_timestamp, percent_encode, team},
    stack,
};
use serde_json::json;

#[tokio::test]
async fn adding_returns_the_member_and_its_location() {
    let team = team().await;
    let body = json!({ "userId": team.stranger.id, "role": "member" });
    let response = team.service.post(team.organization.members(), body).send().await;

    let member = response.expect(201);
    assert_fields(&member, &["organizationId", "userId", "role", "addedBy", "joinedAt"]);
    assert_eq!(member["organizationId"], team.organization.id);
    assert_eq!(member["userId"], team.stranger.id);
    assert_eq!(member["role"], "member");
    assert_eq!(member["addedBy"], team.service.id);
    assert_timestamp(&member["joinedAt"]);

    let location = response.location();
    assert!(!location.contains('|'), "{response}");
    for user in [&team.owner, &team.stranger] {
        assert_eq!(user.get(&location).send().await.expect(200), member);
    }
}

#[tokio::test]
async fn the_location_contains_the_percent_encoded_user_id() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let body = json!({ "userId": "auth0|64ab" });
    let response = stack::service().post(organization.members(), body).send().await;
    assert_eq!(response.header("location"), Some("member/auth0%7C64ab"), "{response}");
    assert_eq!(percent_encode("auth0|64ab"), "auth0%7C64ab");
}

#[tokio::test]
async fn an_addition_increments_the_member_count_and_the_version() {
    let team = team().await;
    team.organization.add(&team.stranger.id, "member").await;
    let organization = team.stranger.organization(&team.organization).await;
    assert_eq!(organization["memberCount"], 4);
    assert_eq!(organization["role"], "member");
    assert_eq!(organization["version"], 4);
}

#[tokio::test]
async fn the_default_role_is_member() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let body = json!({ "userId": stack::unique("other") });
    let member = stack::service().post(organization.members(), body).send().await.expect(201);
    assert_eq!(member["role"], "member");
    for role in ["member", "admin", "owner"] {
        let member = organization.add(&stack::unique("other"), role).await;
        assert_eq!(member["role"], role);
    }
}

#[tokio::test]
async fn members_added_as_owner_or_admin_have_the_rights_of_that_role() {
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(stack::user);
    let organization = alice.create_organization("Acme").await;
    organization.add(&bob.id, "owner").await;
    organization.add(&carol.id, "admin").await;
    carol.put(&organization.path, json!({ "name": "Emca" })).send().await.expect(200);
    let path = organization.member(&alice.id);
    carol.delete(&path).send().await.expect_forbidden("owner");
    bob.delete(&path).send().await.expect(200);
}

/// Nobody becomes a member without consent, except by a service, which answers for it.
#[tokio::test]
async fn no_user_can_add_anybody_whatever_the_role() {
    let team = team().await;
    for user in [&team.owner, &team.admin, &team.member, &team.stranger] {
        for role in ["member", "admin", "owner"] {
            let body = json!({ "userId": team.stranger.id, "role": role });
            let response = user.post(team.organization.members(), body).send().await;
            response.expect_insufficient_scope();
        }
    }
    let response = team.stranger.get(&team.organization.path).send().await;
    response.expect_error(404, "organization_not_found");
    assert_eq!(team.owner.organization(&team.organization).await["version"], 3);
}

#[tokio::test]
async fn a_member_cannot_be_added_again_in_any_role() {
    let team = team().await;
    for user in [&team.owner, &team.admin, &team.member] {
        for role in ["member", "admin", "owner"] {
            let body = json!({ "userId": user.id, "role": role });
            let response = team.service.post(team.organization.members(), body).send().await;
            response.expect_error(409, "member_already_exists");
        }
    }
    let organization = team.owner.organization(&team.organization).await;
    assert_eq!((&organization["memberCount"], &organization["version"]), (&json!(3), &json!(3)));
    for (user, role) in [(&team.admin, "admin"), (&team.member, "member")] {
        assert_eq!(user.organization(&team.organization).await["role"], role);
    }
}

#[tokio::test]
async fn a_member_who_left_can_be_added_again() {
    let team = team().await;
    let path = team.organization.member(&team.member.id);
    team.member.delete(path).send().await.expect(200);
    team.organization.add(&team.member.id, "admin").await;
    assert_eq!(team.member.organization(&team.organization).await["role"], "admin");
}

#[tokio::test]
async fn invalid_user_ids_are_refused() {
    let (alice, service) = (stack::user("alice"), stack::service());
    let organization = alice.create_organization("Acme").await;
    let (long, multibyte) = ("a".repeat(256), "é".repeat(3));
    let odd = ["", " ", "a b", " a", "a ", "a\nb", "a\u{0}b", "a\u{7f}b", ".", "..", "service:a"];
    for id in odd.into_iter().chain([long.as_str(), &multibyte]) {
        let response = service.post(organization.members(), json!({ "userId": id })).send().await;
        response.expect_validation_failed("userId");
    }
    assert_eq!(alice.organization(&organization).await["memberCount"], 1);
}

#[tokio::test]
async fn invalid_roles_are_refused() {
    let (alice, service) = (stack::user("alice"), stack::service());
    let organization = alice.create_organization("Acme").await;
    for role in ["", "king", "Owner", "MEMBER", "member "] {
        let body = json!({ "userId": "somebody", "role": role });
        let response = service.post(organization.members(), body).send().await;
        response.expect_validation_failed("role");
    }
    assert_eq!(alice.organization(&organization).await["memberCount"], 1);
}

#[tokio::test]
async fn the_error_names_a_missing_unknown_or_ill_typed_field() {
    let (alice, service) = (stack::user("alice"), stack::service());
    let organization = alice.create_organization("Acme").await;
    for (body, field) in [
        (json!({}), "userId"),
        (json!({ "role": "admin" }), "userId"),
        (json!({ "userId": null }), "userId"),
        (json!({ "userId": 5 }), "userId"),
        (json!({ "userId": ["a"] }), "userId"),
        (json!({ "userId": "a", "role": 5 }), "role"),
        (json!({ "userId": "a", "role": ["owner"] }), "role"),
        (json!({ "userId": "a", "user": "b" }), "user"),
        (json!({ "userId": "a", "addedBy": "b" }), "addedBy"),
    ] {
        let response = service.post(organization.members(), body).send().await;
        response.expect_invalid_request(field);
    }
    assert_eq!(alice.organization(&organization).await["memberCount"], 1);
}
