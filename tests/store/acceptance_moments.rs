//! Every answer to an acceptance was true at one point in time, whatever others did during the request.

use crate::invitations::invitation;
use crate::meanwhile::{add, after, delete, end, invite_dan, join, restore, revoke, set_role, then};
use crate::table::{ANY, Table, caller, number, put, refusal, user};
use shared::model::Role;
use support::faults::Fault;

const READ: &str = "BatchGetItem";
const WRITE: &str = "TransactWriteItems";

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
    table.inject_into(READ, [after(join(table.store.clone(), "eve", first.clone()))]);
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

    table.inject_into(READ, [then(&table, &id, delete)]);
    assert_eq!(refusal(table.accept("dan", &fourth).await), "invitation_not_found");
    table.restore_organization(&caller("ann"), &id, &ANY).await.unwrap();

    let joins = async |store, id| add(store, id, "dan", Role::Member).await;
    table.inject_into(READ, [then(&table, &id, joins)]);
    assert_eq!(refusal(table.accept("dan", &fourth).await), "member_already_exists");
    table.remove_member(&bob, &id, &user("dan"), &ANY).await.unwrap();

    table.inject_into(READ, [after(end(table.client.clone(), fourth.clone()))]);
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
    let joins = async |store, id| add(store, id, "last", Role::Admin).await;
    table.inject_into(READ, [then(&table, &id, joins)]);
    assert_eq!(refusal(table.accept("dan", &issued).await), "too_many_admins");
    assert!(table.member_item("dan", &id).await.is_none());
}

#[tokio::test]
async fn the_same_user_who_accepts_meanwhile_gets_the_same_member_again() {
    let table = Table::new().await;
    let id = table.team().await;
    let issued = table.invite(&caller("ann"), &id, Role::Admin).await;
    table.inject_into(READ, [after(join(table.store.clone(), "dan", issued.clone()))]);
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
    table.inject_into(READ, [then(&table, &id, delete)]);
    table.inject_into(WRITE, [then(&table, &id, restore)]);
    assert!(!table.accept("eve", &issued).await.unwrap().is_replayed);
    table.expect_no_fault().await;
}
