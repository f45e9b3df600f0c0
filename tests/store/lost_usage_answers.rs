//! A report without a key whose answer is lost is counted once, and answered as it was recorded. If that cannot be
//! told any more, the answer is 503.

use crate::table::{Table, text};
use crate::usage::{limit, partial, record, report, units};
use aws_sdk_dynamodb::types::AttributeValue::L;
use futures_util::future::join_all;
use shared::model::{OrganizationId, Report};
use support::faults::Fault;

/// Faults after which DynamoDB has made the write and the store does not know it.
const MADE: [fn() -> Fault; 3] = [
    || Fault::LostAnswer,
    || Fault::CutAnswer,
    || Fault::Misreported(500, r#"{"__type":"InternalServerError"}"#.to_owned()),
];

/// Faults after which DynamoDB has not made the write and the store does not know it.
const NOT_MADE: [fn() -> Fault; 2] =
    [|| Fault::Closed, || Fault::Answer(500, r#"{"__type":"InternalServerError"}"#.to_owned())];

/// A kind of report, and what becomes of it.
#[derive(Debug, Clone, Copy)]
struct Kind {
    sent: Report,
    /// The total before it, of 110 units.
    used: u64,
    /// How many attempts are refused before one records it.
    refused: usize,
    recorded: i64,
}

fn kind(sent: Report, used: u64, refused: usize, recorded: i64) -> Kind {
    Kind { sent, used, refused, recorded }
}

impl Kind {
    fn all() -> [Self; 9] {
        [
            kind(units(20), 0, 1, 20),
            kind(partial(200), 0, 1, 110),
            kind(units(-5), 0, 1, 0),
            kind(units(20), 90, 0, 20),
            kind(record(200), 90, 0, 200),
            kind(partial(20), 90, 0, 20),
            kind(partial(200), 90, 1, 20),
            kind(units(-30), 90, 0, -30),
            kind(units(-200), 90, 1, -90),
        ]
    }

    /// The total with it and so many other units.
    fn total(self, others: u64) -> u64 {
        self.used.saturating_add_signed(self.recorded) + others
    }

    /// Its answer after so many other units.
    fn answer(self, others: u64) -> String {
        format!("{} of {}", self.recorded, self.total(others))
    }

    /// An organization of which the total is as before it.
    async fn place(self, table: &Table) -> OrganizationId {
        let id = table.metered().await;
        if self.used > 0 {
            table.report(&id, units(self.used.into())).await;
        }
        id
    }
}

/// Runs the same check for each kind of report, at once.
async fn with_each_kind(check: impl AsyncFn(Table, Kind)) {
    let check = &check;
    join_all(Kind::all().map(|kind| async move { check(Table::new().await, kind).await })).await;
}

/// Lets `refused` attempts be executed and answered, and applies these faults to the next ones.
fn inject(table: &Table, refused: usize, faults: impl IntoIterator<Item = Fault>) {
    table.inject_into("UpdateItem", (0..refused).map(|_| Fault::None));
    table.inject_into("UpdateItem", faults);
}

#[tokio::test]
async fn every_report_with_a_lost_answer_is_counted_once() {
    with_each_kind(async |table, kind| {
        for (number, fault) in MADE.into_iter().chain(NOT_MADE).enumerate() {
            let id = kind.place(&table).await;
            inject(&table, kind.refused, (0..=number % 2).map(|_| fault()));
            assert_eq!(table.report(&id, kind.sent).await, kind.answer(0), "{number}, {kind:?}");
            assert_eq!(table.used(&id).await, kind.total(0), "{number}, {kind:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_report_whose_answers_are_all_lost_is_counted_once() {
    with_each_kind(async |table, kind| {
        let id = kind.place(&table).await;
        inject(&table, kind.refused, (0..5).map(|_| Fault::LostAnswer));
        assert_eq!(table.report(&id, kind.sent).await, "service_unavailable", "{kind:?}");
        table.proxy.end();
        assert_eq!(table.used(&id).await, kind.total(0), "{kind:?}");
    })
    .await;
}

/// Other reports, of one unit each, between a lost answer and the next attempt.
fn others(table: &Table, id: &OrganizationId, count: u64) -> Fault {
    let (store, id) = (table.store.clone(), id.clone());
    Fault::LostAnswerAfter(Box::pin(async move {
        for number in 0..count {
            let key = (number == 3).then_some("k");
            assert!(report(&store, &id, record(1), key).await.starts_with("1 of "));
        }
    }))
}

#[tokio::test]
async fn a_report_with_a_lost_answer_is_recognized_after_seven_others() {
    let table = Table::new().await;
    for kind in Kind::all() {
        let id = kind.place(&table).await;
        inject(&table, kind.refused, [others(&table, &id, 7)]);
        assert_eq!(table.report(&id, kind.sent).await, kind.answer(7), "{kind:?}");
        assert_eq!(table.used(&id).await, kind.total(7), "{kind:?}");
    }
}

#[tokio::test]
async fn a_report_that_may_be_forgotten_is_left_in_doubt_and_never_counted_twice() {
    let table = Table::new().await;
    for kind in Kind::all() {
        for count in [8, 11] {
            let id = kind.place(&table).await;
            inject(&table, kind.refused, [others(&table, &id, count)]);
            assert_eq!(table.report(&id, kind.sent).await, "service_unavailable", "{kind:?}");
            assert_eq!(table.used(&id).await, kind.total(count), "{kind:?}");
        }
    }
}

/// It cannot be told from one that was recorded and forgotten.
#[tokio::test]
async fn a_report_that_was_not_recorded_is_left_in_doubt_after_eight_others() {
    let table = Table::new().await;
    for fault in NOT_MADE {
        let id = table.metered().await;
        for _ in 0..8 {
            table.report(&id, units(1)).await;
        }
        table.inject_into("UpdateItem", [fault()]);
        assert_eq!(table.report(&id, units(5)).await, "service_unavailable");
        assert_eq!(table.used(&id).await, 8);
        // A report that DynamoDB refused to execute is not in doubt.
        table.inject_into("UpdateItem", [Fault::exception("ThrottlingException"), Fault::Conflict]);
        assert_eq!(table.report(&id, units(5)).await, "5 of 13");
    }
}

/// Reports made more than 20 seconds before the request cannot have followed it.
#[tokio::test]
async fn earlier_reports_leave_no_doubt() {
    let table = Table::new().await;
    let id = table.metered().await;
    assert_eq!(table.report(&id, units(90)).await, "90 of 90");
    let mut item = table.usage_item(&id).await.unwrap();
    let early = |number| text(&format!("0000000000000000000000000{number}"));
    item.insert("lastMutations".into(), L((0..8).map(early).collect()));
    table.put(item).await;
    for (fault, total) in NOT_MADE.into_iter().chain(MADE).zip(91..) {
        table.inject_into("UpdateItem", [fault()]);
        assert_eq!(table.report(&id, units(1)).await, format!("1 of {total}"));
    }
}

/// Between the report and its repetition, a change of the limit and a report under it.
#[tokio::test]
async fn a_report_with_a_lost_answer_is_recognized_after_the_limit_was_lowered() {
    let table = Table::new().await;
    for kind in Kind::all() {
        let id = kind.place(&table).await;
        let (store, organization) = (table.store.clone(), id.clone());
        let lowered = Fault::LostAnswerAfter(Box::pin(async move {
            limit(store.clone(), organization.clone(), 0).await;
            assert!(report(&store, &organization, record(1), None).await.starts_with("1 of "));
        }));
        inject(&table, kind.refused, [lowered]);
        assert_eq!(table.report(&id, kind.sent).await, kind.answer(1), "{kind:?}");
        assert_eq!(table.used(&id).await, kind.total(1), "{kind:?}");
    }
}

/// Old builds of DynamoDB Local return no items with a refusal, so the store cannot see that its report was
/// recorded.
#[tokio::test]
async fn a_report_with_a_lost_answer_is_recognized_after_a_refusal_without_the_item() {
    with_each_kind(async |table, kind| {
        let id = kind.place(&table).await;
        inject(&table, kind.refused, [Fault::LostAnswer, Fault::WithoutItems]);
        assert_eq!(table.report(&id, kind.sent).await, kind.answer(0), "{kind:?}");
        assert_eq!(table.used(&id).await, kind.total(0), "{kind:?}");
    })
    .await;
}

#[tokio::test]
async fn a_refusal_without_the_item_is_not_read_as_a_period_without_reports() {
    with_each_kind(async |table, kind| {
        let id = kind.place(&table).await;
        table.inject_into("UpdateItem", (0..=kind.refused).map(|_| Fault::WithoutItems));
        assert_eq!(table.report(&id, kind.sent).await, kind.answer(0), "{kind:?}");
        assert_eq!(table.used(&id).await, kind.total(0), "{kind:?}");
    })
    .await;
}
