//! A write about an invitation with a lost answer is made once, and the final answer reports it.

use crate::invitations::{invitation, token};
use crate::meanwhile::{delete, then};
use crate::table::{ANY, Table, caller, number, refusal, user};
use shared::model::{OrganizationId, Preconditions, Role};
use shared::store::Store;
use support::faults::Fault;

const WRITE: &str = "TransactWriteItems";

/// DynamoDB makes the write, but its answer is lost. In the second case, the SDK's retry then meets a conflict, so
/// that the store tries again.
fn losses() -> [Vec<Fault>; 2] {
    [vec![Fault::LostAnswer], vec![Fault::LostAnswer, Fault::Conflict]]
}

#[tokio::test]
async fn an_invitation_is_made_once_and_the_token_that_is_answered_is_valid() {
    for email in [None, Some("dan@example.com")] {
        for lost in losses() {
            let table = Table::new().await;
            let (ann, id) = (caller("ann"), table.team().await);
            let at = Preconditions::if_match(vec![3]);

            table.inject_into(WRITE, lost);
            let new = invitation(email, Role::Admin);
            let issued = table.create_invitation(&ann, &id, new, &at).await.unwrap();

            assert!(!issued.is_renewal);
            let item = table.organization_item(&id).await;
            assert_eq!((number(&item, "version"), number(&item, "invitationsCreated")), (4, 1));
            let listed = table.list_invitations(&ann, &id, 9, None).await.unwrap().items;
            assert!(listed == [issued.invitation.clone()]);
            table.accept("dan", &issued).await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_invitation_is_renewed_once_and_the_token_that_is_answered_is_valid() {
    for lost in losses() {
        let table = Table::new().await;
        let (ann, id) = (caller("ann"), table.team().await);
        let first = table.invite_address(&ann, &id, "dan@example.com").await;

        table.inject_into(WRITE, lost);
        let renewed = table.invite_address(&caller("bob"), &id, "dan@example.com").await;

        assert!(renewed.is_renewal);
        assert_eq!(renewed.invitation.created_at, first.invitation.created_at);
        assert_eq!(number(&table.organization_item(&id).await, "version"), 5);
        assert_eq!(refusal(table.accept("dan", &first).await), "invitation_not_found");
        table.accept("dan", &renewed).await.unwrap();
    }
}

/// The answer is the one that was true when the invitation was made.
#[tokio::test]
async fn an_invitation_is_answered_even_if_others_revoke_it_or_demote_the_inviter_meanwhile() {
    let table = Table::new().await;
    let (bob, id) = (caller("bob"), table.team().await);

    let revoke = then_lost(&table, &id, async |store, id| {
        let listed = store.list_invitations(&caller("ann"), &id, 9, None).await.unwrap().items;
        store.revoke_invitation(&caller("ann"), &id, &listed[0].id, &ANY).await.unwrap();
    });
    table.inject_into(WRITE, [revoke, Fault::None, Fault::Conflict]);
    let issued = table.invite_address(&bob, &id, "dan@example.com").await;
    assert!(!issued.is_renewal && table.pending(&bob, &id).await.is_empty());

    let demote = then_lost(&table, &id, async |store, id| {
        store.update_member(&caller("ann"), &id, &user("bob"), Role::Member, &ANY).await.unwrap();
    });
    table.inject_into(WRITE, [demote, Fault::None, Fault::Conflict]);
    let issued = table.invite_address(&bob, &id, "dan@example.com").await;
    assert!(!issued.is_renewal);
    assert_eq!(table.pending(&caller("ann"), &id).await, [issued.invitation.id]);
    assert_eq!(number(&table.organization_item(&id).await, "version"), 7);
}

/// The same as `then`, but the answer is lost.
fn then_lost<F>(table: &Table, id: &OrganizationId, others: impl FnOnce(Store, OrganizationId) -> F) -> Fault
where
    F: Future<Output = ()> + Send + 'static,
{
    match then(table, id, others) {
        Fault::AnswerAfter(others) => Fault::LostAnswerAfter(others),
        other => other,
    }
}

#[tokio::test]
async fn an_invitation_is_accepted_once_and_the_first_request_is_told_so() {
    for lost in losses() {
        let table = Table::new().await;
        let id = table.team().await;
        let issued = table.invite(&caller("ann"), &id, Role::Owner).await;

        table.inject_into(WRITE, lost);
        let joined = table.accept("dan", &issued).await.unwrap();

        assert!(!joined.is_replayed);
        assert_eq!((joined.member.role, joined.member.added_by.clone()), (Role::Owner, caller("ann")));
        let item = table.organization_item(&id).await;
        assert_eq!((number(&item, "version"), number(&item, "memberCount")), (5, 4));
        assert_eq!(table.get_member(&caller("ann"), &id, &user("dan")).await.unwrap(), joined.member);
        let again = table.accept("dan", &issued).await.unwrap();
        assert!(again.is_replayed && again.member == joined.member);
        table.expect_no_fault().await;
    }
}

#[tokio::test]
async fn an_acceptance_is_answered_even_if_the_member_or_the_organization_is_gone_meanwhile() {
    let table = Table::new().await;
    let id = table.team().await;
    let ann = caller("ann");
    let [first, second] = [
        table.invite_address(&ann, &id, "dan@example.com").await,
        table.invite(&ann, &id, Role::Admin).await,
    ];

    // The address is invited again, so the stored invitation has another token.
    let remove = then_lost(&table, &id, async |store, id| {
        store.remove_member(&caller("ann"), &id, &user("dan"), &ANY).await.unwrap();
        let new = invitation(Some("dan@example.com"), Role::Member);
        store.create_invitation(&caller("ann"), &id, new, &ANY).await.unwrap();
    });
    table.inject_into(WRITE, [remove, Fault::None, Fault::None, Fault::Conflict]);
    let joined = table.accept("dan", &first).await.unwrap();
    assert_eq!((joined.is_replayed, joined.member.role), (false, Role::Member));
    assert!(table.member_item("dan", &id).await.is_none());
    assert_eq!(refusal(table.accept("dan", &first).await), "invitation_not_found");

    let delete = then_lost(&table, &id, delete);
    table.inject_into(WRITE, [delete, Fault::Conflict]);
    let joined = table.accept("eve", &second).await.unwrap();
    assert_eq!((joined.is_replayed, joined.member.role), (false, Role::Admin));
    assert_eq!(refusal(table.accept("eve", &second).await), "invitation_not_found");
    table.expect_no_fault().await;
}

#[tokio::test]
async fn an_invitation_is_revoked_once() {
    for lost in losses() {
        let table = Table::new().await;
        let (ann, id) = (caller("ann"), table.team().await);
        let issued = table.invite(&ann, &id, Role::Member).await;

        table.inject_into("BatchGetItem", [Fault::LostAnswer]);
        table.inject_into(WRITE, lost);
        let at = Preconditions::if_match(vec![4]);
        let revoked = table.revoke_invitation(&ann, &id, &issued.invitation.id, &at).await.unwrap();

        assert_eq!(revoked.id, issued.invitation.id);
        assert_eq!(number(&table.organization_item(&id).await, "version"), 5);
        assert_eq!(refusal(table.preview_invitation(&token(&issued)).await), "invitation_not_found");
    }
}

/// All answers are lost, so the outcome is unknown. A repeated request finds the write done.
#[tokio::test]
async fn a_repeated_request_finds_an_unacknowledged_write_done() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    let lost = || (0..3).map(|_| Fault::LostAnswer);
    let new = || invitation(Some("dan@example.com"), Role::Member);

    table.inject_into(WRITE, lost());
    let unknown = table.create_invitation(&ann, &id, new(), &ANY).await;
    assert_eq!(refusal(unknown), "service_unavailable");
    let issued = table.create_invitation(&ann, &id, new(), &ANY).await.unwrap();
    assert!(issued.is_renewal && table.pending(&ann, &id).await.len() == 1);

    table.inject_into(WRITE, lost());
    assert_eq!(refusal(table.accept("dan", &issued).await), "service_unavailable");
    let joined = table.accept("dan", &issued).await.unwrap();
    assert_eq!((joined.is_replayed, joined.member.user_id.as_str()), (true, "dan"));

    let link = table.invite(&ann, &id, Role::Member).await.invitation.id;
    table.inject_into(WRITE, lost());
    let unknown = table.revoke_invitation(&ann, &id, &link, &ANY).await;
    assert_eq!(refusal(unknown), "service_unavailable");
    let again = table.revoke_invitation(&ann, &id, &link, &ANY).await;
    assert_eq!(refusal(again), "invitation_not_found");
    assert_eq!(number(&table.organization_item(&id).await, "version"), 8);
    table.expect_no_fault().await;
}

/// `conflict` would claim that nothing was changed.
#[tokio::test]
async fn a_conflict_after_an_unacknowledged_attempt_is_reported_as_unavailable() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    let issued = table.invite(&ann, &id, Role::Member).await;

    table.inject_into(WRITE, [Fault::LostAnswer, Fault::Conflict]);
    table.inject_into("TransactGetItems", (0..5).map(|_| Fault::Conflict));
    assert_eq!(refusal(table.accept("dan", &issued).await), "service_unavailable");
    assert!(table.member_item("dan", &id).await.is_some());
    table.proxy.end();
    table.inject_into(WRITE, (0..5).map(|_| Fault::Conflict));
    let refused = table.create_invitation(&ann, &id, invitation(None, Role::Member), &ANY).await;
    assert_eq!(refusal(refused), "conflict");
    assert_eq!(number(&table.organization_item(&id).await, "version"), 5);
}
