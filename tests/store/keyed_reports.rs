//! Reports of usage with an Idempotency-Key: counted once, and answered again with the figures of now.

use crate::table::{ANY, Item, Table, caller, integer, now, number, text, user};
use crate::usage::{answer, included, key, limit, partial, record, report, units};
use futures_util::future::join_all;
use shared::model::{MaxOverages, Period, Report};
use std::collections::BTreeSet;
use support::faults::Fault;

const DAY: i64 = 24 * 60 * 60;

#[tokio::test]
async fn a_repeated_report_is_counted_once_and_answered_with_the_figures_of_now() {
    let table = Table::new().await;
    let id = table.metered().await;
    assert_eq!(table.report_with_key(&id, units(60), "k").await, "60 of 60");
    assert_eq!(table.report_with_key(&id, units(60), "\"k\"").await, "60 of 60, replayed");
    table.report(&id, units(-10)).await;
    table.set_max_overages(&caller("ann"), &id, MaxOverages::UNLIMITED, &ANY).await.unwrap();

    let again = table.record_usage(&user("meter"), &id, units(60), Some(&key("k"))).await;
    assert_eq!(again.as_ref().unwrap().usage.max_overages, MaxOverages::UNLIMITED);
    assert_eq!(answer(again), "60 of 50, replayed");
    assert_eq!(table.used(&id).await, 50);
}

/// Of a report that used up the limit, a repetition does not fit any more.
#[tokio::test]
async fn a_repeated_report_is_answered_even_if_it_would_not_fit_again() {
    let table = Table::new().await;
    let id = table.metered().await;
    assert_eq!(table.report_with_key(&id, units(100), "a").await, "100 of 100");
    assert_eq!(table.report_with_key(&id, partial(100), "b").await, "10 of 110");
    for _ in 0..2 {
        assert_eq!(table.report_with_key(&id, units(100), "a").await, "100 of 110, replayed");
        assert_eq!(table.report_with_key(&id, partial(100), "b").await, "10 of 110, replayed");
        assert_eq!(table.report_with_key(&id, units(101), "a").await, "idempotency_key_reused");
        assert_eq!(table.report_with_key(&id, units(1), "c").await, r#"overages_exhausted {"remaining":0}"#);
    }
    limit(table.store.clone(), id.clone(), 0).await;
    assert_eq!(table.report_with_key(&id, units(100), "a").await, "100 of 110, replayed");

    // A record that has expired counts for nothing, even while TTL has not deleted it.
    let mut expired = table.report_item(&id, "a").await.unwrap();
    expired.insert("expiresAt".into(), integer(now()));
    table.put(expired).await;
    assert_eq!(table.report_with_key(&id, units(100), "a").await, r#"overages_exhausted {"remaining":0}"#);
    assert_eq!(table.report_with_key(&id, record(1), "a").await, "1 of 111");
}

#[tokio::test]
async fn another_report_with_the_same_key_is_refused() {
    let table = Table::new().await;
    let id = table.metered().await;
    let period = Some(Period::parse("2026-01").unwrap());
    table.report_with_key(&id, units(1), "k").await;
    for other in [units(2), units(-1), partial(1), record(1), Report { period, ..units(1) }, units(1000)] {
        assert_eq!(table.report_with_key(&id, other, "k").await, "idempotency_key_reused", "{other:?}");
    }
    assert_eq!(table.used(&id).await, 1);
}

#[tokio::test]
async fn a_key_belongs_to_its_service_and_organization() {
    let table = Table::new().await;
    let (id, other) = (table.metered().await, table.metered().await);
    let by =
        async |service, id| answer(table.record_usage(&user(service), id, units(5), Some(&key("k"))).await);
    assert_eq!(by("meter", &id).await, "5 of 5");
    assert_eq!(by("other", &id).await, "5 of 10");
    assert_eq!(by("meter", &other).await, "5 of 5");
    assert_eq!(by("meter", &id).await, "5 of 10, replayed");

    // Nor is it the key of a creation.
    let (backend, k) = (caller("service:meter"), key("k"));
    let created = table.create_organization(&backend, &user("ann"), crate::table::acme(), Some(&k)).await;
    assert!(!created.unwrap().is_replayed);
    table.expect_no_fault().await;
}

#[tokio::test]
async fn a_refused_report_does_not_use_up_its_key() {
    let table = Table::new().await;
    let id = table.metered().await;
    assert_eq!(table.report_with_key(&id, units(111), "k").await, r#"overages_exhausted {"remaining":110}"#);
    table.inject_into("TransactWriteItems", (0..5).map(|_| Fault::canceled(["ThrottlingError", "None"])));
    assert_eq!(table.report_with_key(&id, units(50), "k").await, "service_unavailable");
    assert!(table.report_item(&id, "k").await.is_none());
    assert_eq!(table.report_with_key(&id, units(20), "k").await, "20 of 20");
}

#[tokio::test]
async fn a_key_is_remembered_for_24_hours() {
    let table = Table::new().await;
    let id = table.metered().await;
    let earliest = now() + DAY;
    table.report_with_key(&id, units(5), "k").await;
    let item = table.report_item(&id, "k").await.unwrap();
    let expires_at = number(&item, "expiresAt");
    assert!((earliest..=now() + DAY).contains(&expires_at), "{item:?}");
    let names: BTreeSet<_> = item.keys().map(String::as_str).collect();
    let all = ["pk", "sk", "requestHash", "mutation", "period", "recorded", "expiresAt"];
    assert_eq!(names, BTreeSet::from(all));
    assert_eq!(item["period"], text(&Period::current().to_string()));
    assert_eq!((number(&item, "recorded"), item["mutation"].as_s().unwrap().len()), (5, 26));

    let until = async |at| {
        table
            .put(Item::from_iter(item.clone().into_iter().chain([("expiresAt".to_owned(), integer(at))])))
            .await
    };
    until(now() + 60).await;
    assert_eq!(table.report_with_key(&id, units(5), "k").await, "5 of 5, replayed");
    until(now()).await;
    assert_eq!(table.report_with_key(&id, units(7), "k").await, "7 of 12");
    assert_eq!(number(&table.report_item(&id, "k").await.unwrap(), "recorded"), 7);
}

/// The default period is the current month at the first request.
#[tokio::test]
async fn a_repetition_in_another_month_is_answered_for_the_first_ones_period() {
    let table = Table::new().await;
    let id = table.metered().await;
    let period = Period::parse("2026-01").unwrap();
    table.report(&id, Report { period: Some(period), ..units(9) }).await;
    table.report_with_key(&id, units(5), "k").await;
    let mut item = table.report_item(&id, "k").await.unwrap();
    item.insert("period".into(), text("2026-01-01"));
    table.put(item).await;

    let again = table.record_usage(&user("meter"), &id, units(5), Some(&key("k"))).await;
    assert_eq!(again.as_ref().unwrap().usage.period, period);
    assert_eq!(answer(again), "5 of 9, replayed");
}

#[tokio::test]
async fn of_many_reports_with_one_key_at_once_one_is_counted() {
    let table = Table::new().await;
    let id = table.metered().await;
    for round in 0..5 {
        let key = round.to_string();
        let answered = join_all((0..15).map(|_| report(&table.store, &id, units(20), Some(&key)))).await;
        let is_first =
            |answer: &&String| !answer.ends_with("replayed") && *answer != "idempotency_in_progress";
        let first: Vec<_> = answered.iter().filter(is_first).collect();
        assert_eq!(first.len(), 1, "{answered:?}");
        assert_eq!(table.used(&id).await, 20 * (round + 1));
    }
    table.expect_no_fault().await;
}

#[tokio::test]
async fn a_report_with_a_lost_answer_is_counted_once_and_not_called_a_repetition() {
    let conflict = || Fault::canceled(["TransactionConflict", "None"]);
    for faults in [
        vec![Fault::LostAnswer],
        vec![Fault::CutAnswer, Fault::LostAnswer],
        // The next attempt is another transaction, which finds the record of the first.
        vec![Fault::LostAnswer, conflict()],
        vec![Fault::LostAnswer, conflict(), Fault::WithoutItems],
    ] {
        let table = Table::new().await;
        let id = table.metered().await;
        table.report(&id, units(50)).await;
        table.inject_into("TransactWriteItems", faults);
        assert_eq!(table.report_with_key(&id, partial(90), "k").await, "60 of 110");
        assert_eq!(table.report_with_key(&id, partial(90), "k").await, "60 of 110, replayed");
    }
}

#[tokio::test]
async fn a_report_whose_answers_were_all_lost_is_found_by_its_key() {
    let table = Table::new().await;
    let id = table.metered().await;
    for (number, lost) in [(1, 3), (2, 1)] {
        let key = number.to_string();
        let conflicts = if lost == 1 { 5 } else { 0 };
        table.inject_into("TransactWriteItems", (0..lost).map(|_| Fault::LostAnswer));
        table.inject_into("TransactWriteItems", (0..conflicts).map(|_| Fault::Conflict));
        assert_eq!(table.report_with_key(&id, units(7), &key).await, "service_unavailable");
        table.proxy.end();
        let expected = format!("7 of {}, replayed", 7 * number);
        assert_eq!(table.report_with_key(&id, units(7), &key).await, expected);
    }
}

#[tokio::test]
async fn the_total_after_a_contended_report_is_read_until_dynamodb_answers() {
    let table = Table::new().await;
    let id = table.metered().await;
    table.report(&id, units(1)).await;
    let (store, organization) = (table.store.clone(), id.clone());
    // Between the read and the transaction, another report changes the total.
    table.inject_into(
        "BatchGetItem",
        [Fault::AnswerAfter(Box::pin(async move {
            assert_eq!(report(&store, &organization, units(2), None).await, "2 of 3");
        }))],
    );
    table.inject_into("GetItem", (0..3).map(|_| Fault::exception("ThrottlingException")));
    assert_eq!(table.report_with_key(&id, units(4), "k").await, "4 of 7");
    assert_eq!(table.sent("TransactWriteItems"), 2 + 3);
}

#[tokio::test]
async fn a_repetition_writes_nothing() {
    let table = Table::new().await;
    let id = table.metered().await;
    table.report_with_key(&id, units(5), "k").await;
    let (item, size) = (table.usage_item(&id).await, table.size().await);
    table.set_plan(&user("billing"), &id, included(7), &ANY).await.unwrap();
    assert_eq!(table.report_with_key(&id, units(5), "k").await, "5 of 5, replayed");
    assert_eq!((table.usage_item(&id).await, table.size().await), (item, size));
}
