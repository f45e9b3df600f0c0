//! A plan's `maxMembers` bounds the members that join, by addMember and by acceptInvitation.

use crate::{
    client::{Request, Response, User},
    invitations::{delete, restore},
    organizations::{Organization, Team, team},
    stack,
    table::{REASON, Table},
};
use serde_json::{Value, json};

/// A service sets the organization's `maxMembers`.
async fn set_max(organization: &Organization, max: Value) {
    let plan = stack::service().patch(format!("{}/plan", organization.path), json!({ "maxMembers": max }));
    assert_eq!(plan.send().await.expect(200)["maxMembers"], max);
}

/// A request that adds a user.
fn adding(organization: &Organization, user: &str, role: &str) -> Request {
    stack::service().post(organization.members(), json!({ "userId": user, "role": role }))
}

/// Asserts that the request is refused, with this limit.
#[track_caller]
fn expect_too_many(response: &Response, max: u32) {
    assert_eq!(response.expect_error(422, "too_many_members"), json!({ "max": max }), "{response}");
    let message = format!(
        "The organization's plan allows at most {max} members. Ask an owner to remove one, or to change the plan."
    );
    assert_eq!(response.expect(422)["message"], message, "{response}");
}

/// A team of three whose organization is full.
async fn full_team() -> Team {
    let team = team().await;
    set_max(&team.organization, json!(3)).await;
    team
}

#[tokio::test]
async fn a_full_organization_takes_nobody_in_whatever_the_role() {
    let team = full_team().await;
    let mut links = Vec::new();
    for role in ["member", "admin", "owner"] {
        links.push(team.owner.link(&team.organization, role).await);
    }
    let before = team.owner.organization(&team.organization).await;
    assert_eq!((&before["memberCount"], &before["maxMembers"]), (&json!(3), &json!(3)));
    for role in ["member", "admin", "owner"] {
        expect_too_many(&adding(&team.organization, &team.stranger.id, role).send().await, 3);
    }
    for link in &links {
        expect_too_many(&team.stranger.accepting(link).send().await, 3);
    }
    assert_eq!(team.owner.organization(&team.organization).await, before);
    let members = [(&team.owner, "owner"), (&team.admin, "admin"), (&team.member, "member")];
    let members = members.map(|(user, role)| (&*user.id, role));
    team.owner.expect_members(&team.organization, &members).await;
    let stranger = team.stranger.get(&team.organization.path).send().await;
    stranger.expect_error(404, "organization_not_found");
    assert!(!team.stranger.list("/organization/list", "id").await.contains(&team.organization.id));
}

#[tokio::test]
async fn a_refused_invitation_stays_pending_until_there_is_room() {
    let team = full_team().await;
    let link = team.owner.link(&team.organization, "admin").await;
    expect_too_many(&team.stranger.accepting(&link).send().await, 3);
    team.stranger.previewing(&link).send().await.expect(200);
    assert_eq!(team.owner.pending(&team.organization).await, [link["id"].as_str().unwrap()]);
    expect_too_many(&team.stranger.accepting(&link).send().await, 3);

    team.owner.delete(team.organization.member(&team.member.id)).send().await.expect(200);
    assert_eq!(team.stranger.join(&link).await["role"], "admin");
    assert_eq!(team.owner.pending(&team.organization).await, [""; 0]);
    // Who has joined gets the same answer again, although there is no room for another.
    team.stranger.accepting(&link).send().await.expect(200);
    expect_too_many(&adding(&team.organization, &team.member.id, "member").send().await, 3);
}

#[tokio::test]
async fn places_are_taken_up_to_the_limit_and_freed_by_leaving() {
    let team = team().await;
    let organization = &team.organization;
    set_max(organization, json!(5)).await;
    organization.add(&team.stranger.id, "member").await;
    let [erin, frank] = ["erin", "frank"].map(stack::unique);
    organization.add(&erin, "owner").await;
    expect_too_many(&adding(organization, &frank, "member").send().await, 5);
    team.stranger.delete(organization.member(&team.stranger.id)).send().await.expect(200);
    organization.add(&frank, "member").await;
    let link = team.owner.link(organization, "member").await;
    expect_too_many(&team.stranger.accepting(&link).send().await, 5);
    assert_eq!(team.owner.organization(organization).await["memberCount"], 5);
}

#[tokio::test]
async fn an_organization_of_one_has_its_owner_alone() {
    let [alice, dave] = ["alice", "dave"].map(stack::user);
    let organization = alice.create_organization("Acme").await;
    set_max(&organization, json!(1)).await;
    expect_too_many(&adding(&organization, &dave.id, "owner").send().await, 1);
    let link = alice.link(&organization, "member").await;
    expect_too_many(&dave.accepting(&link).send().await, 1);
    alice.expect_members(&organization, &[(&alice.id, "owner")]).await;
}

#[tokio::test]
async fn a_changed_limit_holds_at_once() {
    let team = full_team().await;
    let link = team.owner.link(&team.organization, "member").await;
    for (max, fits) in [(json!(3), false), (json!(4), true), (json!(null), true), (json!(2), false)] {
        set_max(&team.organization, max.clone()).await;
        let accepted = team.stranger.accepting(&link).send().await;
        let added = adding(&team.organization, &stack::unique("erin"), "member").send().await;
        match (fits, max.as_u64()) {
            (true, Some(max)) => {
                accepted.expect(201);
                expect_too_many(&added, max.try_into().unwrap());
            }
            // It was accepted before.
            (true, None) => {
                accepted.expect(200);
                added.expect(201);
            }
            (false, max) => {
                let max = max.unwrap().try_into().unwrap();
                expect_too_many(&added, max);
                match max {
                    3 => expect_too_many(&accepted, 3),
                    _ => drop(accepted.expect(200)),
                }
            }
        }
    }
}

/// Whoever is a member stays one. Only joining needs room.
#[tokio::test]
async fn lowering_the_limit_changes_nothing_for_the_members() {
    let team = team().await;
    let (organization, owner) = (&team.organization, &team.owner);
    organization.add(&team.stranger.id, "member").await;
    let before = owner.organization(organization).await;
    set_max(organization, json!(1)).await;
    let mut after = owner.organization(organization).await;
    assert_eq!((&after["maxMembers"], &after["version"]), (&json!(1), &json!(5)));
    for field in ["maxMembers", "version", "updatedAt"] {
        after[field] = before[field].clone();
    }
    assert_eq!(after, before);
    for user in [&team.owner, &team.admin, &team.member, &team.stranger] {
        assert!(user.list("/organization/list", "id").await.contains(&organization.id), "{}", user.id);
    }
    // What needs no room is done.
    let give = |user: &User, role: &str| owner.patch(organization.member(&user.id), json!({ "role": role }));
    for role in ["admin", "owner", "member"] {
        assert_eq!(give(&team.member, role).send().await.expect(200)["role"], role);
    }
    team.admin.put(&organization.path, json!({ "name": "Emca" })).send().await.expect(200);
    delete(owner, organization).await;
    restore(owner, organization).await;
    assert_eq!(owner.organization(organization).await["memberCount"], 4);
    // Places are free only below the limit.
    for user in [&team.admin, &team.member, &team.stranger] {
        expect_too_many(&adding(organization, &stack::unique("erin"), "member").send().await, 1);
        owner.delete(organization.member(&user.id)).send().await.expect(200);
    }
    expect_too_many(&adding(organization, &stack::unique("erin"), "member").send().await, 1);
    set_max(organization, json!(2)).await;
    organization.add(&stack::unique("erin"), "member").await;
}

#[tokio::test]
async fn invitations_need_no_room_until_they_are_accepted() {
    let team = full_team().await;
    let by_address = json!({ "email": "erin@example.com" });
    let first = team.owner.invite(&team.organization, by_address.clone()).await;
    let renewed = team.admin.inviting(&team.organization, by_address).send().await.expect(200);
    assert_eq!(renewed["id"], first["id"]);
    for _ in 0..3 {
        team.owner.link(&team.organization, "member").await;
    }
    assert_eq!(team.owner.pending(&team.organization).await.len(), 4);
}

#[tokio::test]
async fn what_is_checked_before_the_limit_is_reported_instead() {
    let team = full_team().await;
    let organization = &team.organization;
    let add = |user: &str, role| adding(organization, user, role);
    add(&team.member.id, "admin").send().await.expect_error(409, "member_already_exists");
    add(&team.stranger.id, "king").send().await.expect_validation_failed("role");
    let stale = add(&team.stranger.id, "member").if_match("\"1\"").send().await;
    stale.expect_error(412, "precondition_failed");
    let current = add(&team.stranger.id, "member").if_match("\"4\"").send().await;
    expect_too_many(&current, 3);

    let (link, revoked) =
        (team.owner.link(organization, "member").await, team.owner.link(organization, "member").await);
    team.member.accepting(&link).send().await.expect_error(409, "member_already_exists");
    team.owner.revoking(organization, &revoked).send().await.expect(200);
    team.stranger.expect_dead(&revoked).await;
    if let Some(local) = stack::local_only(REASON) {
        let expired = team.owner.link(organization, "member").await;
        Table::of(local).expire(&expired).await;
        team.stranger.accepting(&expired).send().await.expect_error(422, "invitation_expired");
    }
    delete(&team.owner, organization).await;
    add(&team.stranger.id, "member").send().await.expect_error(409, "organization_deleted");
    team.stranger.expect_dead(&link).await;
}
