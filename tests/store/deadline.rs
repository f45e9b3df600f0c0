//! A DynamoDB that stalls, throttles or has conflicts for longer than the time limit.

use crate::invitations::invitation;
use crate::table::{ANY, Table, acme, caller, number, refusal, user};
use futures_util::{FutureExt as _, future::join_all};
use shared::edge::FUNCTION_TIMEOUT;
use shared::error::Error;
use shared::model::{
    IdempotencyKey, InvitationId, InvitationToken, Invitee, MaxOverages, OrganizationChanges, OrganizationId,
    OrganizationName, Role,
};
use shared::store::deadline::within;
use shared::store::meter::measure;
use std::iter::repeat_with;
use std::time::{Duration, Instant};
use support::faults::Fault;

/// Enough for two attempts at a stalling DynamoDB, but not for three.
const FIVE_SECONDS: Duration = Duration::from_secs(5);

/// The part of a function's time that is reserved for the response.
const RESPONSE_MARGIN: Duration = Duration::from_millis(500);

/// The time limit of a request's work.
const WORK_TIMEOUT: Duration = FUNCTION_TIMEOUT.saturating_sub(RESPONSE_MARGIN);

/// Runs `work` with a time limit, which it must keep. Returns its error and the number of its requests.
async fn refused<T>(time: Duration, work: impl Future<Output = Result<T, Error>>) -> (String, u32) {
    let started = Instant::now();
    let (result, usage) = measure(within(time, work)).await;
    assert!(started.elapsed() < time + RESPONSE_MARGIN, "{:?} of {time:?}", started.elapsed());
    (refusal(result), usage.requests)
}

fn rename() -> OrganizationChanges {
    OrganizationChanges { name: OrganizationName::parse("B").ok(), ..OrganizationChanges::default() }
}

fn throttling() -> impl Iterator<Item = Fault> {
    repeat_with(|| Fault::exception("ThrottlingException"))
}

/// Runs all operations concurrently. Returns the error and the number of requests of each.
async fn all_refused(table: &Table, id: &OrganizationId, time: Duration) -> Vec<(String, u32)> {
    let (ann, bob, cyd, dan) = (&caller("ann"), &user("bob"), &user("cyd"), &user("dan"));
    let (invited, new) = (&InvitationId::generate(), || invitation(None, Role::Member));
    let token = &InvitationToken::generate(id, invited).unwrap();
    // Boxed, because all futures in one would be too large for a test's stack.
    join_all([
        refused(time, table.create(ann, acme(), None)).boxed_local(),
        refused(time, table.list_organizations(&user("ann"), false, 1000, None)).boxed_local(),
        refused(time, table.get_organization(ann, id)).boxed_local(),
        refused(time, table.update_organization(ann, id, rename(), &ANY)).boxed_local(),
        refused(time, table.set_max_overages(ann, id, MaxOverages::UNLIMITED, &ANY)).boxed_local(),
        refused(time, table.add(id, "dan", Role::Member, &ANY)).boxed_local(),
        refused(time, table.update_member(ann, id, bob, Role::Member, &ANY)).boxed_local(),
        refused(time, table.list_members(ann, id, 1000, None)).boxed_local(),
        refused(time, table.get_member(ann, id, cyd)).boxed_local(),
        refused(time, table.remove_member(ann, id, cyd, &ANY)).boxed_local(),
        refused(time, table.delete_organization(ann, id, &ANY)).boxed_local(),
        refused(time, table.restore_organization(ann, id, &ANY)).boxed_local(),
        refused(time, table.create_invitation(ann, id, new(), &ANY)).boxed_local(),
        refused(time, table.list_invitations(ann, id, 1000, None)).boxed_local(),
        refused(time, table.revoke_invitation(ann, id, invited, &ANY)).boxed_local(),
        refused(time, table.preview_invitation(token)).boxed_local(),
        refused(time, table.accept_invitation(dan, &Invitee::Anyone, token)).boxed_local(),
    ])
    .await
}

#[tokio::test]
async fn retries_against_a_stalling_or_throttling_dynamodb_end_before_the_deadline() {
    for fault in [|| Fault::Stall, || Fault::exception("ThrottlingException")] {
        let table = Table::new().await;
        let id = table.team().await;
        table.inject(repeat_with(fault).take(1000));
        let short = Duration::from_millis(1200);
        let (long, short) =
            tokio::join!(all_refused(&table, &id, FIVE_SECONDS), all_refused(&table, &id, short));
        for (code, requests) in long.into_iter().chain(short) {
            assert_eq!(code, "service_unavailable");
            assert!((1..=6).contains(&requests), "{requests}");
        }
        table.proxy.end();
        assert_eq!(number(&table.organization_item(&id).await, "version"), 3);
        assert_eq!(table.size().await, 8);
    }
}

#[tokio::test]
async fn no_request_starts_without_enough_time() {
    let table = Table::new().await;
    let id = table.team().await;
    for answer in all_refused(&table, &id, Duration::from_millis(900)).await {
        assert_eq!(answer, ("service_unavailable".to_owned(), 0));
    }
    assert_eq!(number(&table.organization_item(&id).await, "version"), 3);
    assert_eq!(table.size().await, 8);
}

/// A refusal is definite. A retry that is cut off would leave the write in doubt.
#[tokio::test]
async fn a_refused_request_is_not_retried_without_time_for_a_whole_attempt() {
    let table = Table::new().await;
    let (ann, key) = (caller("ann"), IdempotencyKey::parse("k").ok());
    let id = table.organization_of(&ann).await.id;
    let time = Duration::from_millis(2900);
    // After a conflict, further requests read whether the caller may know of the organization: others must get
    // another error.

    table.inject([Fault::canceled(["TransactionConflict", "None", "None"])]);
    let answer = refused(time, table.add(&id, "bob", Role::Member, &ANY)).await;
    assert_eq!(answer, ("conflict".to_owned(), 2));
    table.inject([Fault::exception("TransactionConflictException")]);
    let answer = refused(time, table.update_organization(&ann, &id, rename(), &ANY)).await;
    assert_eq!(answer, ("conflict".to_owned(), 3));
    table.inject([Fault::canceled(["None", "None", "None", "None", "TransactionConflict"])]);
    let answer = refused(time, table.create(&ann, acme(), key.as_ref())).await;
    assert_eq!(answer, ("idempotency_in_progress".to_owned(), 1));

    table.inject([Fault::Unprocessed]);
    let answer = refused(time, table.get_organization(&ann, &id)).await;
    assert_eq!(answer, ("service_unavailable".to_owned(), 1));
}

#[tokio::test]
async fn a_completed_write_is_answered_even_if_the_read_for_its_answer_fails_at_first() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.team().await;

    table.inject_into("GetItem", throttling().take(3));
    let removed = within(WORK_TIMEOUT, table.remove_member(&ann, &id, &user("bob"), &ANY)).await.unwrap();
    assert_eq!((removed.version, removed.member_count), (4, 2));
}

/// After the demotion, the organization's item no longer names the caller as an admin. So the store also
/// reads the caller's membership.
#[tokio::test]
async fn a_completed_write_is_answered_even_if_reading_the_callers_membership_fails_at_first() {
    let table = Table::new().await;
    let bob = caller("bob");
    let id = table.team().await;

    let (store, organization) = (table.store.clone(), id.clone());
    let demotion = Fault::AnswerAfter(Box::pin(async move {
        let ann = caller("ann");
        store.update_member(&ann, &organization, &user("bob"), Role::Member, &ANY).await.unwrap();
    }));
    table.inject_into("TransactWriteItems", [demotion]);
    table.inject_into("GetItem", [Fault::None].into_iter().chain(throttling().take(3)));
    let removed = within(WORK_TIMEOUT, table.remove_member(&bob, &id, &user("cyd"), &ANY)).await.unwrap();
    assert_eq!((removed.version, removed.role), (5, Some(Role::Member)));
}

/// The answer needs values that the write does not return, so they are read first.
#[tokio::test]
async fn a_write_is_not_made_if_the_read_before_it_fails() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.team().await;

    table.inject_into("BatchGetItem", throttling().take(3));
    let (code, _) =
        refused(WORK_TIMEOUT, table.update_member(&ann, &id, &user("cyd"), Role::Admin, &ANY)).await;
    assert_eq!(code, "service_unavailable");
    assert_eq!(number(&table.organization_item(&id).await, "version"), 3);
}

/// The exception to "a failed request changes nothing": DynamoDB executes the write but does not acknowledge
/// it in time. A repeated request finds it done.
#[tokio::test]
async fn an_unacknowledged_write_gets_503_and_a_repeated_request_finds_it_done() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.team().await;
    let (time, key) = (Duration::from_millis(1500), IdempotencyKey::parse("k").ok());

    table.inject([Fault::Silence]);
    let (code, _) = refused(time, table.create(&ann, acme(), key.as_ref())).await;
    assert_eq!(code, "service_unavailable");
    let created = table.create(&ann, acme(), key.as_ref()).await.unwrap().organization;
    let listed = table.list_organizations(&user("ann"), false, 9, None).await.unwrap().items;
    assert_eq!((listed.len(), listed.last()), (2, Some(&created)));

    table.inject_into("GetItem", [Fault::Stall]);
    assert_eq!(
        refused(time, table.remove_member(&ann, &id, &user("bob"), &ANY)).await.0,
        "service_unavailable"
    );
    assert_eq!(refusal(table.remove_member(&ann, &id, &user("bob"), &ANY).await), "member_not_found");
    assert_eq!(number(&table.organization_item(&id).await, "memberCount"), 2);
}
