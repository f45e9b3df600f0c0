//! An invitation is good only while whoever made or renewed it still may: an owner for an owner, an owner or an
//! admin for the others, a service always. Once it is accepted, what becomes of the inviter does not matter.

use crate::{
    client::User,
    invitations::text,
    organizations::{Team, team},
    stack,
};
use serde_json::{Value, json};

async fn set_role(team: &Team, by: &User, user: &User, role: &str) {
    let path = team.organization.member(&user.id);
    by.patch(path, json!({ "role": role })).send().await.expect(200);
}

async fn remove(team: &Team, by: &User, user: &User) {
    by.delete(team.organization.member(&user.id)).send().await.expect(200);
}

/// A team in which the admin is a second owner.
async fn two_owners() -> Team {
    let team = team().await;
    set_role(&team, &team.owner, &team.admin, "owner").await;
    team
}

/// The user can preview the invitation. Accepting would be its end.
async fn expect_good(user: &User, invitation: &Value) {
    user.previewing(invitation).send().await.expect(200);
}

#[tokio::test]
async fn the_invitation_of_an_admin_who_was_demoted_is_not_found_until_the_admin_is_one_again() {
    let team = team().await;
    for role in ["member", "admin"] {
        let link = team.admin.link(&team.organization, role).await;
        set_role(&team, &team.owner, &team.admin, "member").await;
        team.stranger.expect_dead(&link).await;
        team.owner.expect_dead(&link).await;
        set_role(&team, &team.owner, &team.admin, "admin").await;
        expect_good(&team.stranger, &link).await;
        team.stranger.join(&link).await;
        remove(&team, &team.owner, &team.stranger).await;
    }
}

#[tokio::test]
async fn the_invitation_of_an_admin_who_was_removed_is_not_found() {
    let team = team().await;
    let link = team.admin.link(&team.organization, "member").await;
    remove(&team, &team.owner, &team.admin).await;
    for user in [&team.stranger, &team.admin, &team.owner] {
        user.expect_dead(&link).await;
    }
    // As a plain member, the former admin may not invite either.
    team.organization.add(&team.admin.id, "member").await;
    team.stranger.expect_dead(&link).await;
    assert_eq!(team.owner.organization(&team.organization).await["memberCount"], 3);
}

#[tokio::test]
async fn an_owner_who_has_become_an_admin_still_invites_admins_and_members_but_no_owners() {
    let team = two_owners().await;
    let mut links = Vec::new();
    for role in ["owner", "admin", "member"] {
        links.push(team.admin.link(&team.organization, role).await);
    }
    set_role(&team, &team.owner, &team.admin, "admin").await;
    team.stranger.expect_dead(&links[0]).await;
    for link in &links[1..] {
        expect_good(&team.stranger, link).await;
    }
    set_role(&team, &team.owner, &team.admin, "owner").await;
    assert_eq!(team.stranger.join(&links[0]).await["role"], "owner");
}

#[tokio::test]
async fn an_owner_who_has_left_invites_nobody() {
    let team = two_owners().await;
    let link = team.admin.link(&team.organization, "owner").await;
    remove(&team, &team.admin, &team.admin).await;
    team.stranger.expect_dead(&link).await;
}

#[tokio::test]
async fn the_invitation_of_a_service_is_good_whoever_owns_the_organization() {
    let (team, service) = (two_owners().await, stack::service());
    let link = service.link(&team.organization, "owner").await;
    remove(&team, &team.owner, &team.owner).await;
    expect_good(&team.stranger, &link).await;
    assert_eq!(team.stranger.join(&link).await["role"], "owner");
}

#[tokio::test]
async fn a_renewal_puts_another_inviter_in_place_of_the_first() {
    let team = team().await;
    let body = json!({ "email": "dave@example.com" });
    team.admin.invite(&team.organization, body.clone()).await;
    remove(&team, &team.owner, &team.admin).await;
    let renewed = team.owner.inviting(&team.organization, body.clone()).send().await.expect(200);
    assert_eq!(team.stranger.join(&renewed).await["addedBy"], team.owner.id);

    // The other way round, the renewed invitation depends on the admin.
    remove(&team, &team.owner, &team.stranger).await;
    team.organization.add(&team.admin.id, "admin").await;
    team.owner.invite(&team.organization, body.clone()).await;
    let renewed = team.admin.inviting(&team.organization, body).send().await.expect(200);
    set_role(&team, &team.owner, &team.admin, "member").await;
    team.stranger.expect_dead(&renewed).await;
}

#[tokio::test]
async fn after_the_acceptance_the_inviter_does_not_matter() {
    let team = two_owners().await;
    let link = team.admin.link(&team.organization, "owner").await;
    let member = team.stranger.join(&link).await;
    for role in ["admin", "member"] {
        set_role(&team, &team.owner, &team.admin, role).await;
        assert_eq!(team.stranger.accepting(&link).send().await.expect(200), member);
    }
    remove(&team, &team.owner, &team.admin).await;
    assert_eq!(team.stranger.accepting(&link).send().await.expect(200), member);
    assert_eq!(team.stranger.organization(&team.organization).await["role"], "owner");
}

#[tokio::test]
async fn nobody_becomes_a_member_without_an_invitation_or_a_service() {
    let team = team().await;
    // What an invitation to somebody else tells its inviter does not make the invited a member.
    let link = team.owner.link(&team.organization, "owner").await;
    // A gateway refuses a user's token itself.
    if stack::is_local() {
        for user in [&team.owner, &team.stranger] {
            let body = json!({ "userId": team.stranger.id, "role": "owner" });
            let response = user.post(team.organization.members(), body).send().await;
            response.expect_error(403, "insufficient_scope");
        }
    }
    assert_eq!(team.owner.pending(&team.organization).await, [text(&link, "id")]);
    let response = team.stranger.get(&team.organization.path).send().await;
    response.expect_error(404, "organization_not_found");
    assert!(!team.stranger.list("/organization/list", "id").await.contains(&team.organization.id));
}
