//! `DELETE /user/{user_id}`

use crate::{
    client::{Response, User},
    invitations::{delete, text},
    organizations::{Organization, percent_encode, team},
    stack,
};
use serde_json::{Value, json};

async fn erase(caller: &User, user: &str) -> Response {
    caller.delete(format!("/user/{}", percent_encode(user))).send().await
}

/// An answer with these organizations. Ids are in the order of their creation.
fn erasure(left: &[&str], deleted: &[&str]) -> Value {
    json!({ "left": left, "deleted": deleted })
}

#[tokio::test]
async fn an_erased_user_is_a_stranger_everywhere() {
    let Some(_) = stack::local_only("it erases users, whom other tests share") else { return };
    let team = team().await;
    let other = team.stranger.create_organization("Other").await;
    other.add(&team.member.id, "owner").await;
    let both = [team.organization.id.as_str(), other.id.as_str()];

    let erased = erase(&team.member, &team.member.id).await;
    assert_eq!(erased.expect(200), erasure(&both, &[]), "{erased}");
    for organization in [&team.organization, &other] {
        team.member.get(&organization.path).send().await.expect_error(404, "organization_not_found");
    }
    assert_eq!(team.member.list("/organization/list", "id").await, [""; 0]);
    let left = team.owner.organization(&team.organization).await;
    assert_eq!((&left["memberCount"], &left["version"]), (&json!(2), &json!(4)));
    let again = erase(&team.member, &team.member.id).await;
    assert_eq!(again.expect(200), erasure(&[], &[]), "{again}");
}

#[tokio::test]
async fn a_service_erases_any_user_whatever_the_id() {
    let Some(_) = stack::local_only("it erases users, whom other tests share") else { return };
    let service = stack::service();
    let organization = stack::user("alice").create_organization("Acme").await;
    // The gateway may change other ids in paths.
    for id in ["a/b", "auth0|64ab", "a#b'c"] {
        let user = stack::unique(id);
        organization.add(&user, "admin").await;
        let erased = erase(&service, &user).await;
        assert_eq!(erased.expect(200), erasure(&[&organization.id], &[]), "{erased}");
        assert_eq!(erase(&service, &user).await.expect(200), erasure(&[], &[]));
    }
    assert_eq!(service.organization(&organization).await["memberCount"], 1);
}

#[tokio::test]
async fn an_organization_ends_with_its_only_member() {
    let Some(_) = stack::local_only("it erases users, whom other tests share") else { return };
    let (alice, service) = (stack::user("alice"), stack::service());
    let organization = alice.create_organization("Acme").await;
    let erased = erase(&service, &alice.id).await;
    assert_eq!(erased.expect(200), erasure(&[&organization.id], &[&organization.id]), "{erased}");
    for user in [&alice, &service] {
        user.get(&organization.path).send().await.expect_error(404, "organization_not_found");
        let restore = user.post(format!("{}/restore", organization.path), json!({}));
        restore.send().await.expect_error(404, "organization_not_found");
    }
    assert_eq!(alice.list("/organization/list?deleted=true", "id").await, [""; 0]);
}

#[tokio::test]
async fn nothing_changes_if_the_user_is_the_only_owner_among_others() {
    let Some(_) = stack::local_only("it erases users, whom other tests share") else { return };
    let team = team().await;
    let (service, owner) = (stack::service(), &team.owner);
    let alone = owner.create_organization("Alone").await;
    let joined = team.stranger.create_organization("Joined").await;
    joined.add(&owner.id, "owner").await;
    for caller in [owner, &service] {
        let refused = erase(caller, &owner.id).await;
        let details = refused.expect_error(422, "last_owner");
        assert_eq!(details, json!({ "organizationIds": [team.organization.id] }), "{refused}");
    }
    for (organization, version) in [(&team.organization, 3), (&alone, 1), (&joined, 2)] {
        assert_eq!(owner.organization(organization).await["version"], version);
    }
    // Another owner is all that is missing.
    let promote = owner.patch(team.organization.member(&team.admin.id), json!({ "role": "owner" }));
    promote.send().await.expect(200);
    let all = [team.organization.id.as_str(), alone.id.as_str(), joined.id.as_str()];
    let erased = erase(owner, &owner.id).await;
    assert_eq!(erased.expect(200), erasure(&all, &[&alone.id]), "{erased}");
}

#[tokio::test]
async fn memberships_in_deleted_organizations_end_too() {
    let Some(_) = stack::local_only("it erases users, whom other tests share") else { return };
    let team = team().await;
    delete(&team.owner, &team.organization).await;
    let id = team.organization.id.as_str();
    let erased = erase(&team.member, &team.member.id).await;
    assert_eq!(erased.expect(200), erasure(&[id], &[]), "{erased}");
    let erased = erase(&team.owner, &team.owner.id).await;
    assert_eq!(erased.expect(200), erasure(&[id], &[id]), "{erased}");
    // Nobody could restore it any more.
    team.service.get(&team.organization.path).send().await.expect_error(404, "organization_not_found");
    // For everybody, it does not exist any more.
    assert_eq!(erase(&team.admin, &team.admin.id).await.expect(200), erasure(&[], &[]));
}

#[tokio::test]
async fn nobody_erases_another_user() {
    let Some(_) = stack::local_only("it erases users, whom other tests share") else { return };
    let team = team().await;
    let users = [&team.owner, &team.admin, &team.member, &team.stranger];
    for caller in users {
        for user in users.into_iter().filter(|user| user.id != caller.id) {
            let refused = erase(caller, &user.id).await;
            assert_eq!(refused.expect_error(403, "forbidden"), json!(null), "{refused}");
        }
        // Whether or not there is such a user, or may be.
        for id in ["nobody", "service:billing", "a b"] {
            let refused = erase(caller, id).await;
            assert_eq!(refused.expect_error(403, "forbidden"), json!(null), "{refused}");
        }
    }
    assert_eq!(team.owner.organization(&team.organization).await["version"], 3);
}

#[tokio::test]
async fn a_service_must_name_a_user() {
    let Some(_) = stack::local_only("it erases users, whom other tests share") else { return };
    let service = stack::service();
    for id in ["service:billing", "a b", "\u{e9}", &"x".repeat(256)] {
        let refused = erase(&service, id).await;
        let details = refused.expect_error(422, "validation_failed");
        assert_eq!(details, json!({ "field": "user_id", "rule": "user_id" }), "{refused}");
    }
    let erased = erase(&service, &stack::unique("nobody")).await;
    assert_eq!(erased.expect(200), erasure(&[], &[]), "{erased}");
}

#[tokio::test]
async fn it_takes_no_parameter_and_no_precondition() {
    let Some(_) = stack::local_only("it erases users, whom other tests share") else { return };
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let path = format!("/user/{}", percent_encode(&alice.id));
    alice.delete(format!("{path}?force=true")).send().await.expect_invalid_request("force");
    let erased = alice.delete(&path).if_match("\"99\"").header("if-none-match", "*").send().await;
    assert_eq!(erased.expect(200), erasure(&[&organization.id], &[&organization.id]), "{erased}");
}

/// Everything that knew of it: the list of deleted ones, the external id, the invitation, the events.
#[tokio::test]
async fn an_organization_that_ends_is_gone_for_everybody_at_once() {
    let Some(_) = stack::local_only("it erases users, whom other tests share") else { return };
    let (alice, bob, service) = (stack::user("alice"), stack::user("bob"), stack::service());
    let external_id = stack::fresh("crm");
    let body = json!({ "organizationName": "Acme", "owner": alice.id, "externalId": external_id });
    let created = service.post("/organization", body).send().await.expect(201);
    let organization = Organization::from_id(text(&created, "id"));
    let invitation = alice.link(&organization, "member").await;
    bob.previewing(&invitation).send().await.expect(200);

    let erased = erase(&alice, &alice.id).await;
    assert_eq!(erased.expect(200), erasure(&[&organization.id], &[&organization.id]), "{erased}");
    bob.expect_dead(&invitation).await;
    for caller in [&alice, &service] {
        let not_found = "organization_not_found";
        for path in
            [&organization.path, &organization.events(), &organization.members(), &organization.usage()]
        {
            caller.get(path).send().await.expect_error(404, not_found);
        }
        caller
            .post(format!("{}/restore", organization.path), json!({}))
            .send()
            .await
            .expect_error(404, not_found);
        caller.delete(&organization.path).send().await.expect_error(404, not_found);
    }
    let of_alice = format!("/organization/list?userId={}", percent_encode(&alice.id));
    for path in [&of_alice, &format!("{of_alice}&deleted=true")] {
        assert_eq!(service.list(path, "id").await, [""; 0]);
    }
    let of_customer = format!("/organization/list?externalId={external_id}");
    assert_eq!(service.list(&of_customer, "id").await, [""; 0]);
    // Another one can take the external id at once.
    let body = json!({ "organizationName": "Acme", "owner": bob.id, "externalId": external_id });
    let taken = service.post("/organization", body).send().await.expect(201);
    assert_eq!(service.list(&of_customer, "id").await, [text(&taken, "id")]);
}

/// Nothing is kept of the user that would forbid it.
#[tokio::test]
async fn an_erased_user_can_join_again() {
    let Some(_) = stack::local_only("it erases users, whom other tests share") else { return };
    let team = team().await;
    erase(&team.member, &team.member.id).await.expect(200);
    team.organization.add(&team.member.id, "admin").await;
    assert_eq!(team.member.organization(&team.organization).await["role"], "admin");
    let erased = erase(&team.service, &team.member.id).await;
    assert_eq!(erased.expect(200), erasure(&[&team.organization.id], &[]), "{erased}");
    let events = team.service.get(format!("{}?after=99", team.organization.events())).send().await;
    assert_eq!(events.header("etag"), Some("\"6\""), "{events}");
}
