//! Every answer about an invitation was true at one point in time, whatever others did during the request.

use crate::invitations::{accept, expire, invitation};
use crate::one_moment::then;
use crate::table::{ANY, Table, caller, number, put, refusal, user};
use aws_sdk_dynamodb::Client;
use shared::error::Error;
use shared::model::{IssuedInvitation, OrganizationId, Preconditions, Role};
use shared::store::Store;
use support::faults::Fault;

const READ: &str = "BatchGetItem";
const WRITE: &str = "TransactWriteItems";

async fn set_role(store: Store, id: OrganizationId, name: &str, role: Role) {
    store.update_member(&caller("ann"), &id, &user(name), role, &ANY).await.unwrap();
}

async fn add(store: Store, id: OrganizationId, name: &str, role: Role) {
    store.add_member(&user("backend"), &id, user(name), role, &ANY).await.unwrap();
}

async fn revoke(store: Store, issued: IssuedInvitation) {
    let (id, invitation) = (&issued.invitation.organization_id, &issued.invitation.id);
    store.revoke_invitation(&caller("ann"), id, invitation, &ANY).await.unwrap();
}

async fn invite_dan(store: Store, id: OrganizationId) {
    let new = invitation(Some("dan@example.com"), Role::Admin);
    store.create_invitation(&caller("ann"), &id, new, &ANY).await.unwrap();
}

async fn joins(store: Store, name: &'static str, issued: IssuedInvitation) {
    assert!(!accept(&store, name, &issued).await.unwrap().is_replayed);
}

async fn expires(client: Client, issued: IssuedInvitation) {
    expire(&client, &issued).await;
}

/// A fault that executes the request, then runs `others`, and then answers.
fn after(others: impl Future<Output = ()> + Send + 'static) -> Fault {
    Fault::AnswerAfter(Box::pin(others))
}

fn code<T>(result: Result<T, Error>) -> &'static str {
    result.err().expect("refused").code()
}

/// What happens between an acceptance's read and its transaction.
#[tokio::test]
async fn an_acceptance_is_refused_for_what_changes_after_it_was_read() {
    let table = Table::new().await;
    let (bob, id) = (caller("bob"), table.team().await);
    let issued = async || {
        let new = invitation(Some("dan@example.com"), Role::Admin);
        table.create_invitation(&bob, &id, new, &ANY).await.unwrap()
    };

    let first = issued().await;
    table.inject_into(READ, [after(joins(table.store.clone(), "eve", first.clone()))]);
    assert_eq!(refusal(table.accept("dan", &first).await), "invitation_not_found");
    table.remove_member(&bob, &id, &user("eve"), &ANY).await.unwrap();

    let second = issued().await;
    table.inject_into(READ, [after(revoke(table.store.clone(), second.clone()))]);
    assert_eq!(refusal(table.accept("dan", &second).await), "invitation_not_found");

    let third = issued().await;
    table.inject_into(READ, [then(&table, &id, invite_dan)]);
    assert_eq!(refusal(table.accept("dan", &third).await), "invitation_not_found");

    let fourth = issued().await;
    let demote = async |store, id| set_role(store, id, "bob", Role::Member).await;
    table.inject_into(READ, [then(&table, &id, demote), Fault::None]);
    assert_eq!(refusal(table.accept("dan", &fourth).await), "invitation_not_found");
    table.proxy.end();
    set_role(table.store.clone(), id.clone(), "bob", Role::Admin).await;

    let delete = async |store: Store, id: OrganizationId| {
        store.delete_organization(&caller("ann"), &id, &ANY).await.unwrap();
    };
    table.inject_into(READ, [then(&table, &id, delete)]);
    assert_eq!(refusal(table.accept("dan", &fourth).await), "invitation_not_found");
    table.restore_organization(&caller("ann"), &id, &ANY).await.unwrap();

    let join = async |store, id| add(store, id, "dan", Role::Member).await;
    table.inject_into(READ, [then(&table, &id, join)]);
    assert_eq!(refusal(table.accept("dan", &fourth).await), "member_already_exists");
    table.remove_member(&bob, &id, &user("dan"), &ANY).await.unwrap();

    table.inject_into(READ, [after(expires(table.client.clone(), fourth.clone()))]);
    assert_eq!(refusal(table.accept("dan", &fourth).await), "invitation_expired");
    assert!(table.member_item("dan", &id).await.is_none());
    table.expect_no_fault().await;
}

#[tokio::test]
async fn the_last_seat_that_another_takes_meanwhile_is_not_given_twice() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    for number in 3..=99 {
        table.with(&id, &format!("u{number}"), Role::Admin).await;
    }
    let issued = table.invite(&ann, &id, Role::Admin).await;
    let join = async |store, id| add(store, id, "last", Role::Admin).await;
    table.inject_into(READ, [then(&table, &id, join)]);
    assert_eq!(refusal(table.accept("dan", &issued).await), "too_many_admins");
    assert!(table.member_item("dan", &id).await.is_none());
}

#[tokio::test]
async fn the_same_user_who_accepts_meanwhile_gets_the_same_member_again() {
    let table = Table::new().await;
    let id = table.team().await;
    let issued = table.invite(&caller("ann"), &id, Role::Admin).await;
    table.inject_into(READ, [after(joins(table.store.clone(), "dan", issued.clone()))]);
    let again = table.accept("dan", &issued).await.unwrap();
    assert!(again.is_replayed);
    assert_eq!(again.member, table.get_member(&caller("ann"), &id, &user("dan")).await.unwrap());
    assert_eq!(number(&table.organization_item(&id).await, "version"), 5);
}

/// A batch may read its items at different moments: here, the organization before the acceptance.
#[tokio::test]
async fn a_repeated_acceptance_shows_the_role_of_the_moment_at_which_the_member_is_one() {
    let table = Table::new().await;
    let id = table.team().await;
    let issued = table.invite(&caller("ann"), &id, Role::Owner).await;
    let before = table.organization_item(&id).await;
    table.accept("dan", &issued).await.unwrap();
    let made = table.organization_item(&id).await;

    table.put(before).await;
    let client = table.client.clone();
    table.inject_into(READ, [after(async move { put(&client, made).await })]);
    let again = table.accept("dan", &issued).await.unwrap();
    assert_eq!((again.member.role, again.is_replayed), (Role::Owner, true));
}

#[tokio::test]
async fn an_acceptance_succeeds_if_its_obstacle_is_gone_meanwhile() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    let issued = table.invite(&caller("bob"), &id, Role::Admin).await;
    set_role(table.store.clone(), id.clone(), "bob", Role::Member).await;

    // The read shows that bob may not invite. Then he may.
    let promote = async |store, id| set_role(store, id, "bob", Role::Admin).await;
    table.inject_into(READ, [then(&table, &id, promote), Fault::None]);
    assert!(!table.accept("dan", &issued).await.unwrap().is_replayed);
    table.proxy.end();

    // The transaction is refused because of a deletion, which is undone before the reason is looked up.
    let issued = table.invite(&ann, &id, Role::Member).await;
    let delete = async |store: Store, id: OrganizationId| {
        store.delete_organization(&caller("ann"), &id, &ANY).await.unwrap();
    };
    let restore = async |store: Store, id: OrganizationId| {
        store.restore_organization(&caller("ann"), &id, &ANY).await.unwrap();
    };
    table.inject_into(READ, [then(&table, &id, delete)]);
    table.inject_into(WRITE, [then(&table, &id, restore)]);
    assert!(!table.accept("eve", &issued).await.unwrap().is_replayed);
    table.expect_no_fault().await;
}

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
    assert_eq!(refusal_of(invite(&bob, &ANY).await), r#"forbidden {"requiredRole":"admin"}"#);
    set_role(table.store.clone(), id.clone(), "bob", Role::Admin).await;
    let remove = async |store: Store, id: OrganizationId| {
        store.remove_member(&caller("ann"), &id, &user("bob"), &ANY).await.unwrap();
    };
    table.inject_into("Query", [then(&table, &id, remove)]);
    assert_eq!(code(invite(&bob, &ANY).await), "organization_not_found");
    let rename = async |store, id| add(store, id, "bob", Role::Admin).await;
    table.inject_into("Query", [then(&table, &id, rename)]);
    let at = Preconditions::if_match(vec![6]);
    assert_eq!(refusal_of(invite(&ann, &at).await), r#"precondition_failed {"currentVersion":7}"#);
    let delete = async |store: Store, id: OrganizationId| {
        store.delete_organization(&caller("ann"), &id, &ANY).await.unwrap();
    };
    table.inject_into("Query", [then(&table, &id, delete)]);
    assert_eq!(code(invite(&ann, &ANY).await), "organization_deleted");
    table.restore_organization(&ann, &id, &ANY).await.unwrap();
    assert!(table.pending(&ann, &id).await.is_empty());
}

fn refusal_of<T>(result: Result<T, Error>) -> String {
    refusal(result.map(|_| ()))
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
    table.inject_into("Query", [after(joins(table.store.clone(), "dan", again.clone()))]);
    assert_eq!(code(invite().await), "member_already_exists");
    // The member leaves after the invitation was found accepted, and in the other case comes back.
    let leave = async |store: Store, id: OrganizationId| {
        store.remove_member(&caller("dan"), &id, &user("dan"), &ANY).await.unwrap();
    };
    let come_back = async |store, id| add(store, id, "dan", Role::Member).await;
    table.remove_member(&bob, &id, &user("dan"), &ANY).await.unwrap();
    table.inject_into("Query", [then(&table, &id, come_back)]);
    assert_eq!(code(invite().await), "member_already_exists");
    table.inject_into("Query", [then(&table, &id, leave)]);
    assert!(!invite().await.unwrap().is_renewal);
    table.expect_no_fault().await;
}

#[tokio::test]
async fn a_stranger_who_becomes_an_admin_meanwhile_may_invite() {
    let table = Table::new().await;
    let (eve, id) = (caller("eve"), table.team().await);
    let join = async |store, id| add(store, id, "eve", Role::Admin).await;
    table.inject_into("GetItem", [then(&table, &id, join)]);
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
        refusal_of(table.revoke_invitation(&bob, &id, &issued.invitation.id, &ANY).await)
    };

    let first = issued().await;
    table.inject_into(READ, [after(revoke(table.store.clone(), first.clone()))]);
    assert_eq!(revoked(&first).await, "invitation_not_found");
    let second = issued().await;
    table.inject_into(READ, [after(joins(table.store.clone(), "dan", second.clone()))]);
    assert_eq!(revoked(&second).await, "invitation_not_found");
    let third = issued().await;
    table.inject_into(READ, [after(expires(table.client.clone(), third.clone()))]);
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
    let restore = async |store: Store, id: OrganizationId| {
        store.restore_organization(&caller("ann"), &id, &ANY).await.unwrap();
    };
    table.delete_organization(&caller("ann"), &id, &ANY).await.unwrap();
    table.inject_into(WRITE, [then(&table, &id, restore)]);
    let refused = table.remove_member(&caller("cyd"), &id, &user("bob"), &ANY).await;
    assert_eq!(refusal(refused), r#"forbidden {"requiredRole":"admin"}"#);
}
