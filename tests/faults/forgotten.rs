//! A report without an Idempotency-Key that DynamoDB did not answer, among others of the same period. The period's item
//! remembers the last 8 reports. If it may have forgotten the report, the function cannot tell whether it was recorded.

use functions::Operation;
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use shared::store::Store;
use support::database::{Database, store};
use support::event::Request;
use support::example::{Place, SERVICE};
use support::faults::Fault;
use support::in_process;
use support::proxy::Proxy;

/// How many reports a period's item remembers.
const REMEMBERED: u64 = 8;

/// A report of one unit, or a question for the total.
fn request(operation: Operation, place: &Place) -> Request {
    let request = Request::new(operation, SERVICE).of("organization_id", &place.organization);
    if operation == Operation::RecordUsage { request.body(json!({ "units": 1 })) } else { request }
}

/// An organization with a limit of 15 units.
async fn metered(store: &Store) -> Place {
    let place = Place::create(store, "ann").await;
    let set = Request::new(Operation::SetMaxOverages, "ann").of("organization_id", &place.organization);
    in_process::body(&set.body(json!({ "maxOverages": 15 })), store).await.unwrap();
    place
}

async fn report(store: &Store, place: &Place, times: u64) {
    for _ in 0..times {
        in_process::body(&request(Operation::RecordUsage, place), store).await.unwrap();
    }
}

/// Makes `before` reports, and one whose first write meets the fault. Returns its answer, and the total.
async fn among_others(
    before: u64,
    fault: impl FnOnce(Store, Place) -> Fault,
) -> (Result<Value, String>, u64) {
    let database = Database::start().await;
    let direct = store(database.url()).await;
    let place = metered(&direct).await;
    report(&direct, &place, before).await;
    let proxy = Proxy::start(database.url()).await;
    proxy.inject("UpdateItem", [fault(direct.clone(), place.clone())]);
    let answer = in_process::body(&request(Operation::RecordUsage, &place), &store(proxy.url()).await).await;
    assert!(proxy.actions().iter().filter(|action| *action == "UpdateItem").count() > 1, "not repeated");
    let usage = in_process::body(&request(Operation::GetUsage, &place), &direct).await.unwrap();
    (answer, usage["used"].as_u64().unwrap())
}

fn expect_in_doubt(answer: Result<Value, String>) {
    let error = answer.expect_err("an answer, though the report may be forgotten");
    assert!(error.contains("503") && error.contains("service_unavailable"), "{error}");
}

#[tokio::test]
async fn a_report_whose_answer_was_lost_counts_once_however_many_others_follow() {
    for others in [0, 1, REMEMBERED - 1, REMEMBERED, REMEMBERED + 1] {
        let fault = |store: Store, place: Place| {
            Fault::LostAnswerAfter(async move { report(&store, &place, others).await }.boxed())
        };
        let (answer, used) = among_others(1, fault).await;
        assert_eq!(used, 1 + 1 + others, "{others} others: {answer:?}");
        if others < REMEMBERED {
            let answer = answer.unwrap();
            assert_eq!((&answer["recorded"], &answer["used"]), (&json!(1), &json!(used)), "{others} others");
        } else {
            expect_in_doubt(answer);
        }
    }
}

/// The others are so recent that the report may have been one of those before them.
#[tokio::test]
async fn a_report_that_did_not_arrive_is_repeated_only_if_it_cannot_be_a_forgotten_one() {
    for before in [1, REMEMBERED - 1, REMEMBERED, REMEMBERED + 1] {
        let (answer, used) = among_others(before, |_, _| Fault::Closed).await;
        if before < REMEMBERED {
            assert_eq!((answer.unwrap()["recorded"].clone(), used), (json!(1), before + 1));
        } else {
            expect_in_doubt(answer);
            assert_eq!(used, before, "counted, but answered as in doubt");
        }
    }
}

/// A repetition may find other units to fit than the attempt before it. The answer is about the attempt that was
/// recorded.
#[tokio::test]
async fn a_partial_report_answers_what_its_unanswered_attempt_recorded() {
    let database = Database::start().await;
    let direct = store(database.url()).await;
    let place = metered(&direct).await;
    report(&direct, &place, 12).await;
    let proxy = Proxy::start(database.url()).await;
    let mut writes = 0;
    // The first write is refused for want of room. The second takes what fits. The third, a repetition of it, does not
    // learn what there is, so the fourth asks for all.
    proxy.plan(move |action, _| {
        writes += usize::from(action == "UpdateItem");
        match (action, writes) {
            ("UpdateItem", 2) => Some(Fault::LostAnswer),
            ("UpdateItem", 3) => Some(Fault::WithoutItems),
            _ => None,
        }
    });
    let partial = request(Operation::RecordUsage, &place).body(json!({ "units": 4, "overLimit": "partial" }));
    let answer = in_process::body(&partial, &store(proxy.url()).await).await.unwrap();
    assert_eq!((&answer["recorded"], &answer["used"]), (&json!(3), &json!(15)), "{answer}");
}
