//! Reports and changes of the limit fit one order. A report that read an older limit than one that another report was
//! judged by is refused by the fence, and tries again.

use crate::meanwhile::{delete, then};
use crate::table::{ANY, Table, caller, number, refusal, user};
use crate::usage::{included, key, limit, partial, record, report, units};
use futures_util::future::join_all;
use shared::model::{MaxOverages, OrganizationChanges, OrganizationId, OrganizationName, Report};
use shared::store::Store;

/// A report, with a key or without, after whose read `meanwhile` runs.
async fn outrun<F>(
    table: &Table,
    id: &OrganizationId,
    sent: Report,
    key: Option<&str>,
    meanwhile: impl FnOnce(Store, OrganizationId) -> F,
) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    table.inject_into("BatchGetItem", [then(table, id, meanwhile)]);
    report(&table.store, id, sent, key).await
}

/// The limit changes to 100 and this number, and a report of a unit is recorded under it.
async fn change(store: Store, id: OrganizationId, overages: i128) {
    limit(store.clone(), id.clone(), overages).await;
    assert!(report(&store, &id, record(1), None).await.starts_with("1 of "));
}

#[tokio::test]
async fn a_report_that_read_an_older_limit_is_judged_by_the_newer_one() {
    let table = Table::new().await;
    for key in [None, Some("k")] {
        for (sent, overages, expected) in [
            (units(30), 0, r#"overages_exhausted {"remaining":19}"#),
            (partial(30), 0, "19 of 100"),
            (units(19), 0, "19 of 100"),
            (record(30), 0, "30 of 111"),
            (units(29), 50, "29 of 110"),
            (partial(99), 20, "39 of 120"),
            (units(-90), 0, "-81 of 0"),
        ] {
            let id = table.metered().await;
            assert_eq!(table.report(&id, units(80)).await, "80 of 80");
            let before = table.sent("BatchGetItem");
            let answered =
                outrun(&table, &id, sent, key, async move |store, id| change(store, id, overages).await);
            assert_eq!(answered.await, expected, "{sent:?} under {overages}, with a key: {key:?}");
            // The others' report, and two of this one.
            assert_eq!(table.sent("BatchGetItem"), before + 3, "{sent:?} under {overages}");
            assert_eq!(i128::from(number(&table.usage_item(&id).await.unwrap(), "maxOverages")), overages);
        }
    }
}

/// With a key, the total is read with the limit, so a report that does not fit both is refused by them.
#[tokio::test]
async fn a_report_that_would_fit_a_newer_limit_is_recorded() {
    let table = Table::new().await;
    let id = table.metered().await;
    assert_eq!(table.report(&id, units(80)).await, "80 of 80");
    let raised = async |store, id| change(store, id, 50).await;
    assert_eq!(outrun(&table, &id, units(31), None, raised).await, "31 of 112");
    let raised = async |store, id| change(store, id, 100).await;
    let refused = outrun(&table, &id, units(50), Some("k"), raised).await;
    assert_eq!(refused, r#"overages_exhausted {"remaining":38}"#);
    assert_eq!(table.report_with_key(&id, units(50), "k").await, "50 of 163");
}

#[tokio::test]
async fn a_first_report_that_read_an_older_limit_is_judged_by_the_newer_one() {
    let table = Table::new().await;
    for key in [None, Some("k")] {
        let id = table.metered().await;
        let lowered = async |store, id| change(store, id, 0).await;
        let answered = outrun(&table, &id, units(100), key, lowered).await;
        assert_eq!(answered, r#"overages_exhausted {"remaining":99}"#);
    }
}

#[tokio::test]
async fn a_report_that_read_the_limit_of_an_older_plan_is_judged_by_the_newer_one() {
    let table = Table::new().await;
    let id = table.metered().await;
    let downgraded = async |store: Store, id: OrganizationId| {
        store.set_plan(&user("billing"), &id, included(5), &ANY).await.unwrap();
        assert_eq!(report(&store, &id, units(4), None).await, "4 of 4");
    };
    let refused = outrun(&table, &id, units(100), None, downgraded).await;
    assert_eq!(refused, r#"overages_exhausted {"remaining":11}"#);
}

/// The limit changed, but no report was judged by it: this one comes before the change.
#[tokio::test]
async fn a_report_may_come_before_a_change_that_no_other_report_has_seen() {
    let table = Table::new().await;
    for key in [None, Some("k")] {
        let id = table.metered().await;
        assert_eq!(table.report(&id, units(80)).await, "80 of 80");
        let lowered = async |store, id| limit(store, id, 0).await;
        assert_eq!(outrun(&table, &id, units(30), key, lowered).await, "30 of 110");
        assert_eq!(table.report(&id, units(1)).await, r#"overages_exhausted {"remaining":0}"#);
        assert_eq!(table.report(&id, units(-11)).await, "-11 of 99");
        assert_eq!(table.report(&id, units(2)).await, r#"overages_exhausted {"remaining":1}"#);
    }
}

#[tokio::test]
async fn the_fence_never_goes_back() {
    let table = Table::new().await;
    let id = table.metered().await;
    let fence = async || number(&table.usage_item(&id).await.unwrap(), "fence");
    table.report(&id, units(1)).await;
    assert_eq!(fence().await, 5);
    // Any change of the organization is a new version.
    let rename = async |store: Store, id: OrganizationId| {
        let name = OrganizationName::parse("B").ok();
        let changes = OrganizationChanges { name, ..OrganizationChanges::default() };
        store.update_organization(&caller("ann"), &id, changes, &ANY).await.unwrap();
        assert_eq!(report(&store, &id, units(1), None).await, "1 of 2");
    };
    assert_eq!(outrun(&table, &id, units(1), None, rename).await, "1 of 3");
    assert_eq!(fence().await, 6);
    limit(table.store.clone(), id.clone(), 9).await;
    assert_eq!(fence().await, 6);
    table.report_with_key(&id, units(1), "k").await;
    assert_eq!(fence().await, 7);
}

#[tokio::test]
async fn a_report_that_the_fence_refuses_is_not_recorded_for_a_deleted_organization() {
    let table = Table::new().await;
    for key in [None, Some("k")] {
        let id = table.metered().await;
        let ended = async |store: Store, id: OrganizationId| {
            change(store.clone(), id.clone(), 50).await;
            delete(store, id).await;
        };
        assert_eq!(outrun(&table, &id, units(1), key, ended).await, "organization_deleted");
        assert_eq!(table.used(&id).await, 1);
    }
}

#[tokio::test]
async fn a_report_that_every_attempt_finds_outrun_gets_409_and_is_not_recorded() {
    let table = Table::new().await;
    for key in [None, Some("k")] {
        let id = table.metered().await;
        let again =
            || then(&table, &id, async |store: Store, id: OrganizationId| change(store, id, 60).await);
        table.report(&id, units(1)).await;
        // Each second read is that of another report.
        let faults = (0..6).flat_map(|_| [again(), support::faults::Fault::None]);
        table.inject_into("BatchGetItem", faults);
        assert_eq!(report(&table.store, &id, units(20), key).await, "conflict");
        table.proxy.end();
        assert_eq!(table.used(&id).await, 7);
    }
}

/// Every answer names the limit that its report was judged by.
#[tokio::test]
async fn no_report_lands_above_a_limit_that_moves() {
    let table = Table::new().await;
    let id = table.metered().await;
    let (meter, ann) = (user("meter"), caller("ann"));
    for round in 0..10 {
        let moves = async {
            for overages in [0, 40, 5, 90, 1] {
                let overages = MaxOverages::units(overages).unwrap();
                table.set_max_overages(&ann, &id, overages, &ANY).await.unwrap();
            }
        };
        let keys: Vec<_> = (0..20).map(|number| key(&format!("{round}-{number}"))).collect();
        let reports = join_all(keys.iter().enumerate().map(|(number, key)| {
            let sent = if number % 2 == 0 { units(13) } else { partial(17) };
            table.record_usage(&meter, &id, sent, (number % 4 < 2).then_some(key))
        }));
        let before = table.used(&id).await;
        let ((), reported) = tokio::join!(moves, reports);
        let mut recorded = 0;
        for result in reported {
            match result {
                Ok(recording) => {
                    let usage = recording.usage;
                    let limit = u64::from(usage.included_units.get() + usage.max_overages.get().unwrap());
                    let added = usage.recorded.unwrap();
                    assert!(added == 0 || usage.used <= limit, "{usage:?}");
                    recorded += added;
                }
                refused => {
                    let code = refusal(refused);
                    assert!(code == "conflict" || code.starts_with("overages_exhausted"), "{code}");
                }
            }
        }
        assert_eq!(i64::try_from(table.used(&id).await - before), Ok(recorded));
        table.report(&id, units(-60)).await;
    }
    table.expect_no_fault().await;
}
