//! Every answer was true at one point in time, whatever others did during the request.

use crate::meanwhile::{add, remove, set_role, then};
use crate::table::{ANY, Table, caller, refusal, text, user};
use shared::model::{OrganizationChanges, OrganizationId, OrganizationName, Role};
use shared::store::Store;
use support::faults::Fault;

#[tokio::test]
async fn a_stranger_who_becomes_an_admin_meanwhile_is_not_refused_as_a_member() {
    let table = Table::new().await;
    let (eve, fay) = (caller("eve"), caller("fay"));
    let id = table.team().await;
    let rename =
        OrganizationChanges { name: OrganizationName::parse("B").ok(), ..OrganizationChanges::default() };

    table.inject_into("UpdateItem", [then(&table, &id, |store, id| add(store, id, "eve", Role::Admin))]);
    let renamed = table.update_organization(&eve, &id, rename, &ANY).await.unwrap();
    assert_eq!((renamed.version, renamed.role), (5, Some(Role::Admin)));

    table.inject_into(
        "TransactWriteItems",
        [then(&table, &id, |store, id| add(store, id, "fay", Role::Admin))],
    );
    let removed = table.remove_member(&fay, &id, &user("cyd"), &ANY).await.unwrap();
    assert_eq!((removed.version, removed.role), (7, Some(Role::Admin)));
}

#[tokio::test]
async fn strangers_who_become_members_meanwhile_are_not_refused_as_strangers() {
    let table = Table::new().await;
    let eve = caller("eve");
    let id = table.team().await;

    let both = async |store: Store, id: OrganizationId| {
        add(store.clone(), id.clone(), "eve", Role::Member).await;
        add(store, id, "fay", Role::Member).await;
    };
    table.inject_into("TransactWriteItems", [then(&table, &id, both)]);
    let refused = table.remove_member(&eve, &id, &user("fay"), &ANY).await;
    assert_eq!(refusal(refused), r#"forbidden {"requiredRole":"admin"}"#);
}

#[tokio::test]
async fn a_role_change_is_answered_even_if_the_member_joins_and_leaves_meanwhile() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.team().await;

    table.inject_into("BatchGetItem", [then(&table, &id, |store, id| add(store, id, "dan", Role::Member))]);
    let removed = then(&table, &id, |store, id| remove(store, id, "dan"));
    // The first transaction is the addition.
    table.inject_into("TransactWriteItems", [Fault::None, removed]);
    let member = table.update_member(&ann, &id, &user("dan"), Role::Admin, &ANY).await.unwrap();
    assert_eq!((member.role, member.added_by), (Role::Admin, caller("service:backend")));
    assert!(table.member_item("dan", &id).await.is_none());
}

#[tokio::test]
async fn a_member_who_rejoins_meanwhile_is_shown_with_the_new_addition() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.team().await;

    let again = async |store: Store, id: OrganizationId| {
        remove(store.clone(), id.clone(), "cyd").await;
        store.add_member(&user("other"), &id, user("cyd"), Role::Member, &ANY).await.unwrap();
    };
    table.inject_into("BatchGetItem", [then(&table, &id, again)]);
    let member = table.update_member(&ann, &id, &user("cyd"), Role::Admin, &ANY).await.unwrap();
    assert_eq!((member.role, member.added_by), (Role::Admin, caller("service:other")));
}

/// Two memberships that began in the same millisecond differ by who added the member.
#[tokio::test]
async fn a_member_who_rejoins_in_the_same_millisecond_is_shown_with_the_new_addition() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.team().await;
    let mut again = table.member_item("cyd", &id).await.unwrap();
    again.insert("addedBy".to_owned(), text("bob"));

    let put = table.client.put_item().table_name(local::TABLE_NAME).set_item(Some(again));
    table.inject_into(
        "BatchGetItem",
        [Fault::AnswerAfter(Box::pin(async move {
            put.send().await.unwrap();
        }))],
    );
    let member = table.update_member(&ann, &id, &user("cyd"), Role::Admin, &ANY).await.unwrap();
    assert_eq!((member.role, member.added_by), (Role::Admin, caller("bob")));
}

#[tokio::test]
async fn a_caller_removed_after_their_change_is_answered_without_a_role() {
    let table = Table::new().await;
    let bob = caller("bob");
    let id = table.team().await;

    table.inject_into("TransactWriteItems", [then(&table, &id, |store, id| remove(store, id, "bob"))]);
    let removed = table.remove_member(&bob, &id, &user("cyd"), &ANY).await.unwrap();
    assert_eq!((removed.version, removed.member_count, removed.role), (5, 1, None));
}

#[tokio::test]
async fn a_caller_demoted_after_their_change_is_answered_with_the_role_member() {
    let table = Table::new().await;
    let bob = caller("bob");
    let id = table.team().await;

    let demote = async |store, id| set_role(store, id, "bob", Role::Member).await;
    table.inject_into("TransactWriteItems", [then(&table, &id, demote)]);
    let removed = table.remove_member(&bob, &id, &user("cyd"), &ANY).await.unwrap();
    assert_eq!((removed.version, removed.role), (5, Some(Role::Member)));
}
