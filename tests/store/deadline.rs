//! A DynamoDB that stalls, throttles or is contended for longer than there is time.

use crate::table::{ANY, Table, acme, number, refusal, user};
use futures_util::{FutureExt as _, future::join_all};
use shared::edge::FUNCTION_TIMEOUT;
use shared::error::Error;
use shared::model::{
    IdempotencyKey, MaxOverages, OrganizationChanges, OrganizationId, OrganizationName, Role,
};
use shared::store::deadline::within;
use shared::store::meter::measure;
use std::iter::repeat_with;
use std::time::{Duration, Instant};
use support::faults::Fault;

/// Longer than two attempts at a DynamoDB that stalls, and not for three.
const FIVE_SECONDS: Duration = Duration::from_secs(5);

/// The part of a function's time that is kept for the response.
const RESPONSE_MARGIN: Duration = Duration::from_millis(500);

/// For the work of a request.
const WORK_TIMEOUT: Duration = FUNCTION_TIMEOUT.saturating_sub(RESPONSE_MARGIN);

/// Does `work` within `time`, to which it is held, and gives its error and how often it asked.
async fn refused<T>(time: Duration, work: impl Future<Output = Result<T, Error>>) -> (String, u32) {
    let started = Instant::now();
    let (result, usage) = measure(within(time, work)).await;
    assert!(started.elapsed() < time + RESPONSE_MARGIN, "{:?} of {time:?}", started.elapsed());
    (refusal(result), usage.requests)
}

fn rename() -> OrganizationChanges {
    OrganizationChanges { name: OrganizationName::parse("B").ok(), domain: None }
}

fn throttling() -> impl Iterator<Item = Fault> {
    repeat_with(|| Fault::exception("ThrottlingException"))
}

/// Each operation at the same moment: what it is refused with, and how often it asked.
async fn all_refused(table: &Table, id: &OrganizationId, time: Duration) -> Vec<(String, u32)> {
    let (ann, bob, cyd) = (&user("ann"), &user("bob"), &user("cyd"));
    // Boxed, as one future of all would be too large for a test's stack.
    join_all([
        refused(time, table.create_organization(ann, acme(), None)).boxed_local(),
        refused(time, table.list_organizations(ann, 1000, None)).boxed_local(),
        refused(time, table.get_organization(ann, id)).boxed_local(),
        refused(time, table.update_organization(ann, id, rename(), &ANY)).boxed_local(),
        refused(time, table.set_max_overages(ann, id, MaxOverages::UNLIMITED, &ANY)).boxed_local(),
        refused(time, table.add_member(ann, id, user("dan"), Role::Member, &ANY)).boxed_local(),
        refused(time, table.update_member(ann, id, bob, Role::Member, &ANY)).boxed_local(),
        refused(time, table.list_members(ann, id, 1000, None)).boxed_local(),
        refused(time, table.remove_member(ann, id, cyd, &ANY)).boxed_local(),
    ])
    .await
}

#[tokio::test]
async fn a_dynamodb_that_stalls_or_throttles_is_given_up_in_time() {
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
        assert_eq!(table.size().await, 7);
    }
}

#[tokio::test]
async fn nothing_is_begun_that_there_is_no_time_for() {
    let table = Table::new().await;
    let id = table.team().await;
    for answer in all_refused(&table, &id, Duration::from_millis(900)).await {
        assert_eq!(answer, ("service_unavailable".to_owned(), 0));
    }
    assert_eq!(number(&table.organization_item(&id).await, "version"), 3);
    assert_eq!(table.size().await, 7);
}

/// The refusal is certain; a write that is cut off is not.
#[tokio::test]
async fn what_was_refused_is_not_tried_again_without_time_for_a_whole_attempt() {
    let table = Table::new().await;
    let (ann, key) = (user("ann"), IdempotencyKey::parse("k").ok());
    let id = table.organization_of(&ann).await.id;
    let time = Duration::from_millis(2900);

    table.inject([Fault::canceled(["TransactionConflict", "None", "None"])]);
    let answer = refused(time, table.add_member(&ann, &id, user("bob"), Role::Member, &ANY)).await;
    assert_eq!(answer, ("conflict".to_owned(), 1));
    table.inject([Fault::exception("TransactionConflictException")]);
    let answer = refused(time, table.update_organization(&ann, &id, rename(), &ANY)).await;
    assert_eq!(answer, ("conflict".to_owned(), 1));
    table.inject([Fault::canceled(["None", "None", "None", "TransactionConflict"])]);
    let answer = refused(time, table.create_organization(&ann, acme(), key.as_ref())).await;
    assert_eq!(answer, ("idempotency_in_progress".to_owned(), 1));

    table.inject([Fault::Unprocessed]);
    let answer = refused(time, table.get_organization(&ann, &id)).await;
    assert_eq!(answer, ("service_unavailable".to_owned(), 1));
}

#[tokio::test]
async fn a_write_that_is_done_is_answered_though_reading_for_the_answer_fails_at_first() {
    let table = Table::new().await;
    let (ann, bob) = (user("ann"), user("bob"));
    let id = table.team().await;

    table.inject_into("GetItem", throttling().take(3));
    let removed = within(WORK_TIMEOUT, table.remove_member(&ann, &id, &bob, &ANY)).await.unwrap();
    assert_eq!((removed.version, removed.member_count), (4, 2));
}

#[tokio::test]
async fn a_write_whose_answer_cannot_be_read_first_is_not_made() {
    let table = Table::new().await;
    let (ann, cyd) = (user("ann"), user("cyd"));
    let id = table.team().await;

    table.inject_into("BatchGetItem", throttling().take(3));
    let (code, _) = refused(WORK_TIMEOUT, table.update_member(&ann, &id, &cyd, Role::Admin, &ANY)).await;
    assert_eq!(code, "service_unavailable");
    assert_eq!(number(&table.organization_item(&id).await, "version"), 3);
}

/// What remains of "a request that failed changed nothing": DynamoDB does as asked and does not say
/// so for all the time there is. Whoever asks again learns that it is done.
#[tokio::test]
async fn a_write_that_dynamodb_is_silent_about_is_unavailable_and_its_repetition_converges() {
    let table = Table::new().await;
    let (ann, bob) = (user("ann"), user("bob"));
    let id = table.team().await;
    let (time, key) = (Duration::from_millis(1500), IdempotencyKey::parse("k").ok());

    table.inject([Fault::Silence]);
    let (code, _) = refused(time, table.create_organization(&ann, acme(), key.as_ref())).await;
    assert_eq!(code, "service_unavailable");
    let created = table.create_organization(&ann, acme(), key.as_ref()).await.unwrap();
    let listed = table.list_organizations(&ann, 9, None).await.unwrap().items;
    assert_eq!((listed.len(), listed.last()), (2, Some(&created)));

    table.inject_into("GetItem", [Fault::Stall]);
    assert_eq!(refused(time, table.remove_member(&ann, &id, &bob, &ANY)).await.0, "service_unavailable");
    assert_eq!(refusal(table.remove_member(&ann, &id, &bob, &ANY).await), "member_not_found");
    assert_eq!(number(&table.organization_item(&id).await, "memberCount"), 2);
}
