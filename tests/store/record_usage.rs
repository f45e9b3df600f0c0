use crate::table::{ANY, Table, caller, integer, number, refusal, text, user};
use crate::usage::{answer, included, key, partial, record, units};
use aws_sdk_dynamodb::types::AttributeValue::{self, L};
use futures_util::future::join_all;
use shared::model::{Limit, MaxOverages, OrganizationId, Period, Report};

#[tokio::test]
async fn a_report_is_recorded_if_it_fits() {
    for with_key in [false, true] {
        let table = Table::new().await;
        let id = table.metered().await;
        for (number, (sent, expected)) in [
            (units(111), r#"overages_exhausted {"remaining":110}"#),
            (units(60), "60 of 60"),
            (units(51), r#"overages_exhausted {"remaining":50}"#),
            (units(50), "50 of 110"),
            (units(1), r#"overages_exhausted {"remaining":0}"#),
            (partial(1), "0 of 110"),
            (units(-20), "-20 of 90"),
            (partial(30), "20 of 110"),
            (record(5), "5 of 115"),
            (units(1), r#"overages_exhausted {"remaining":0}"#),
            (partial(1), "0 of 115"),
            (partial(-1000), "-115 of 0"),
            (record(-1), "0 of 0"),
            (partial(1000), "110 of 110"),
        ]
        .into_iter()
        .enumerate()
        {
            let answered = match with_key {
                false => table.report(&id, sent).await,
                true => table.report_with_key(&id, sent, &number.to_string()).await,
            };
            assert_eq!(answered, expected, "{sent:?}, with a key: {with_key}");
        }
        assert_eq!(table.used(&id).await, 110);
        table.expect_no_fault().await;
    }
}

#[tokio::test]
async fn the_first_report_of_a_period_may_be_any_kind() {
    for (sent, expected) in [
        (units(110), "110 of 110"),
        (partial(111), "110 of 110"),
        (record(111), "111 of 111"),
        (units(-1), "0 of 0"),
    ] {
        let table = Table::new().await;
        assert_eq!(table.report(&table.metered().await, sent).await, expected);
        assert_eq!(table.report_with_key(&table.metered().await, sent, "k").await, expected);
    }
}

#[tokio::test]
async fn without_a_limit_only_the_largest_integer_of_json_limits_a_total() {
    let table = Table::new().await;
    let id = table.metered().await;
    table.set_max_overages(&caller("ann"), &id, MaxOverages::UNLIMITED, &ANY).await.unwrap();
    table.report(&id, units(1_000_000_000)).await;
    let mut item = table.usage_item(&id).await.unwrap();
    item.insert("used".into(), AttributeValue::N((Limit::MAX_USED - 5).to_string()));
    table.put(item).await;

    let full = |remaining| format!(r#"overages_exhausted {{"remaining":{remaining}}}"#);
    assert_eq!(table.report(&id, units(6)).await, full(5));
    assert_eq!(table.report(&id, record(6)).await, full(5));
    assert_eq!(table.report_with_key(&id, record(6), "a").await, full(5));
    assert_eq!(table.report(&id, partial(6)).await, "5 of 9007199254740991");
    assert_eq!(table.report_with_key(&id, record(1), "b").await, full(0));
}

#[tokio::test]
async fn each_period_has_a_total_of_its_own() {
    let table = Table::new().await;
    let id = table.metered().await;
    let other = table.metered().await;
    let period = Period::parse("2026-01-15").unwrap();
    let early = |units| Report { period: Some(period), ..units };

    assert_eq!(table.report(&id, early(units(100))).await, "100 of 100");
    assert_eq!(
        table.report_with_key(&id, early(units(11)), "k").await,
        r#"overages_exhausted {"remaining":10}"#
    );
    assert_eq!(table.report(&id, units(70)).await, "70 of 70");
    assert_eq!(table.report(&other, units(110)).await, "110 of 110");
    let meter = caller("service:meter");
    assert_eq!(table.get_usage(&meter, &id, period).await.unwrap().used, 100);
    assert_eq!(table.used(&id).await, 70);
}

/// `record_usage` writes the item attribute by attribute.
#[tokio::test]
async fn the_stored_form_of_usage_does_not_change() {
    let table = Table::new().await;
    let id = table.metered().await;
    let key = format!("ORG#{}", id.as_str());
    let period = Period::parse("2026-01-15").unwrap();
    let early = |units| Report { period: Some(period), ..units };
    table.report(&id, early(units(7))).await;
    let first = table.item(&key, "USAGE#2026-01-15").await.unwrap();
    table.set_max_overages(&caller("ann"), &id, MaxOverages::UNLIMITED, &ANY).await.unwrap();
    table.report_with_key(&id, early(units(-3)), "k").await;
    let second = table.item(&key, "USAGE#2026-01-15").await.unwrap();

    // A ULID has 26 characters.
    let newest = |item: &crate::table::Item| item["lastMutations"].as_l().unwrap()[0].clone();
    assert!([&first, &second].map(newest).iter().all(|id| id.as_s().unwrap().len() == 26));
    let mutations = |newest: Vec<AttributeValue>| {
        let none = std::iter::repeat_n(text(""), 8 - newest.len());
        L(newest.iter().cloned().chain(none).collect())
    };
    let expected = |used, fence, max_overages, newest| {
        crate::table::Item::from(
            [
                ("pk", text(&key)),
                ("sk", text("USAGE#2026-01-15")),
                ("used", integer(used)),
                ("fence", integer(fence)),
                ("includedUnits", integer(100)),
                ("maxOverages", max_overages),
                ("lastMutations", mutations(newest)),
                // `date -u -d '2026-01-15 + 401 days' +%s`
                ("expiresAt", integer(1_803_081_600)),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        )
    };
    assert_eq!(first, expected(7, 5, integer(10), vec![newest(&first)]));
    let both = vec![newest(&second), newest(&first)];
    assert_eq!(second, expected(4, 6, AttributeValue::Null(true), both));
}

#[tokio::test]
async fn a_period_remembers_its_last_eight_reports() {
    let table = Table::new().await;
    let id = table.metered().await;
    table.report(&id, units(1)).await;
    let mutations = async || table.usage_item(&id).await.unwrap()["lastMutations"].as_l().unwrap().clone();
    let mut before = mutations().await;
    for number in 0..10 {
        match number % 2 {
            0 => table.report(&id, units(1)).await,
            _ => table.report_with_key(&id, units(1), &number.to_string()).await,
        };
        let last = mutations().await;
        assert_eq!((last.len(), &last[1..]), (8, &before[..7]));
        assert!(!before.contains(&last[0]), "{last:?} after {before:?}");
        before = last;
    }
}

#[tokio::test]
async fn a_report_does_not_write_to_the_organization() {
    let table = Table::new().await;
    let id = table.metered().await;
    let before = table.organization_item(&id).await;
    table.report(&id, units(1)).await;
    table.report_with_key(&id, units(1), "k").await;
    assert_eq!(table.organization_item(&id).await, before);
}

#[tokio::test]
async fn the_most_basic_of_several_errors_is_returned() {
    let table = Table::new().await;
    let (nowhere, id) = (OrganizationId::generate(), table.metered().await);
    let [deleted, gone] = [table.metered().await, table.metered().await];
    for id in [&id, &deleted, &gone] {
        assert_eq!(table.report_with_key(id, units(110), "used").await, "110 of 110");
    }
    for id in [&deleted, &gone] {
        table.delete_organization(&caller("ann"), id, &ANY).await.unwrap();
    }
    let mut item = table.organization_item(&gone).await;
    item.insert("expiresAt".into(), integer(crate::table::now()));
    table.put(item).await;

    for report in [units(111), partial(111), record(1), units(-1)] {
        for (id, expected) in [
            (&nowhere, "organization_not_found"),
            (&gone, "organization_not_found"),
            (&deleted, "organization_deleted"),
            (&id, "idempotency_key_reused"),
        ] {
            assert_eq!(table.report_with_key(id, report, "used").await, expected, "{report:?}");
        }
        assert_eq!(table.report(&nowhere, report).await, "organization_not_found");
        assert_eq!(table.report(&gone, report).await, "organization_not_found");
        assert_eq!(table.report(&deleted, report).await, "organization_deleted");
    }
    assert_eq!(table.report(&id, units(111)).await, r#"overages_exhausted {"remaining":0}"#);
    assert_eq!(table.used(&id).await, 110);
    assert_eq!(number(&table.usage_item(&deleted).await.unwrap(), "used"), 110);
}

#[tokio::test]
async fn reports_at_once_add_up_and_never_exceed_the_limit() {
    let table = Table::new().await;
    let id = table.metered().await;
    let keys: Vec<_> = (0..60).map(|number| key(&number.to_string())).collect();
    let meter = user("meter");

    let reported = join_all(keys.iter().enumerate().map(|(number, key)| {
        let report = match number % 4 {
            0 => partial(9),
            1 => units(-2),
            _ => units(7),
        };
        table.record_usage(&meter, &id, report, (number % 3 == 0).then_some(key))
    }))
    .await;

    let mut recorded = 0;
    for result in reported {
        match result {
            Ok(recording) => {
                assert!(recording.usage.used <= 110, "{recording:?}");
                recorded += recording.usage.recorded.unwrap();
            }
            refused => {
                let code = refusal(refused);
                assert!(code == "conflict" || code.starts_with("overages_exhausted"), "{code}");
            }
        }
    }
    assert_eq!(i64::try_from(table.used(&id).await), Ok(recorded));
    table.expect_no_fault().await;
}

#[tokio::test]
async fn an_answer_has_the_limit_that_the_report_was_judged_by() {
    let table = Table::new().await;
    let id = table.metered().await;
    for key in [None, Some(key("k"))] {
        let recording = table.record_usage(&user("meter"), &id, units(51), key.as_ref()).await.unwrap();
        let usage = &recording.usage;
        assert_eq!((usage.organization_id.clone(), usage.period), (id.clone(), Period::current()));
        let figures = (usage.included_units.get(), usage.max_overages.get(), usage.overages, usage.remaining);
        let overages = usage.used.saturating_sub(100);
        assert_eq!(figures, (100, Some(10), overages, Some(110 - usage.used)));
    }
    table.set_plan(&user("billing"), &id, included(0), &ANY).await.unwrap();
    let given = table.record_usage(&user("meter"), &id, units(-2), None).await;
    assert_eq!(given.as_ref().unwrap().usage.overages, 100);
    assert_eq!(given.as_ref().unwrap().usage.remaining, Some(0));
    assert_eq!(answer(given), "-2 of 100");
}
