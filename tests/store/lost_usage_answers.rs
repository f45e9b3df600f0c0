//! A report without a key whose answer is lost is counted once, and answered as it was recorded. If that cannot be
//! told any more, the answer is 503.

use crate::table::{Table, number, text};
use crate::usage::{limit, partial, record, report, units};
use aws_sdk_dynamodb::types::AttributeValue::L;
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

/// An organization with 110 units, of which this number is used.
async fn used(table: &Table, used: u64) -> OrganizationId {
    let id = table.metered().await;
    if used > 0 {
        table.report(&id, units(used.into())).await;
    }
    id
}

/// Each kind of report, the total before it, the number of UpdateItem requests that are refused before one records
/// it, and its answer.
fn kinds() -> [(Report, u64, usize, &'static str); 9] {
    [
        (units(20), 0, 1, "20 of 20"),
        (partial(200), 0, 1, "110 of 110"),
        (units(-5), 0, 1, "0 of 0"),
        (units(20), 90, 0, "20 of 110"),
        (record(200), 90, 0, "200 of 290"),
        (partial(20), 90, 0, "20 of 110"),
        (partial(200), 90, 1, "20 of 110"),
        (units(-30), 90, 0, "-30 of 60"),
        (units(-200), 90, 1, "-90 of 0"),
    ]
}

#[tokio::test]
async fn every_report_with_a_lost_answer_is_counted_once() {
    let table = Table::new().await;
    for (sent, used, before, expected) in kinds() {
        for (number, fault) in MADE.into_iter().chain(NOT_MADE).enumerate() {
            let lost = 1 + number % 2;
            let id = self::used(&table, used).await;
            table.inject_into("UpdateItem", (0..before).map(|_| Fault::None));
            table.inject_into("UpdateItem", (0..lost).map(|_| fault()));
            assert_eq!(table.report(&id, sent).await, expected, "{sent:?} of {used}, {lost} lost");
            let total: u64 = expected.rsplit(' ').next().unwrap().parse().unwrap();
            assert_eq!(table.used(&id).await, total, "{sent:?} of {used}, {lost} lost");
        }
    }
}

#[tokio::test]
async fn a_report_whose_answers_are_all_lost_is_counted_once() {
    let table = Table::new().await;
    for (sent, used, before, expected) in kinds() {
        let id = self::used(&table, used).await;
        table.inject_into("UpdateItem", (0..before).map(|_| Fault::None));
        table.inject_into("UpdateItem", (before..5).map(|_| Fault::LostAnswer));
        assert_eq!(table.report(&id, sent).await, "service_unavailable", "{sent:?} of {used}");
        table.proxy.end();
        let total: u64 = expected.rsplit(' ').next().unwrap().parse().unwrap();
        assert_eq!(table.used(&id).await, total, "{sent:?} of {used}");
    }
}

/// Other reports, of one unit each, between a lost answer and the next attempt.
fn others(table: &Table, id: &OrganizationId, count: usize) -> Fault {
    let (store, id) = (table.store.clone(), id.clone());
    Fault::LostAnswerAfter(Box::pin(async move {
        for number in 0..count {
            let key = number.to_string();
            let key = (number % 2 == 0).then_some(key.as_str());
            assert!(report(&store, &id, record(1), key).await.starts_with("1 of "));
        }
    }))
}

#[tokio::test]
async fn a_report_with_a_lost_answer_is_recognized_after_seven_others() {
    let table = Table::new().await;
    for (sent, used, before, expected) in kinds() {
        let id = self::used(&table, used).await;
        table.inject_into("UpdateItem", (0..before).map(|_| Fault::None));
        table.inject_into("UpdateItem", [others(&table, &id, 7)]);
        let (recorded, total) = expected.split_once(" of ").unwrap();
        let total = total.parse::<u64>().unwrap() + 7;
        assert_eq!(table.report(&id, sent).await, format!("{recorded} of {total}"), "{sent:?} of {used}");
        assert_eq!(table.used(&id).await, total);
    }
}

#[tokio::test]
async fn a_report_that_may_be_forgotten_is_left_in_doubt_and_never_counted_twice() {
    let table = Table::new().await;
    for (sent, used, before, expected) in kinds() {
        for count in [8, 11] {
            let id = self::used(&table, used).await;
            // With a higher limit, the report would fit again.
            limit(table.store.clone(), id.clone(), 1000).await;
            let before = if sent.units.get() > 0 && used > 0 { 0 } else { before };
            table.inject_into("UpdateItem", (0..before).map(|_| Fault::None));
            table.inject_into("UpdateItem", [others(&table, &id, count)]);
            assert_eq!(table.report(&id, sent).await, "service_unavailable", "{sent:?} of {used}");
            let recorded = match (sent.units.get(), i64::try_from(used).unwrap()) {
                (given, used) if given < 0 => given.max(-used),
                (taken, _) => taken,
            };
            let total = used.saturating_add_signed(recorded) + u64::try_from(count).unwrap();
            assert_eq!(table.used(&id).await, total, "{sent:?} of {used}");
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
    let id = used(&table, 90).await;
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
    for (sent, used, before, expected) in kinds() {
        let id = self::used(&table, used).await;
        let (store, organization) = (table.store.clone(), id.clone());
        let lowered = Fault::LostAnswerAfter(Box::pin(async move {
            limit(store.clone(), organization.clone(), 0).await;
            assert!(report(&store, &organization, record(1), None).await.starts_with("1 of "));
        }));
        table.inject_into("UpdateItem", (0..before).map(|_| Fault::None));
        table.inject_into("UpdateItem", [lowered]);
        let (recorded, total) = expected.split_once(" of ").unwrap();
        let total = total.parse::<u64>().unwrap() + 1;
        assert_eq!(table.report(&id, sent).await, format!("{recorded} of {total}"), "{sent:?} of {used}");
        assert_eq!(number(&table.usage_item(&id).await.unwrap(), "used"), i64::try_from(total).unwrap());
    }
}

/// Old builds of DynamoDB Local return no items with a refusal, so the store cannot see that its report was
/// recorded.
#[tokio::test]
async fn a_report_with_a_lost_answer_is_recognized_after_a_refusal_without_the_item() {
    let table = Table::new().await;
    for (sent, used, before, expected) in kinds() {
        let id = self::used(&table, used).await;
        table.inject_into("UpdateItem", (0..before).map(|_| Fault::None));
        table.inject_into("UpdateItem", [Fault::LostAnswer, Fault::WithoutItems]);
        assert_eq!(table.report(&id, sent).await, expected, "{sent:?} of {used}");
        let total: u64 = expected.rsplit(' ').next().unwrap().parse().unwrap();
        assert_eq!(table.used(&id).await, total, "{sent:?} of {used}");
    }
}

#[tokio::test]
async fn a_refusal_without_the_item_is_not_read_as_a_period_without_reports() {
    let table = Table::new().await;
    for (sent, used, before, expected) in kinds() {
        let id = self::used(&table, used).await;
        table.inject_into("UpdateItem", (0..=before).map(|_| Fault::WithoutItems));
        assert_eq!(table.report(&id, sent).await, expected, "{sent:?} of {used}");
    }
}
