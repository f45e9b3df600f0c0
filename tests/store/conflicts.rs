//! Conflicts and throttling are retried. A write that fails after all retries changes nothing, or is reported as
//! possibly made.

use crate::invitations::invitation;
use crate::table::{ANY, Table, acme, caller, number, refusal, text, user};
use shared::model::{IdempotencyKey, OrganizationChanges, OrganizationName, Role};
use support::faults::Fault;

fn rename() -> OrganizationChanges {
    OrganizationChanges { name: OrganizationName::parse("B").ok(), ..OrganizationChanges::default() }
}

#[tokio::test]
async fn conflicts_are_retried_until_the_attempts_run_out() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.organization_of(&ann).await.id;
    let canceled = |times| {
        std::iter::repeat_with(|| Fault::canceled(["None", "None", "TransactionConflict"])).take(times)
    };
    let refused =
        |times| std::iter::repeat_with(|| Fault::exception("TransactionConflictException")).take(times);

    table.inject(canceled(4));
    table.add(&id, "bob", Role::Member, &ANY).await.unwrap();
    table.inject(refused(4));
    table.update_organization(&ann, &id, rename(), &ANY).await.unwrap();

    table.inject(canceled(5));
    assert_eq!(refusal(table.remove_member(&ann, &id, &user("bob"), &ANY).await), "conflict");
    table.inject(refused(5));
    assert_eq!(refusal(table.update_organization(&ann, &id, rename(), &ANY).await), "conflict");
    assert_eq!(number(&table.organization_item(&id).await, "version"), 3);
}

/// A missing organization has no conflicts, so a conflict would reveal that this one exists.
#[tokio::test]
async fn a_stranger_never_gets_a_conflict() {
    let table = Table::new().await;
    let (eve, id) = (caller("eve"), table.team().await);
    let (cyd, invited) = (user("cyd"), table.invite(&caller("ann"), &id, Role::Member).await.invitation.id);
    let conflicts = || (0..5).map(|_| Fault::Conflict);
    let new = invitation(None, Role::Member);

    table.inject(conflicts());
    let refused = table.update_organization(&eve, &id, rename(), &ANY).await;
    assert_eq!(refusal(refused), "organization_not_found");
    table.inject(conflicts());
    assert_eq!(refusal(table.delete_organization(&eve, &id, &ANY).await), "organization_not_found");
    table.inject(conflicts());
    assert_eq!(refusal(table.restore_organization(&eve, &id, &ANY).await), "organization_not_found");
    table.inject_into("TransactGetItems", conflicts());
    let refused = table.remove_member(&eve, &id, &cyd, &ANY).await;
    assert_eq!(refusal(refused), "organization_not_found");
    table.inject_into("TransactGetItems", conflicts());
    let refused = table.create_invitation(&eve, &id, new, &ANY).await;
    assert_eq!(refusal(refused), "organization_not_found");
    // These find a stranger before anything that can conflict.
    table.inject_into("TransactWriteItems", conflicts());
    let refused = table.update_member(&eve, &id, &cyd, Role::Admin, &ANY).await;
    assert_eq!(refusal(refused), "organization_not_found");
    let refused = table.revoke_invitation(&eve, &id, &invited, &ANY).await;
    assert_eq!(refusal(refused), "organization_not_found");
    table.proxy.end();
}

/// An admin of a deleted organization must not learn that it exists, like a stranger.
#[tokio::test]
async fn conflicts_do_not_reveal_a_deleted_organization_to_its_admins() {
    let table = Table::new().await;
    let (bob, id) = (caller("bob"), table.team().await);
    table.delete_organization(&caller("ann"), &id, &ANY).await.unwrap();
    let conflicts = || (0..5).map(|_| Fault::Conflict);

    table.inject(conflicts());
    let refused = table.update_organization(&bob, &id, rename(), &ANY).await;
    assert_eq!(refusal(refused), "organization_not_found");
    table.inject(conflicts());
    assert_eq!(refusal(table.restore_organization(&bob, &id, &ANY).await), "organization_not_found");
    table.inject(conflicts());
    assert_eq!(refusal(table.remove_member(&bob, &id, &user("cyd"), &ANY).await), "organization_not_found");
    table.inject(conflicts());
    assert_eq!(refusal(table.restore_organization(&caller("ann"), &id, &ANY).await), "conflict");
    table.inject(conflicts());
    let refused = table.add(&id, "dan", Role::Member, &ANY).await;
    assert_eq!(refusal(refused), "conflict");
}

/// `conflict` would claim that nothing was changed.
#[tokio::test]
async fn a_conflict_after_an_unacknowledged_attempt_is_reported_as_unavailable() {
    let unanswered: [fn() -> Fault; 3] = [
        || Fault::LostAnswer,
        || Fault::CutAnswer,
        || Fault::Misreported(500, r#"{"__type":"InternalServerError"}"#.to_owned()),
    ];
    let conflicts = || (0..5).map(|_| Fault::Conflict);
    for unanswered in unanswered {
        let table = Table::new().await;
        let (ann, key) = (caller("ann"), IdempotencyKey::parse("k").ok());
        table.inject([unanswered()]);
        table.inject(conflicts());
        let refused = table.create(&ann, acme(), key.as_ref()).await;
        assert_eq!(refusal(refused), "service_unavailable");
        let id = table.create(&ann, acme(), key.as_ref()).await.unwrap().organization.id;

        table.inject([unanswered()]);
        table.inject(conflicts());
        let refused = table.update_organization(&ann, &id, rename(), &ANY).await;
        assert_eq!(refusal(refused), "service_unavailable");
        let item = table.organization_item(&id).await;
        assert_eq!((number(&item, "version"), &item["name"]), (2, &text("B")));
    }
}

#[tokio::test]
async fn the_read_that_explains_a_refusal_is_retried_after_conflicts() {
    let table = Table::new().await;
    let (eve, id) = (caller("eve"), table.team().await);
    let conflicts = |times| std::iter::repeat_with(|| Fault::Conflict).take(times);

    table.inject_into("TransactGetItems", conflicts(4));
    let refused = table.remove_member(&eve, &id, &user("bob"), &ANY).await;
    assert_eq!(refusal(refused), "organization_not_found");
    table.inject_into("TransactGetItems", conflicts(5));
    assert_eq!(refusal(table.remove_member(&caller("cyd"), &id, &user("bob"), &ANY).await), "conflict");
    table.inject_into("TransactGetItems", std::iter::repeat_with(|| Fault::ItemThrottled).take(50));
    let refused = table.remove_member(&eve, &id, &user("cyd"), &ANY).await;
    assert_eq!(refusal(refused), "service_unavailable");
    table.proxy.end();
    assert_eq!(number(&table.organization_item(&id).await, "version"), 3);
}

/// The SDK retried the transaction while the first attempt was still running. That attempt may still succeed.
#[tokio::test]
async fn a_transaction_still_in_progress_is_not_reported_as_a_conflict() {
    let table = Table::new().await;
    let running = || Fault::exception("TransactionInProgressException");
    table.inject([running()]);
    let id = table.organization_of(&caller("ann")).await.id;
    table.inject([running(), running(), running()]);
    let refused = table.remove_member(&caller("ann"), &id, &user("bob"), &ANY).await;
    assert_eq!(refusal(refused), "service_unavailable");
}

#[tokio::test]
async fn throttling_that_outlasts_the_retries_is_reported_as_unavailable_and_changes_nothing() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.organization_of(&ann).await.id;
    let throttled = || (0..3).map(|_| Fault::exception("ThrottlingException"));

    table.inject(throttled());
    assert_eq!(refusal(table.update_organization(&ann, &id, rename(), &ANY).await), "service_unavailable");
    table.inject(throttled());
    assert_eq!(refusal(table.get_organization(&ann, &id).await), "service_unavailable");
    table.inject((0..5).map(|_| Fault::ItemThrottled));
    let refused = table.add(&id, "bob", Role::Member, &ANY).await;
    assert_eq!(refusal(refused), "service_unavailable");
    let item = table.organization_item(&id).await;
    assert_eq!((number(&item, "version"), number(&item, "memberCount")), (1, 1));
}

#[tokio::test]
async fn a_transaction_with_a_throttled_item_is_retried() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.organization_of(&ann).await.id;
    table.inject([Fault::ItemThrottled, Fault::LostAnswer, Fault::ItemThrottled]);
    table.add(&id, "bob", Role::Member, &ANY).await.unwrap();
    let item = table.organization_item(&id).await;
    assert_eq!((number(&item, "version"), number(&item, "memberCount")), (2, 2));
}

#[tokio::test]
async fn unprocessed_keys_are_requested_again() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.organization_of(&ann).await.id;

    table.inject((0..4).map(|_| Fault::Unprocessed));
    assert_eq!(table.get_organization(&ann, &id).await.unwrap().id, id);
    table.inject((0..5).map(|_| Fault::Unprocessed));
    assert_eq!(refusal(table.get_organization(&ann, &id).await), "service_unavailable");
}
