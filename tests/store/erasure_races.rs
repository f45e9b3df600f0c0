//! Erasing a user while others change the user's organizations. No organization is left without an owner who exists.

use crate::table::{ANY, Table, caller, refusal, set, user, users};
use futures_util::future::join_all;
use shared::error::Error;
use shared::model::{Erasure, OrganizationId, Role};
use shared::store::Store;
use support::faults::Fault;

/// Erases `ann`, whose organizations are read before `change` and written after it.
async fn erase_overtaken(
    table: &Table,
    change: impl Future<Output = ()> + Send + 'static,
) -> Result<Erasure, Error> {
    table.inject_into("BatchGetItem", [Fault::AnswerAfter(Box::pin(change))]);
    table.delete_user(&caller("ann"), &user("ann")).await
}

fn last_owner(id: &OrganizationId) -> String {
    format!(r#"last_owner {{"organizationIds":["{}"]}}"#, id.as_str())
}

/// An organization that exists has owners, and all of them are members.
async fn expect_owned(table: &Table, id: &OrganizationId, owners: &[&str]) {
    assert_eq!(set(&table.organization_item(id).await, "owners"), users(owners));
    for owner in owners {
        assert!(table.member_item(owner, id).await.is_some(), "{owner} is no member");
    }
}

async fn is_gone(table: &Table, id: &OrganizationId) -> bool {
    refusal_of_get(table, id).await.is_some_and(|code| code == "organization_not_found")
}

async fn refusal_of_get(table: &Table, id: &OrganizationId) -> Option<&'static str> {
    table.get_organization(&caller("service:crm"), id).await.err().map(|error| error.code())
}

#[tokio::test]
async fn the_user_stays_if_the_other_owner_leaves_meanwhile() {
    let table = Table::new().await;
    let id = table.team().await;
    table.with(&id, "dan", Role::Owner).await;
    let (store, left) = (table.store.clone(), id.clone());
    let refused = erase_overtaken(&table, async move {
        store.remove_member(&caller("dan"), &left, &user("dan"), &ANY).await.unwrap();
    });
    assert_eq!(refusal(refused.await), last_owner(&id));
    expect_owned(&table, &id, &["ann"]).await;
}

#[tokio::test]
async fn the_user_leaves_if_another_owner_joins_meanwhile() {
    let table = Table::new().await;
    let id = table.organization_of(&caller("ann")).await.id;
    let (store, joined) = (table.store.clone(), id.clone());
    let erased = erase_overtaken(&table, async move {
        store.add_member(&user("crm"), &joined, user("dan"), Role::Owner, &ANY).await.unwrap();
    });
    let erased = erased.await.unwrap();
    assert_eq!((erased.left, erased.deleted), (vec![id.clone()], vec![]));
    expect_owned(&table, &id, &["dan"]).await;
}

#[tokio::test]
async fn the_organization_does_not_end_if_a_member_joins_meanwhile() {
    let table = Table::new().await;
    let id = table.organization_of(&caller("ann")).await.id;
    let (store, joined) = (table.store.clone(), id.clone());
    let refused = erase_overtaken(&table, async move {
        store.add_member(&user("crm"), &joined, user("dan"), Role::Member, &ANY).await.unwrap();
    });
    assert_eq!(refusal(refused.await), last_owner(&id));
    expect_owned(&table, &id, &["ann"]).await;
}

#[tokio::test]
async fn the_user_stays_if_promoted_to_the_only_owner_meanwhile() {
    let table = Table::new().await;
    let id = table.organization_of(&caller("dan")).await.id;
    for (name, role) in [("ann", Role::Member), ("cyd", Role::Member)] {
        table.with(&id, name, role).await;
    }
    let (store, promoted) = (table.store.clone(), id.clone());
    let refused = erase_overtaken(&table, async move {
        store.update_member(&caller("dan"), &promoted, &user("ann"), Role::Owner, &ANY).await.unwrap();
        store.remove_member(&caller("dan"), &promoted, &user("dan"), &ANY).await.unwrap();
    });
    assert_eq!(refusal(refused.await), last_owner(&id));
    expect_owned(&table, &id, &["ann"]).await;
}

#[tokio::test]
async fn the_user_leaves_with_the_role_of_the_last_moment() {
    let table = Table::new().await;
    let id = table.organization_of(&caller("dan")).await.id;
    table.with(&id, "ann", Role::Member).await;
    let (store, promoted) = (table.store.clone(), id.clone());
    let erased = erase_overtaken(&table, async move {
        store.update_member(&caller("dan"), &promoted, &user("ann"), Role::Owner, &ANY).await.unwrap();
    });
    assert_eq!(erased.await.unwrap().left, std::slice::from_ref(&id));
    expect_owned(&table, &id, &["dan"]).await;
}

#[tokio::test]
async fn an_organization_that_is_restored_meanwhile_does_not_end() {
    let table = Table::new().await;
    let id = table.team().await;
    table.delete_organization(&caller("ann"), &id, &ANY).await.unwrap();
    let (store, restored) = (table.store.clone(), id.clone());
    let refused = erase_overtaken(&table, async move {
        store.restore_organization(&caller("service:crm"), &restored, &ANY).await.unwrap();
    });
    assert_eq!(refusal(refused.await), last_owner(&id));
    expect_owned(&table, &id, &["ann"]).await;
}

#[tokio::test]
async fn a_user_who_was_removed_meanwhile_is_not_removed_again() {
    let table = Table::new().await;
    let id = table.organization_of(&caller("dan")).await.id;
    table.with(&id, "ann", Role::Owner).await;
    let (store, left) = (table.store.clone(), id.clone());
    let erased = erase_overtaken(&table, async move {
        store.remove_member(&caller("dan"), &left, &user("ann"), &ANY).await.unwrap();
    });
    erased.await.unwrap();
    assert_eq!(crate::table::number(&table.organization_item(&id).await, "version"), 3);
    expect_owned(&table, &id, &["dan"]).await;
}

/// A request that is sent again ends the membership that began after the first had read the others.
#[tokio::test]
async fn a_membership_that_begins_meanwhile_ends_with_the_next_request() {
    let table = Table::new().await;
    let (first, second) = (table.team().await, table.organization_of(&caller("dan")).await.id);
    table.with(&first, "dan", Role::Owner).await;
    let (store, joined) = (table.store.clone(), second.clone());
    let erased = erase_overtaken(&table, async move {
        store.add_member(&user("crm"), &joined, user("ann"), Role::Owner, &ANY).await.unwrap();
    });
    assert_eq!(erased.await.unwrap().left, [first]);
    expect_owned(&table, &second, &["ann", "dan"]).await;
    assert_eq!(table.delete_user(&caller("ann"), &user("ann")).await.unwrap().left, [second]);
}

#[tokio::test]
async fn of_all_owners_who_are_erased_at_once_one_stays_with_the_members() {
    let owners = ["ann", "dan", "eve"];
    for _ in 0..10 {
        let table = Table::new().await;
        let id = table.team().await;
        for owner in &owners[1..] {
            table.with(&id, owner, Role::Owner).await;
        }
        let erase = async |owner: &'static str| {
            let store: Store = support::database::store(table.proxy.url()).await;
            (owner, store.delete_user(&caller(owner), &user(owner)).await)
        };
        let erased = join_all(owners.map(erase)).await;
        let (left, stayed): (Vec<_>, Vec<_>) = erased.into_iter().partition(|(_, erased)| erased.is_ok());
        assert_eq!((left.len(), stayed.len()), (2, 1));
        for (owner, refused) in stayed {
            assert_eq!(refusal(refused), last_owner(&id));
            expect_owned(&table, &id, &[owner]).await;
        }
    }
}

#[tokio::test]
async fn the_last_two_who_are_erased_at_once_end_their_organization() {
    for _ in 0..10 {
        let table = Table::new().await;
        let id = table.organization_of(&caller("ann")).await.id;
        table.with(&id, "dan", Role::Owner).await;
        let erase = async |owner: &'static str| {
            let store: Store = support::database::store(table.proxy.url()).await;
            store.delete_user(&caller(owner), &user(owner)).await.unwrap()
        };
        let erased = join_all(["ann", "dan"].map(erase)).await;
        let deleted: Vec<_> = erased.iter().flat_map(|erased| &erased.deleted).collect();
        assert_eq!(deleted, [&id]);
        assert!(erased.iter().all(|erased| erased.left == std::slice::from_ref(&id)), "{erased:?}");
        assert!(is_gone(&table, &id).await);
    }
}

#[tokio::test]
async fn a_user_who_is_erased_twice_at_once_leaves_each_organization_once() {
    let table = Table::new().await;
    let mut ids = Vec::new();
    for _ in 0..20 {
        let id = table.organization_of(&caller("dan")).await.id;
        table.with(&id, "ann", Role::Admin).await;
        ids.push(id);
    }
    let erase = async |_: usize| {
        let store: Store = support::database::store(table.proxy.url()).await;
        store.delete_user(&caller("ann"), &user("ann")).await.unwrap()
    };
    for erased in join_all([0, 1].map(erase)).await {
        assert!(erased.deleted.is_empty());
    }
    for id in &ids {
        let item = table.organization_item(id).await;
        assert_eq!(["version", "memberCount"].map(|name| crate::table::number(&item, name)), [3, 1]);
        expect_owned(&table, id, &["dan"]).await;
    }
}
