//! A write with a lost answer is made once, and the final answer reports it.

use crate::table::{ANY, Table, acme, caller, number, refusal, user};
use shared::model::{MaxOverages, OrganizationChanges, OrganizationName, Preconditions, Role};
use support::faults::Fault;

fn rename() -> OrganizationChanges {
    OrganizationChanges { name: OrganizationName::parse("B").ok(), ..OrganizationChanges::default() }
}

#[tokio::test]
async fn a_write_with_a_lost_answer_is_done_once() {
    let table = Table::new().await;
    let ann = caller("ann");
    table.inject([Fault::LostAnswer]);
    let id = table.create(&ann, acme(), None).await.unwrap().organization.id;
    assert_eq!(table.list_organizations(&user("ann"), false, 9, None).await.unwrap().items.len(), 1);

    let at = |version| Preconditions::if_match(vec![version]);
    table.inject([Fault::LostAnswer]);
    assert_eq!(table.update_organization(&ann, &id, rename(), &at(1)).await.unwrap().version, 2);
    table.inject([Fault::LostAnswer]);
    let unless_made = Preconditions::if_none_match(vec![3]);
    assert_eq!(table.update_organization(&ann, &id, rename(), &unless_made).await.unwrap().version, 3);
    table.inject([Fault::LostAnswer]);
    assert_eq!(table.set_max_overages(&ann, &id, MaxOverages::NONE, &at(3)).await.unwrap().version, 4);
    table.inject([Fault::LostAnswer]);
    table.add(&id, "bob", Role::Member, &at(4)).await.unwrap();
    // The memberships are read first. This loses the answer to that read, and then the transaction's.
    table.inject_into("BatchGetItem", [Fault::LostAnswer]);
    table.inject_into("TransactWriteItems", [Fault::LostAnswer]);
    table.update_member(&ann, &id, &user("bob"), Role::Admin, &at(5)).await.unwrap();
    table.inject([Fault::LostAnswer]);
    assert_eq!(table.remove_member(&ann, &id, &user("bob"), &at(6)).await.unwrap().version, 7);

    let item = table.organization_item(&id).await;
    assert_eq!((number(&item, "version"), number(&item, "memberCount")), (7, 1));
}

/// Before the SDK retries the write, `bob` makes seven other writes. After an eighth, the organization would
/// have forgotten the first write.
#[tokio::test]
async fn a_write_with_a_lost_answer_is_recognized_after_other_writes() {
    let table = Table::new().await;
    let (ann, bob) = (caller("ann"), caller("bob"));
    let id = table.team().await;
    let others = || {
        let (store, bob, id) = (table.store.clone(), bob.clone(), id.clone());
        Fault::LostAnswerAfter(Box::pin(async move {
            for _ in 0..7 {
                store.set_max_overages(&bob, &id, MaxOverages::UNLIMITED, &ANY).await.unwrap();
            }
        }))
    };

    table.inject([others()]);
    let expected = Preconditions::if_match(vec![3]);
    let renamed = table.update_organization(&ann, &id, rename(), &expected).await.unwrap();
    assert_eq!((renamed.name.as_str(), renamed.version), ("B", 11));
    table.inject([others()]);
    let limited = table.set_max_overages(&ann, &id, MaxOverages::NONE, &ANY).await.unwrap();
    assert_eq!((limited.max_overages, limited.version), (MaxOverages::UNLIMITED, 19));
    table.inject([others()]);
    table.add(&id, "dan", Role::Member, &Preconditions::if_match(vec![19])).await.unwrap();

    let item = table.organization_item(&id).await;
    assert_eq!((number(&item, "version"), number(&item, "memberCount")), (27, 4));
}

/// The answer is not 403: the caller had the role when the change was made.
#[tokio::test]
async fn a_write_with_a_lost_answer_is_recognized_after_its_caller_was_demoted() {
    let table = Table::new().await;
    let (ann, bob) = (caller("ann"), caller("bob"));
    let id = table.team().await;

    let (store, organization) = (table.store.clone(), id.clone());
    table.inject([Fault::LostAnswerAfter(Box::pin(async move {
        store.update_member(&ann, &organization, &user("bob"), Role::Member, &ANY).await.unwrap();
    }))]);
    let renamed = table.update_organization(&bob, &id, rename(), &ANY).await.unwrap();
    assert_eq!((renamed.name.as_str(), renamed.version, renamed.role), ("B", 5, Some(Role::Member)));
}

#[tokio::test]
async fn an_organization_remembers_the_last_eight_writes() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.organization_of(&ann).await.id;
    let mut before = table.organization_item(&id).await["lastMutations"].as_l().unwrap().clone();
    for _ in 0..10 {
        table.set_max_overages(&ann, &id, MaxOverages::NONE, &ANY).await.unwrap();
        let last = table.organization_item(&id).await["lastMutations"].as_l().unwrap().clone();
        assert_eq!((last.len(), &last[1..]), (8, &before[..7]));
        assert!(!before.contains(&last[0]), "{last:?} after {before:?}");
        before = last;
    }
}

/// DynamoDB gives one reason for each step. With fewer, it is unknown which step's condition failed.
#[tokio::test]
async fn a_cancellation_with_fewer_reasons_than_steps_is_an_internal_error() {
    let table = Table::new().await;
    let id = table.team().await;
    table.inject([Fault::canceled(["ConditionalCheckFailed"])]);
    let refused = table.add(&id, "fay", Role::Member, &ANY).await;
    assert_eq!(refusal(refused), "internal_error");
}

/// Old builds of DynamoDB Local return no items with a refusal, so the store cannot see that its write was
/// made.
#[tokio::test]
async fn a_write_that_was_made_is_never_reported_as_a_conflict() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    table.inject([Fault::LostAnswer, Fault::WithoutItems]);
    table.inject_into("TransactGetItems", (0..5).map(|_| Fault::Conflict));
    table.inject_into("UpdateItem", (0..5).map(|_| Fault::WithoutItems));
    let refused = table.update_organization(&ann, &id, rename(), &ANY).await;
    assert_eq!(refusal(refused), "service_unavailable");
    assert_eq!(number(&table.organization_item(&id).await, "version"), 4);
}

#[tokio::test]
async fn a_write_with_a_lost_answer_is_recognized_after_a_refusal_without_the_item() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.organization_of(&ann).await.id;
    table.inject([Fault::LostAnswer, Fault::WithoutItems]);
    let expected = Preconditions::if_match(vec![1]);
    assert_eq!(table.update_organization(&ann, &id, rename(), &expected).await.unwrap().version, 2);
}

/// Old builds of DynamoDB Local return no items with a refusal, even when asked for them.
#[tokio::test]
async fn a_refusal_without_the_item_is_explained_by_reading_it() {
    let table = Table::new().await;
    let (ann, eve) = (caller("ann"), caller("eve"));
    let id = table.organization_of(&ann).await.id;
    let stale = Preconditions::if_match(vec![9]);

    table.inject([Fault::WithoutItems]);
    let refused = table.update_organization(&ann, &id, rename(), &stale).await;
    assert_eq!(refusal(refused), r#"precondition_failed {"currentVersion":1}"#);
    table.inject([Fault::WithoutItems]);
    assert_eq!(refusal(table.update_organization(&eve, &id, rename(), &ANY).await), "organization_not_found");
    table.inject([Fault::WithoutItems]);
    let refused = table.add(&id, "bob", Role::Member, &stale).await;
    assert_eq!(refusal(refused), r#"precondition_failed {"currentVersion":1}"#);
    table.inject([Fault::WithoutItems]);
    assert_eq!(refusal(table.remove_member(&ann, &id, &user("ann"), &ANY).await), "last_owner");
}
