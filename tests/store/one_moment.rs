//! What a request is told was so at one moment, whatever others did while it was under way.

use crate::table::{ANY, Table, refusal, user};
use shared::model::{OrganizationChanges, OrganizationId, OrganizationName, Role, UserId};
use shared::store::Store;
use support::faults::Fault;

/// The request is done, then `others` is, and then it is answered.
fn then<F>(table: &Table, id: &OrganizationId, others: impl FnOnce(Store, OrganizationId) -> F) -> Fault
where
    F: Future<Output = ()> + Send + 'static,
{
    Fault::AnswerAfter(Box::pin(others(table.store.clone(), id.clone())))
}

async fn add(store: Store, id: OrganizationId, name: &str, role: Role) {
    store.add_member(&user("ann"), &id, user(name), role, &ANY).await.unwrap();
}

async fn remove(store: Store, id: OrganizationId, name: &str) {
    store.remove_member(&user("ann"), &id, &user(name), &ANY).await.unwrap();
}

#[tokio::test]
async fn a_stranger_who_becomes_an_admin_is_not_told_to_be_a_mere_member() {
    let table = Table::new().await;
    let (cyd, eve, fay) = (user("cyd"), user("eve"), user("fay"));
    let id = table.team().await;
    let rename = OrganizationChanges { name: OrganizationName::parse("B").ok(), domain: None };

    table.inject_into("UpdateItem", [then(&table, &id, |store, id| add(store, id, "eve", Role::Admin))]);
    let renamed = table.update_organization(&eve, &id, rename, &ANY).await.unwrap();
    assert_eq!((renamed.version, renamed.role), (5, Some(Role::Admin)));

    table.inject_into(
        "TransactWriteItems",
        [then(&table, &id, |store, id| add(store, id, "fay", Role::Admin))],
    );
    let removed = table.remove_member(&fay, &id, &cyd, &ANY).await.unwrap();
    assert_eq!((removed.version, removed.role), (7, Some(Role::Admin)));
}

#[tokio::test]
async fn strangers_who_become_members_are_not_told_that_one_of_them_is_none() {
    let table = Table::new().await;
    let (eve, fay) = (user("eve"), user("fay"));
    let id = table.team().await;

    let both = async |store: Store, id: OrganizationId| {
        add(store.clone(), id.clone(), "eve", Role::Member).await;
        add(store, id, "fay", Role::Member).await;
    };
    table.inject_into("TransactWriteItems", [then(&table, &id, both)]);
    let refused = table.remove_member(&eve, &id, &fay, &ANY).await;
    assert_eq!(refusal(refused), r#"forbidden {"requiredRole":"admin"}"#);
}

#[tokio::test]
async fn a_role_that_was_changed_is_answered_though_its_member_came_late_and_left_soon() {
    let table = Table::new().await;
    let (ann, dan) = (user("ann"), user("dan"));
    let id = table.team().await;

    table.inject_into("BatchGetItem", [then(&table, &id, |store, id| add(store, id, "dan", Role::Member))]);
    let removed = then(&table, &id, |store, id| remove(store, id, "dan"));
    // The addition is the first transaction.
    table.inject_into("TransactWriteItems", [Fault::None, removed]);
    let member = table.update_member(&ann, &id, &dan, Role::Admin, &ANY).await.unwrap();
    assert_eq!((member.role, member.added_by), (Role::Admin, ann.clone()));
    assert!(table.member_item(&dan, &id).await.is_none());
}

#[tokio::test]
async fn who_left_and_came_back_is_shown_with_the_new_beginning() {
    let table = Table::new().await;
    let (ann, cyd) = (user("ann"), user("cyd"));
    let id = table.team().await;

    let again = async |store: Store, id: OrganizationId| {
        remove(store.clone(), id.clone(), "cyd").await;
        store.add_member(&user("bob"), &id, user("cyd"), Role::Member, &ANY).await.unwrap();
    };
    table.inject_into("BatchGetItem", [then(&table, &id, again)]);
    let member = table.update_member(&ann, &id, &cyd, Role::Admin, &ANY).await.unwrap();
    assert_eq!((member.role, member.added_by), (Role::Admin, user("bob")));
}

#[tokio::test]
async fn who_has_changed_an_organization_and_was_removed_since_has_no_role_in_it() {
    let table = Table::new().await;
    let (bob, cyd) = (user("bob"), user("cyd"));
    let id = table.team().await;

    table.inject_into("TransactWriteItems", [then(&table, &id, |store, id| remove(store, id, "bob"))]);
    let removed = table.remove_member(&bob, &id, &cyd, &ANY).await.unwrap();
    assert_eq!((removed.version, removed.member_count, removed.role), (5, 1, None));
}

#[tokio::test]
async fn who_has_changed_an_organization_and_was_demoted_since_is_a_member_of_it() {
    let table = Table::new().await;
    let (bob, cyd) = (user("bob"), user("cyd"));
    let id = table.team().await;

    let demote = async |store: Store, id: OrganizationId| {
        let bob: UserId = user("bob");
        store.update_member(&user("ann"), &id, &bob, Role::Member, &ANY).await.unwrap();
    };
    table.inject_into("TransactWriteItems", [then(&table, &id, demote)]);
    let removed = table.remove_member(&bob, &id, &cyd, &ANY).await.unwrap();
    assert_eq!((removed.version, removed.role), (5, Some(Role::Member)));
}
