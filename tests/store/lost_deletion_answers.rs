//! An organization is created, deleted and restored once even if the answer is lost, and the final answer reports
//! it.

use crate::table::{ANY, Table, acme, caller, number, refusal, user};
use shared::model::{IdempotencyKey, Organization, OrganizationId, Preconditions, Role};
use shared::store::Store;
use support::faults::Fault;

/// The organization as another owner changes it after `ann`'s write: it lasts, without `ann`.
async fn takes_over(store: Store, id: OrganizationId) {
    let dan = caller("dan");
    store.restore_organization(&dan, &id, &ANY).await.unwrap();
    store.remove_member(&dan, &id, &user("ann"), &ANY).await.unwrap();
}

fn deleted(organization: &Organization) -> bool {
    organization.deletion.is_some()
}

#[tokio::test]
async fn a_deletion_and_a_restoration_with_a_lost_answer_are_made_once() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    let at = |version| Preconditions::if_match(vec![version]);

    for version in [3, 5] {
        table.inject([Fault::LostAnswer]);
        let gone = table.delete_organization(&ann, &id, &at(version)).await.unwrap();
        assert_eq!((gone.version, gone.role, deleted(&gone)), (version + 1, Some(Role::Owner), true));
        table.inject([Fault::LostAnswer, Fault::WithoutItems]);
        let back = table.restore_organization(&ann, &id, &at(version + 1)).await.unwrap();
        assert_eq!((back.version, back.role, deleted(&back)), (version + 2, Some(Role::Owner), false));
    }
    assert_eq!(number(&table.organization_item(&id).await, "version"), 7);
}

#[tokio::test]
async fn a_repeated_request_finds_an_unacknowledged_write_done() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    let lost = || (0..3).map(|_| Fault::LostAnswer);

    table.inject(lost());
    assert_eq!(refusal(table.delete_organization(&ann, &id, &ANY).await), "service_unavailable");
    let gone = table.delete_organization(&ann, &id, &Preconditions::if_match(vec![3])).await.unwrap();
    assert_eq!((gone.version, deleted(&gone)), (4, true));
    table.inject(lost());
    assert_eq!(refusal(table.restore_organization(&ann, &id, &ANY).await), "service_unavailable");
    let back = table.restore_organization(&ann, &id, &Preconditions::if_match(vec![4])).await.unwrap();
    assert_eq!((back.version, deleted(&back)), (5, false));
}

/// The answer shows the organization as it is now, and the caller's role as it is now: none.
#[tokio::test]
async fn the_answer_to_an_owner_who_is_removed_meanwhile_has_no_role() {
    let table = Table::new().await;
    let (ann, dan) = (caller("ann"), caller("dan"));
    let take_over =
        |id: &OrganizationId| [Fault::LostAnswerAfter(Box::pin(takes_over(table.store.clone(), id.clone())))];
    let id = table.team().await;
    table.with(&id, "dan", Role::Owner).await;
    table.inject_into("UpdateItem", take_over(&id));
    let answered = table.delete_organization(&ann, &id, &ANY).await.unwrap();
    assert_eq!((answered.version, answered.role, deleted(&answered)), (7, None, false));

    let id = table.team().await;
    table.with(&id, "dan", Role::Owner).await;
    table.delete_organization(&dan, &id, &ANY).await.unwrap();
    table.inject_into("UpdateItem", take_over(&id));
    let answered = table.restore_organization(&ann, &id, &ANY).await.unwrap();
    assert_eq!((answered.version, answered.role, deleted(&answered)), (7, None, false));
}

#[tokio::test]
async fn a_creation_with_a_lost_answer_is_counted_once() {
    for key in [None, IdempotencyKey::parse("k").ok()] {
        for lost in [vec![Fault::LostAnswer], vec![Fault::LostAnswer, Fault::Conflict], vec![Fault::Conflict]]
        {
            let table = Table::new().await;
            table.inject(lost);
            let created = table.create(&caller("ann"), acme(), key.as_ref()).await.unwrap();
            assert!(!created.is_replayed);
            assert_eq!(number(&table.user_item("ann").await.unwrap(), "organizations"), 1);
            let listed = table.list_organizations(&user("ann"), false, 9, None).await.unwrap().items;
            assert_eq!(listed, [created.organization]);
            table.expect_no_fault().await;
        }
    }
}

#[tokio::test]
async fn a_creation_that_fails_is_not_counted() {
    let table = Table::new().await;
    let ann = caller("ann");
    table.inject((0..5).map(|_| Fault::ItemThrottled));
    assert_eq!(refusal(table.create(&ann, acme(), None).await), "service_unavailable");
    table.inject((0..5).map(|_| Fault::Conflict));
    assert_eq!(refusal(table.create(&ann, acme(), None).await), "conflict");
    assert!(table.user_item("ann").await.is_none());
}
