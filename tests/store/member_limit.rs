//! A plan's limit of members, which is exact, whoever joins at the same time.

use crate::meanwhile::{remove, then};
use crate::table::{ANY, Table, caller, number, refusal, user};
use crate::usage::max_members;
use futures_util::future::{FutureExt as _, TryFutureExt as _, join_all};
use shared::error::Error;
use shared::model::{MaxMembers, OrganizationId, PlanChanges, Role};
use shared::store::meter::measure;

const FULL: &str = r#"too_many_members {"max":5}"#;

/// The usual organization, which may have five members.
async fn of_five(table: &Table) -> OrganizationId {
    let id = table.team().await;
    table.set_plan(&user("billing"), &id, max_members(5), &ANY).await.unwrap();
    id
}

#[tokio::test]
async fn no_user_joins_who_would_be_one_too_many() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), of_five(&table).await);
    table.with(&id, "dan", Role::Member).await;
    let link = table.invite(&ann, &id, Role::Admin).await;
    table.accept("eve", &link).await.unwrap();

    for role in [Role::Member, Role::Admin, Role::Owner] {
        assert_eq!(refusal(table.add(&id, "fay", role, &ANY).await), FULL);
        let link = table.invite(&ann, &id, role).await;
        assert_eq!(refusal(table.accept("fay", &link).await), FULL);
        // An invitation that was refused stays.
        table.remove_member(&ann, &id, &user("dan"), &ANY).await.unwrap();
        table.accept("dan", &link).await.unwrap();
    }
    assert!(table.membership_item("fay", &id).await.is_none());
    table.update_member(&ann, &id, &user("eve"), Role::Owner, &ANY).await.unwrap();
    let unlimited = PlanChanges { included_units: None, max_members: Some(MaxMembers::UNLIMITED) };
    table.set_plan(&user("billing"), &id, unlimited, &ANY).await.unwrap();
    table.with(&id, "fay", Role::Member).await;
    table.expect_no_fault().await;
}

#[tokio::test]
async fn a_lower_limit_removes_nobody() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), of_five(&table).await);
    table.set_plan(&user("billing"), &id, max_members(1), &ANY).await.unwrap();
    assert_eq!(number(&table.organization_item(&id).await, "memberCount"), 3);
    let full = r#"too_many_members {"max":1}"#;
    for name in ["bob", "cyd"] {
        assert_eq!(refusal(table.add(&id, "dan", Role::Member, &ANY).await), full);
        table.remove_member(&ann, &id, &user(name), &ANY).await.unwrap();
    }
    assert_eq!(refusal(table.add(&id, "dan", Role::Member, &ANY).await), full);
}

/// The limit comes before that of owners and admins, and after who is a member already.
#[tokio::test]
async fn the_most_basic_of_several_errors_is_returned() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.organization_of(&ann).await.id;
    for number in 2..=100 {
        table.with(&id, &format!("u{number}"), Role::Admin).await;
    }
    let link = table.invite(&ann, &id, Role::Admin).await;
    assert_eq!(refusal(table.add(&id, "dan", Role::Admin, &ANY).await), "too_many_admins");
    table.set_plan(&user("billing"), &id, max_members(100), &ANY).await.unwrap();
    let full = r#"too_many_members {"max":100}"#;
    assert_eq!(refusal(table.add(&id, "dan", Role::Admin, &ANY).await), full);
    assert_eq!(refusal(table.accept("dan", &link).await), full);
    assert_eq!(refusal(table.add(&id, "u2", Role::Admin, &ANY).await), "member_already_exists");
    assert_eq!(refusal(table.accept("u2", &link).await), "member_already_exists");
}

#[tokio::test]
async fn of_many_who_join_at_once_no_more_do_than_there_is_room_for() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), of_five(&table).await);
    let mut links = Vec::new();
    for number in 0..10 {
        links.push((format!("link{number}"), table.invite(&ann, &id, Role::Member).await));
    }
    let accept = links.iter().map(|(name, link)| table.accept(name, link).map_ok(drop).boxed_local());
    let names: Vec<_> = (0..10).map(|number| format!("added{number}")).collect();
    let add = names.iter().map(|name| table.add(&id, name, Role::Member, &ANY).map_ok(drop).boxed_local());

    let joined: Vec<Result<(), Error>> = join_all(accept.chain(add)).await;

    assert_eq!(joined.iter().filter(|joined| joined.is_ok()).count(), 2);
    for refused in joined.into_iter().filter(Result::is_err) {
        assert_eq!(refusal(refused), FULL);
    }
    assert_eq!(number(&table.organization_item(&id).await, "memberCount"), 5);
    table.expect_no_fault().await;
}

#[tokio::test]
async fn a_refusal_tells_of_the_moment_of_the_write() {
    let table = Table::new().await;
    let id = of_five(&table).await;
    for name in ["dan", "eve"] {
        table.with(&id, name, Role::Member).await;
    }
    // The refusal comes with the organization as it was.
    let leaves = async |store, id| remove(store, id, "dan").await;
    table.inject_into("TransactWriteItems", [then(&table, &id, leaves)]);
    assert_eq!(refusal(table.add(&id, "fay", Role::Member, &ANY).await), FULL);
    table.with(&id, "fay", Role::Member).await;
}

#[tokio::test]
async fn the_limit_costs_no_request() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), of_five(&table).await);
    let link = table.invite(&ann, &id, Role::Member).await;
    let (added, usage) = measure(table.add(&id, "dan", Role::Member, &ANY)).await;
    assert_eq!((added.is_ok(), usage.requests, usage.capacity), (true, 1, 6.0));
    let (joined, usage) = measure(table.accept("eve", &link)).await;
    assert_eq!((joined.is_ok(), usage.requests, usage.capacity), (true, 2, 11.0));
    let (refused, usage) = measure(table.add(&id, "fay", Role::Member, &ANY)).await;
    assert_eq!((refusal(refused), usage.requests), (FULL.to_owned(), 1));
}
