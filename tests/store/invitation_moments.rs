//! Every answer about an invitation was true at one point in time, whatever others did during the request.

use crate::invitations::invitation;
use crate::meanwhile::{add, after, delete, end, invite_dan, join, remove, restore, revoke, set_role, then};
use crate::table::{ANY, Table, caller, number, refusal, user};
use shared::model::{IssuedInvitation, OrganizationId, Preconditions, Role};
use shared::store::Store;

const READ: &str = "BatchGetItem";
const WRITE: &str = "TransactWriteItems";

#[tokio::test]
async fn an_invitation_is_refused_for_what_changes_after_the_count() {
    let table = Table::new().await;
    let (ann, bob, id) = (caller("ann"), caller("bob"), table.team().await);
    let invite = async |caller, expected: &_| {
        let new = invitation(Some("dan@example.com"), Role::Member);
        table.create_invitation(caller, &id, new, expected).await
    };

    let demote = async |store, id| set_role(store, id, "bob", Role::Member).await;
    table.inject_into("Query", [then(&table, &id, demote)]);
    assert_eq!(refusal(invite(&bob, &ANY).await), r#"forbidden {"requiredRole":"admin"}"#);
    set_role(table.store.clone(), id.clone(), "bob", Role::Admin).await;
    let leave = async |store, id| remove(store, id, "bob").await;
    table.inject_into("Query", [then(&table, &id, leave)]);
    assert_eq!(refusal(invite(&bob, &ANY).await), "organization_not_found");
    let rename = async |store, id| add(store, id, "bob", Role::Admin).await;
    table.inject_into("Query", [then(&table, &id, rename)]);
    let at = Preconditions::if_match(vec![6]);
    assert_eq!(refusal(invite(&ann, &at).await), r#"precondition_failed {"currentVersion":7}"#);
    table.inject_into("Query", [then(&table, &id, delete)]);
    assert_eq!(refusal(invite(&ann, &ANY).await), "organization_deleted");
    table.restore_organization(&ann, &id, &ANY).await.unwrap();
    assert!(table.pending(&ann, &id).await.is_empty());
}

#[tokio::test]
async fn an_invitation_meets_what_becomes_of_the_one_that_it_replaces() {
    let table = Table::new().await;
    let (bob, id) = (caller("bob"), table.team().await);
    let invite = async || {
        let new = invitation(Some("dan@example.com"), Role::Member);
        table.create_invitation(&bob, &id, new, &ANY).await
    };

    // Somebody else makes it: then this is a renewal.
    table.inject_into("Query", [then(&table, &id, invite_dan)]);
    assert!(invite().await.unwrap().is_renewal);
    table.inject_into("Query", [then(&table, &id, invite_dan)]);
    let pending = invite().await.unwrap();
    assert!(pending.is_renewal && pending.invitation.invited_by == bob);
    // Somebody revokes it: then this is a new one.
    table.inject_into("Query", [after(revoke(table.store.clone(), pending.clone()))]);
    let again = invite().await.unwrap();
    assert!(!again.is_renewal);
    // Its user accepts it: then the address is that of a member.
    table.inject_into("Query", [after(join(table.store.clone(), "dan", again.clone()))]);
    assert_eq!(refusal(invite().await), "member_already_exists");
    // The member leaves after the invitation was found accepted, and in the other case comes back.
    let leave = async |store: Store, id: OrganizationId| {
        store.remove_member(&caller("dan"), &id, &user("dan"), &ANY).await.unwrap();
    };
    let come_back = async |store, id| add(store, id, "dan", Role::Member).await;
    table.remove_member(&bob, &id, &user("dan"), &ANY).await.unwrap();
    table.inject_into("Query", [then(&table, &id, come_back)]);
    assert_eq!(refusal(invite().await), "member_already_exists");
    table.inject_into("Query", [then(&table, &id, leave)]);
    assert!(!invite().await.unwrap().is_renewal);
    table.expect_no_fault().await;
}

#[tokio::test]
async fn a_stranger_who_becomes_an_admin_meanwhile_may_invite() {
    let table = Table::new().await;
    let (eve, id) = (caller("eve"), table.team().await);
    let joins = async |store, id| add(store, id, "eve", Role::Admin).await;
    table.inject_into("GetItem", [then(&table, &id, joins)]);
    let issued = table.invite(&eve, &id, Role::Admin).await;
    assert_eq!(issued.invitation.invited_by, eve);
}

#[tokio::test]
async fn a_revocation_shows_the_invitation_that_it_ends() {
    let table = Table::new().await;
    let (bob, id) = (caller("bob"), table.team().await);
    let invited = table.invite_address(&bob, &id, "dan@example.com").await;
    let invitation = &invited.invitation.id;

    table.inject_into(READ, [then(&table, &id, invite_dan)]);
    let revoked = table.revoke_invitation(&bob, &id, invitation, &ANY).await.unwrap();
    assert_eq!((revoked.role, revoked.invited_by), (Role::Admin, caller("ann")));
    // One that is made after the read was made in time.
    table.inject_into(READ, [then(&table, &id, invite_dan)]);
    table.revoke_invitation(&bob, &id, invitation, &ANY).await.unwrap();
    assert!(table.pending(&bob, &id).await.is_empty());
    assert_eq!(number(&table.organization_item(&id).await, "version"), 8);
}

#[tokio::test]
async fn a_revocation_is_refused_for_what_changes_after_it_was_read() {
    let table = Table::new().await;
    let (bob, id) = (caller("bob"), table.team().await);
    let issued = async || table.invite(&caller("ann"), &id, Role::Member).await;
    let revoked = async |issued: &IssuedInvitation| {
        refusal(table.revoke_invitation(&bob, &id, &issued.invitation.id, &ANY).await)
    };

    let first = issued().await;
    table.inject_into(READ, [after(revoke(table.store.clone(), first.clone()))]);
    assert_eq!(revoked(&first).await, "invitation_not_found");
    let second = issued().await;
    table.inject_into(READ, [after(join(table.store.clone(), "dan", second.clone()))]);
    assert_eq!(revoked(&second).await, "invitation_not_found");
    let third = issued().await;
    table.inject_into(READ, [after(end(table.client.clone(), third.clone()))]);
    assert_eq!(revoked(&third).await, "invitation_not_found");
    let fourth = issued().await;
    let demote = async |store, id| set_role(store, id, "bob", Role::Member).await;
    table.inject_into(READ, [then(&table, &id, demote)]);
    assert_eq!(revoked(&fourth).await, r#"forbidden {"requiredRole":"admin"}"#);
    assert_eq!(table.pending(&caller("ann"), &id).await, [fourth.invitation.id]);
}

/// The refusal of a member's write must fit one moment: before the restoration, or after it.
#[tokio::test]
async fn a_member_whose_organization_is_restored_meanwhile_is_refused_as_a_member() {
    let table = Table::new().await;
    let id = table.team().await;
    table.delete_organization(&caller("ann"), &id, &ANY).await.unwrap();
    table.inject_into(WRITE, [then(&table, &id, restore)]);
    let refused = table.remove_member(&caller("cyd"), &id, &user("bob"), &ANY).await;
    assert_eq!(refusal(refused), r#"forbidden {"requiredRole":"admin"}"#);
}
