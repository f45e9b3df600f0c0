//! At most 100 invitations of an organization are pending, whoever invites, revokes and accepts at the same time.

use crate::invitations::{accept, expire, invitation};
use crate::table::{ANY, Table, caller, number, put, refusal, user};
use futures_util::future::join_all;
use shared::model::{IssuedInvitation, OrganizationId, Role};
use support::faults::Fault;

/// An organization with this number of pending invitations. Those of two addresses, `a` and `b`, are returned.
async fn with_pending(count: usize) -> (Table, OrganizationId, Vec<IssuedInvitation>) {
    let table = Table::new().await;
    let id = table.team().await;
    let ann = caller("ann");
    let own = vec![
        table.invite_address(&ann, &id, "a@example.com").await,
        table.invite_address(&ann, &id, "b@example.com").await,
    ];
    table.fill_with_invitations(&id, &own[0], count - 1).await;
    assert_eq!(table.pending(&ann, &id).await.len(), count);
    (table, id, own)
}

/// Returns true for a renewal, or the error.
async fn try_to_invite(table: &Table, id: &OrganizationId, email: Option<&str>) -> Result<bool, String> {
    let issued = table.create_invitation(&caller("bob"), id, invitation(email, Role::Member), &ANY).await;
    match issued {
        Ok(issued) => Ok(issued.is_renewal),
        refused => Err(refusal(refused)),
    }
}

const FULL: &str = "too_many_invitations";

#[tokio::test]
async fn the_hundredth_pending_invitation_is_the_last() {
    let (table, id, own) = with_pending(99).await;

    assert_eq!(try_to_invite(&table, &id, None).await, Ok(false));
    let before = table.organization_item(&id).await;
    assert_eq!(try_to_invite(&table, &id, None).await, Err(FULL.to_owned()));
    assert_eq!(try_to_invite(&table, &id, Some("c@example.com")).await, Err(FULL.to_owned()));
    assert_eq!(table.organization_item(&id).await, before);
    // A renewal is not another one.
    assert_eq!(try_to_invite(&table, &id, Some("a@example.com")).await, Ok(true));
    assert_eq!(table.pending(&caller("ann"), &id).await.len(), 100);

    // One that expired, one that was accepted and one that was revoked each leave room for another one.
    table.expire(&own[1]).await;
    assert_eq!(try_to_invite(&table, &id, None).await, Ok(false));
    assert_eq!(try_to_invite(&table, &id, Some("b@example.com")).await, Err(FULL.to_owned()));
    let pending = table.pending(&caller("ann"), &id).await;
    let other = pending.iter().find(|pending| **pending != own[0].invitation.id).unwrap();
    table.revoke_invitation(&caller("ann"), &id, other, &ANY).await.unwrap();
    let link = table.invite(&caller("ann"), &id, Role::Member).await;
    assert_eq!(try_to_invite(&table, &id, None).await, Err(FULL.to_owned()));
    table.accept("dan", &link).await.unwrap();
    assert_eq!(try_to_invite(&table, &id, Some("b@example.com")).await, Ok(false));
    assert_eq!(try_to_invite(&table, &id, None).await, Err(FULL.to_owned()));
    table.expect_no_fault().await;
}

/// TTL may remove expired invitations days late. The query that counts the pending ones reads them all.
#[tokio::test]
async fn expired_invitations_are_not_counted_however_many_are_stored() {
    let (table, id, own) = with_pending(99).await;
    table.expire(&own[1]).await;
    table.fill_with_invitations(&id, &own[1], 1200).await;

    assert_eq!(table.pending_of_all_pages(&id).await, 98);
    assert_eq!(try_to_invite(&table, &id, None).await, Ok(false));
    assert_eq!(try_to_invite(&table, &id, None).await, Ok(false));
    assert_eq!(try_to_invite(&table, &id, None).await, Err(FULL.to_owned()));
}

/// At the limit too, a member's address gets the error that revoking another invitation would not end.
#[tokio::test]
async fn the_address_of_a_member_is_refused_as_such_even_at_the_limit() {
    let (table, id, own) = with_pending(99).await;
    table.accept("dan", &own[0]).await.unwrap();
    table.invite(&caller("ann"), &id, Role::Member).await;
    table.invite(&caller("ann"), &id, Role::Member).await;

    assert_eq!(
        try_to_invite(&table, &id, Some("a@example.com")).await,
        Err("member_already_exists".to_owned())
    );
    table.remove_member(&caller("ann"), &id, &user("dan"), &ANY).await.unwrap();
    assert_eq!(try_to_invite(&table, &id, Some("a@example.com")).await, Err(FULL.to_owned()));
}

/// Those that are made or renewed at the same moment refuse each other, so some give up with a conflict.
#[tokio::test]
async fn of_many_invitations_at_once_none_exceeds_the_limit() {
    let (table, id, _) = with_pending(95).await;

    let outcomes = join_all((0..20).map(|_| try_to_invite(&table, &id, None))).await;

    let made = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let pending = table.pending(&caller("ann"), &id).await.len();
    assert_eq!((made, pending), (5, 100), "{outcomes:?}");
    for refused in outcomes.into_iter().filter_map(Result::err) {
        assert!(["conflict", FULL].contains(&refused.as_str()), "{refused}");
    }
    table.expect_no_fault().await;
}

/// Between the count and the write, others use up the room: the count is made again.
#[tokio::test]
async fn the_room_that_others_take_after_the_count_is_not_used_twice() {
    let (table, id, _) = with_pending(98).await;
    let (store, organization) = (table.store.clone(), id.clone());
    table.inject_into(
        "Query",
        [Fault::AnswerAfter(Box::pin(async move {
            for _ in 0..2 {
                let new = invitation(None, Role::Member);
                store.create_invitation(&caller("ann"), &organization, new, &ANY).await.unwrap();
            }
        }))],
    );
    assert_eq!(try_to_invite(&table, &id, None).await, Err(FULL.to_owned()));
    assert_eq!(table.pending(&caller("ann"), &id).await.len(), 100);
}

#[tokio::test]
async fn the_room_that_others_leave_after_the_count_is_found() {
    let (table, id, own) = with_pending(100).await;
    let (store, first) = (table.store.clone(), own[0].clone());
    let accepted = Fault::AnswerAfter(Box::pin(async move {
        accept(&store, "dan", &first).await.unwrap();
    }));
    table.inject_into("Query", [accepted]);
    assert_eq!(try_to_invite(&table, &id, None).await, Ok(false));
    assert_eq!(table.pending(&caller("ann"), &id).await.len(), 100);

    // A revocation and another invitation keep it full, at another version.
    let (store, organization, second) = (table.store.clone(), id.clone(), own[1].invitation.id.clone());
    let exchanged = Fault::AnswerAfter(Box::pin(async move {
        let ann = caller("ann");
        store.revoke_invitation(&ann, &organization, &second, &ANY).await.unwrap();
        let new = invitation(None, Role::Member);
        store.create_invitation(&ann, &organization, new, &ANY).await.unwrap();
    }));
    table.inject_into("Query", [exchanged]);
    assert_eq!(try_to_invite(&table, &id, None).await, Err(FULL.to_owned()));
    assert_eq!(table.pending(&caller("ann"), &id).await.len(), 100);
}

/// An invitation expires without a write. Its renewal makes it pending again, like a new one.
#[tokio::test]
async fn a_renewal_of_one_that_expires_meanwhile_uses_no_room_that_another_one_took() {
    let (table, id, own) = with_pending(100).await;
    let (client, store, organization, first) =
        (table.client.clone(), table.store.clone(), id.clone(), own[0].clone());
    let replaced = Fault::AnswerAfter(Box::pin(async move {
        expire(&client, &first).await;
        let new = invitation(None, Role::Member);
        store.create_invitation(&caller("ann"), &organization, new, &ANY).await.unwrap();
    }));
    table.inject_into("Query", [replaced]);
    assert_eq!(try_to_invite(&table, &id, Some("a@example.com")).await, Err(FULL.to_owned()));
    assert_eq!(table.pending(&caller("ann"), &id).await.len(), 100);
}

/// The count saw room because an invitation had expired. Meanwhile, a request that read it before renews it.
#[tokio::test]
async fn a_new_one_uses_no_room_that_a_renewal_took_meanwhile() {
    let (table, id, own) = with_pending(100).await;
    let item = table.invitation_item(&id, &own[0].invitation.id).await.unwrap();
    table.expire(&own[0]).await;
    let (client, store, organization) = (table.client.clone(), table.store.clone(), id.clone());
    let renewed = Fault::AnswerAfter(Box::pin(async move {
        put(&client, item).await;
        let new = invitation(Some("a@example.com"), Role::Member);
        assert!(store.create_invitation(&caller("ann"), &organization, new, &ANY).await.unwrap().is_renewal);
    }));
    table.inject_into("Query", [renewed]);
    assert_eq!(try_to_invite(&table, &id, None).await, Err(FULL.to_owned()));
    assert_eq!(table.pending(&caller("ann"), &id).await.len(), 100);
    assert_eq!(number(&table.organization_item(&id).await, "invitationsCreated"), 3);
}
