//! An abuse that an API invites if members can add anybody: Mallory makes a victim the last owner of an organization
//! without a limit on overages, and leaves. The victim can neither leave nor delete it. Each step is refused here, or
//! has a way out.

use crate::{
    client::User,
    organizations::{Organization, team},
    stack,
};
use serde_json::json;

/// Mallory's organization without a limit on overages.
async fn trap(mallory: &User) -> Organization {
    let organization = mallory.create_organization("Trap").await;
    let unlimited = mallory.patch(organization.max_overages(), json!({ "maxOverages": null }));
    unlimited.send().await.expect(200);
    organization
}

/// Asserts that the organization does not concern the victim.
async fn expect_unconcerned(victim: &User, organization: &Organization) {
    victim.get(&organization.path).send().await.expect_error(404, "organization_not_found");
    assert!(!victim.list("/organization/list", "id").await.contains(&organization.id));
}

#[tokio::test]
async fn mallory_can_neither_add_a_victim_nor_leave_one_behind() {
    let [mallory, victim] = ["alice", "bob"].map(stack::user);
    let organization = trap(&mallory).await;
    for role in ["owner", "admin", "member"] {
        let body = json!({ "userId": victim.id, "role": role });
        mallory.post(organization.members(), body).send().await.expect_insufficient_scope();
    }
    // Nor is there another way past the victim's consent.
    let promote = mallory.patch(organization.member(&victim.id), json!({ "role": "owner" }));
    promote.send().await.expect_error(404, "member_not_found");
    let create = json!({ "organizationName": "Trap", "owner": victim.id });
    let refused = mallory.post("/organization", create).send().await;
    assert_eq!(refused.expect_error(403, "forbidden")["field"], "owner");

    let link = mallory.link(&organization, "owner").await;
    expect_unconcerned(&victim, &organization).await;
    mallory.expect_members(&organization, &[(&mallory.id, "owner")]).await;
    let leave = mallory.delete(organization.member(&mallory.id));
    leave.send().await.expect_error(422, "last_owner");

    // The victim looks at the invitation, and does not accept it.
    let preview = victim.previewing(&link).send().await.expect(200);
    assert_eq!((&preview["role"], &preview["invitedBy"]), (&json!("owner"), &json!(mallory.id)));
    expect_unconcerned(&victim, &organization).await;
    let leave = mallory.delete(organization.member(&mallory.id));
    leave.send().await.expect_error(422, "last_owner");
    assert_eq!(mallory.organization(&organization).await["memberCount"], 1);
}

#[tokio::test]
async fn a_victim_who_accepted_a_role_below_owner_can_leave_and_is_never_the_last_owner() {
    for role in ["member", "admin"] {
        let [mallory, victim] = ["alice", "bob"].map(stack::user);
        let organization = trap(&mallory).await;
        let link = mallory.link(&organization, role).await;
        assert_eq!(victim.join(&link).await["role"], role);
        let leave = mallory.delete(organization.member(&mallory.id));
        leave.send().await.expect_error(422, "last_owner");

        victim.delete(organization.member(&victim.id)).send().await.expect(200);
        expect_unconcerned(&victim, &organization).await;
        // The accepted link does not bring the victim back.
        victim.accepting(&link).send().await.expect_error(404, "invitation_not_found");
        mallory.expect_members(&organization, &[(&mallory.id, "owner")]).await;
    }
}

#[tokio::test]
async fn a_victim_who_accepted_to_be_an_owner_can_delete_what_mallory_leaves_behind() {
    let [mallory, victim] = ["alice", "bob"].map(stack::user);
    let organization = trap(&mallory).await;
    victim.join(&mallory.link(&organization, "owner").await).await;
    // While Mallory is there, the victim may simply leave.
    mallory.delete(organization.member(&mallory.id)).send().await.expect(200);
    let left_behind = victim.organization(&organization).await;
    assert_eq!((&left_behind["role"], &left_behind["maxOverages"]), (&json!("owner"), &json!(null)));

    let leave = victim.delete(organization.member(&victim.id));
    leave.send().await.expect_error(422, "last_owner");
    let limit = victim.patch(organization.max_overages(), json!({ "maxOverages": 0 }));
    limit.send().await.expect(200);
    assert!(victim.delete(&organization.path).send().await.expect(200).get("deletedAt").is_some());
    assert!(!victim.list("/organization/list", "id").await.contains(&organization.id));
    mallory.get(&organization.path).send().await.expect_error(404, "organization_not_found");
    let restore = mallory.post(format!("{}/restore", organization.path), json!({}));
    restore.send().await.expect_error(404, "organization_not_found");
}

#[tokio::test]
async fn an_owner_who_was_invited_can_leave_while_another_remains() {
    let team = team().await;
    team.stranger.join(&team.owner.link(&team.organization, "owner").await).await;
    team.stranger.delete(team.organization.member(&team.stranger.id)).send().await.expect(200);
    expect_unconcerned(&team.stranger, &team.organization).await;
}
