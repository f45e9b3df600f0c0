//! An organization has at most 100 pending invitations, and at most 100 owners and admins.

use crate::{
    client::User,
    invitations::{settled, text},
    organizations::Organization,
    stack,
    table::{REASON, Table},
};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

/// Makes this many links, four at a time.
async fn links(user: &User, organization: &Organization, count: usize) -> Vec<Value> {
    let one = async |_| settled(|| user.inviting(organization, json!({}))).await.expect(201);
    stream::iter(0..count).map(one).buffer_unordered(4).collect().await
}

fn address(email: &str) -> Value {
    json!({ "email": email })
}

#[tokio::test]
async fn the_101st_pending_invitation_is_refused() {
    let [owner, joiner] = ["alice", "dave"].map(stack::user);
    let organization = owner.create_organization("Popular").await;
    let joined = owner.invite(&organization, address("joined@example.com")).await;
    joiner.join(&joined).await;
    let known = owner.invite(&organization, address("known@example.com")).await;
    let links = links(&owner, &organization, 99).await;
    assert_eq!(owner.pending(&organization).await.len(), 100);
    let before = owner.organization(&organization).await;

    let invite = |body: Value| owner.inviting(&organization, body);
    for body in [json!({}), address("new@example.com")] {
        let response = invite(body).send().await;
        assert_eq!(response.expect_error(422, "too_many_invitations"), json!(null), "{response}");
        let message = "An organization can have at most 100 pending invitations. Revoke one first.";
        assert_eq!(response.expect(422)["message"], message);
    }
    let by_service = stack::service().inviting(&organization, json!({})).send().await;
    by_service.expect_error(422, "too_many_invitations");
    // What is checked before the limit is reported instead of it.
    invite(json!({})).if_match("\"1\"").send().await.expect_error(412, "precondition_failed");
    invite(address("joined@example.com")).send().await.expect_error(409, "member_already_exists");
    joiner.inviting(&organization, json!({})).send().await.expect_forbidden("admin");
    assert_eq!(owner.organization(&organization).await, before);

    // A renewal needs no room.
    let renewed = invite(address("known@example.com")).send().await.expect(200);
    assert_eq!(renewed["id"], known["id"]);
    invite(json!({})).send().await.expect_error(422, "too_many_invitations");
    // A revoked or accepted invitation makes room for one.
    owner.revoking(&organization, &links[0]).send().await.expect(200);
    owner.invite(&organization, address("new@example.com")).await;
    invite(json!({})).send().await.expect_error(422, "too_many_invitations");
    owner.delete(organization.member(&joiner.id)).send().await.expect(200);
    joiner.join(&links[1]).await;
    owner.invite(&organization, json!({})).await;
    invite(json!({})).send().await.expect_error(422, "too_many_invitations");
    assert_eq!(owner.pending(&organization).await.len(), 100);
}

#[tokio::test]
async fn expired_invitations_do_not_count() {
    let Some(local) = stack::local_only(REASON) else { return };
    let (owner, table) = (stack::user("alice"), Table::of(local));
    let organization = owner.create_organization("Popular").await;
    let known = owner.invite(&organization, address("known@example.com")).await;
    let links = links(&owner, &organization, 99).await;
    let full = async || {
        let response = owner.inviting(&organization, json!({})).send().await;
        response.expect_error(422, "too_many_invitations");
    };
    full().await;
    table.expire(&links[0]).await;
    owner.invite(&organization, json!({})).await;
    full().await;
    // To make an expired one anew needs room like any other.
    table.expire(&known).await;
    owner.invite(&organization, json!({})).await;
    let anew = owner.inviting(&organization, address("known@example.com")).send().await;
    anew.expect_error(422, "too_many_invitations");
    table.expire(&links[1]).await;
    let anew = owner.invite(&organization, address("known@example.com")).await;
    assert_eq!(anew["id"], known["id"]);
    full().await;
    let pending = owner.pending(&organization).await;
    assert_eq!(pending.len(), 100);
    assert!(!pending.iter().any(|id| *id == text(&links[0], "id") || *id == text(&links[1], "id")));
}

#[tokio::test]
async fn the_101st_owner_or_admin_cannot_accept() {
    let [owner, joiner] = ["alice", "dave"].map(stack::user);
    let organization = owner.create_organization("Chiefs").await;
    let admins: Vec<_> = (1..100).map(|_| stack::unique("admin")).collect();
    let service = stack::service();
    stream::iter(&admins)
        .for_each_concurrent(4, async |id| {
            let body = json!({ "userId": id, "role": "admin" });
            settled(|| service.post(organization.members(), body.clone())).await.expect(201);
        })
        .await;
    let mut links = Vec::new();
    for role in ["owner", "admin", "member"] {
        links.push(owner.link(&organization, role).await);
    }
    let before = owner.organization(&organization).await;
    for link in &links[..2] {
        joiner.accepting(link).send().await.expect_error(422, "too_many_admins");
        // The invitation stays, and can be seen.
        joiner.previewing(link).send().await.expect(200);
    }
    if let Some(local) = stack::local_only(REASON) {
        let expired = service.link(&organization, "admin").await;
        Table::of(local).expire(&expired).await;
        joiner.accepting(&expired).send().await.expect_error(422, "invitation_expired");
    }
    assert_eq!(owner.organization(&organization).await["memberCount"], before["memberCount"]);
    // There is room for plain members.
    assert_eq!(joiner.join(&links[2]).await["role"], "member");
    owner.delete(organization.member(&joiner.id)).send().await.expect(200);
    owner.patch(organization.member(&admins[0]), json!({ "role": "member" })).send().await.expect(200);
    assert_eq!(joiner.join(&links[0]).await["role"], "owner");
}
