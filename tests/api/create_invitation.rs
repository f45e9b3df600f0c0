//! `POST /organization/{organization_id}/invitation`, which makes a new invitation. [`crate::renewals`] has the
//! repetitions.

use crate::{
    invitations::{
        DAY, INVITATION_FIELDS, TOKEN_PREFIX, delete, seconds, text, token_bytes, without_secrets,
    },
    organizations::{Organization, assert_fields, assert_timestamp, team},
    stack,
};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn inviting_returns_the_invitation_its_token_and_its_location() {
    let team = team().await;
    let body = json!({ "email": "dave@example.com", "role": "admin", "expiresInDays": 3 });
    let response = team.owner.inviting(&team.organization, body).send().await;
    let created = response.expect(201);
    let invitation = without_secrets(created.clone());
    assert_fields(&invitation, &INVITATION_FIELDS);
    assert_eq!(invitation["organizationId"], team.organization.id);
    assert_eq!(invitation["email"], "dave@example.com");
    assert_eq!(invitation["role"], "admin");
    assert_eq!(invitation["status"], "pending");
    assert_eq!(invitation["invitedBy"], team.owner.id);
    assert_timestamp(&invitation["createdAt"]);
    assert_timestamp(&invitation["expiresAt"]);
    let lifetime = seconds(&invitation, "expiresAt") - seconds(&invitation, "createdAt");
    assert!((lifetime - 3 * DAY).abs() <= 1, "{invitation}");

    let id = text(&invitation, "id").strip_prefix("inv_").expect("the id of an invitation");
    assert!(id.len() == 26 && id.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()));
    let token = text(&created, "token");
    assert_eq!((token.len(), token_bytes(token).len()), (TOKEN_PREFIX.len() + 86, 64), "{token}");
    assert_eq!(response.header("location"), Some(&*format!("invitation/inv_{id}")), "{response}");
    assert_eq!(response.header("etag"), None, "{response}");
    assert!(!format!("{:?}", response.headers).contains(token), "{response}");
    // The location is that of the invitation.
    let revoked = team.owner.delete(response.location()).send().await.expect(200);
    assert_eq!(revoked["id"], invitation["id"]);
}

#[tokio::test]
async fn without_a_field_the_invitation_is_a_link_for_a_member_for_seven_days() {
    let team = team().await;
    let created = team.admin.invite(&team.organization, json!({})).await;
    assert_eq!((&created["email"], &created["role"]), (&json!(null), &json!("member")));
    assert_eq!(created["invitedBy"], team.admin.id);
    let lifetime = seconds(&created, "expiresAt") - seconds(&created, "createdAt");
    assert!((lifetime - 7 * DAY).abs() <= 1, "{created}");
}

#[tokio::test]
async fn every_link_is_another_invitation_with_another_secret() {
    let team = team().await;
    let mut links = Vec::new();
    for body in [json!({}), json!({}), json!({ "email": null }), json!({ "email": null, "role": "member" })] {
        links.push(team.owner.invite(&team.organization, body).await);
    }
    for (index, link) in links.iter().enumerate() {
        for other in &links[..index] {
            assert_ne!(link["id"], other["id"]);
            let [a, b] = [link, other].map(|link| token_bytes(text(link, "token")).split_off(32));
            assert_ne!(a, b, "two links have the same secret");
        }
    }
    assert_eq!(team.owner.pending(&team.organization).await.len(), 4);
}

#[tokio::test]
async fn an_invitation_increments_the_version_and_leaves_the_member_count() {
    let team = team().await;
    team.admin.link(&team.organization, "member").await;
    let organization = team.owner.organization(&team.organization).await;
    assert_eq!((&organization["version"], &organization["memberCount"]), (&json!(4), &json!(3)));
}

#[tokio::test]
async fn owners_and_services_invite_to_every_role_and_admins_to_all_but_owner() {
    let (team, service) = (team().await, stack::service());
    for (inviter, roles) in [
        (&team.owner, &["owner", "admin", "member"][..]),
        (&service, &["owner", "admin", "member"]),
        (&team.admin, &["admin", "member"]),
    ] {
        for role in roles {
            let created = inviter.link(&team.organization, role).await;
            assert_eq!((&created["role"], &created["invitedBy"]), (&json!(role), &json!(inviter.id)));
        }
    }
    let refused = team.admin.inviting(&team.organization, json!({ "role": "owner" })).send().await;
    refused.expect_forbidden("owner");
}

#[tokio::test]
async fn members_cannot_invite_and_strangers_learn_nothing() {
    let team = team().await;
    let nowhere = Organization::from_id("org_00000000000000000000000000");
    for (role, required) in [("member", "admin"), ("admin", "admin"), ("owner", "owner")] {
        let body = || json!({ "email": "dave@example.com", "role": role });
        let response = team.member.inviting(&team.organization, body()).send().await;
        response.expect_forbidden(required);
        let real = team.stranger.inviting(&team.organization, body()).send().await;
        real.expect_error(404, "organization_not_found");
        let none = team.stranger.inviting(&nowhere, body()).send().await;
        assert_eq!(real.content(), none.content(), "{real}{none}");
    }
    let response = stack::service().inviting(&nowhere, json!({})).send().await;
    response.expect_error(404, "organization_not_found");
    assert_eq!(team.owner.organization(&team.organization).await["version"], 3);
    assert!(team.owner.pending(&team.organization).await.is_empty());
}

#[tokio::test]
async fn an_invitation_lasts_1_to_30_days() {
    let team = team().await;
    for (given, days) in [("1", 1), ("30", 30), ("2.0", 2), ("3e1", 30), ("300e-1", 30)] {
        let body = format!("{{\"expiresInDays\":{given}}}");
        let request = team.owner.request(Method::POST, team.organization.invitations());
        let response = request.header("content-type", "application/json").body(body).send().await;
        let created = response.expect(201);
        let lifetime = seconds(&created, "expiresAt") - seconds(&created, "createdAt");
        assert!((lifetime - days * DAY).abs() <= 1, "{response}");
    }
    for given in [json!(0), json!(31), json!(-1), json!(256), json!(u64::MAX)] {
        let response =
            team.owner.inviting(&team.organization, json!({ "expiresInDays": given })).send().await;
        let details = response.expect_error(422, "validation_failed");
        assert_eq!(details, json!({ "field": "expiresInDays", "rule": "range" }), "{response}");
        let message = "expiresInDays must be an integer from 1 to 30.";
        assert_eq!(response.expect(422)["message"], message, "{response}");
    }
    for given in [json!(null), json!("7"), json!(1.5), json!(true), json!([7])] {
        let response =
            team.owner.inviting(&team.organization, json!({ "expiresInDays": given })).send().await;
        response.expect_invalid_request("expiresInDays");
    }
    assert_eq!(team.owner.pending(&team.organization).await.len(), 5);
}

#[tokio::test]
async fn invalid_roles_and_unknown_fields_are_refused() {
    let team = team().await;
    let invite = |body: Value| team.owner.inviting(&team.organization, body).send();
    for role in ["", "king", "Owner", "MEMBER", "member "] {
        invite(json!({ "role": role })).await.expect_validation_failed("role");
    }
    for (body, field) in [
        (json!({ "role": null }), "role"),
        (json!({ "role": 5 }), "role"),
        (json!({ "userId": "dave" }), "userId"),
        (json!({ "email": "dave@example.com", "token": "x" }), "token"),
        (json!({ "invitedBy": "dave" }), "invitedBy"),
        (json!({ "Email": "dave@example.com" }), "Email"),
    ] {
        invite(body).await.expect_invalid_request(field);
    }
    let response = team.owner.post(format!("{}?email=x", team.organization.invitations()), json!({}));
    response.send().await.expect_invalid_request("email");
    // An invitation may be without any field, but not without a body.
    let response = team.owner.request(Method::POST, team.organization.invitations());
    let response = response.header("content-type", "application/json").send().await;
    response.expect_error(400, "invalid_request");
    assert_eq!(team.owner.organization(&team.organization).await["version"], 3);
}

#[tokio::test]
async fn an_invitation_is_made_only_at_the_version_in_its_preconditions() {
    let team = team().await;
    let request = || team.admin.inviting(&team.organization, json!({ "email": "dave@example.com" }));
    for (header, value) in [("if-match", "\"2\""), ("if-none-match", "\"3\""), ("if-none-match", "*")] {
        let response = request().header(header, value).send().await;
        let details = response.expect_error(412, "precondition_failed");
        assert_eq!(details["currentVersion"], 3, "{response}");
    }
    assert!(team.owner.pending(&team.organization).await.is_empty());
    request().if_match("\"3\"").send().await.expect(201);
    // A renewal is a write, too.
    request().if_match("\"3\"").send().await.expect_error(412, "precondition_failed");
    request().header("if-none-match", "\"3\"").send().await.expect(200);
    assert_eq!(team.owner.organization(&team.organization).await["version"], 5);
}

#[tokio::test]
async fn values_are_checked_first_then_the_organization_the_role_and_the_version() {
    let team = team().await;
    let nowhere = Organization::from_id("org_");
    let invalid = || json!({ "email": "dave" });
    for organization in [&team.organization, &nowhere] {
        for user in [&team.stranger, &team.member, &team.owner] {
            let response = user.inviting(organization, invalid()).if_match("\"1\"").send().await;
            response.expect_validation_failed("email");
        }
    }
    let response = team.stranger.inviting(&team.organization, json!({})).if_match("\"1\"").send().await;
    response.expect_error(404, "organization_not_found");
    let response = team.member.inviting(&team.organization, json!({})).if_match("\"1\"").send().await;
    response.expect_forbidden("admin");
    // A deleted organization is reported before the role and the version, to those who know of it.
    delete(&team.owner, &team.organization).await;
    for (user, status, code) in [
        (&team.owner, 409, "organization_deleted"),
        (&stack::service(), 409, "organization_deleted"),
        (&team.admin, 404, "organization_not_found"),
        (&team.member, 404, "organization_not_found"),
        (&team.stranger, 404, "organization_not_found"),
    ] {
        let response = user.inviting(&team.organization, json!({})).if_match("\"1\"").send().await;
        response.expect_error(status, code);
    }
}
