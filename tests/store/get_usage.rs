use crate::table::{ANY, Table, caller, integer, now, refusal, user};
use crate::usage::{included, record, units};
use shared::model::{MaxOverages, OrganizationId, Period, Report};

#[tokio::test]
async fn members_and_services_see_the_total_and_what_is_left() {
    let table = Table::new().await;
    let id = table.metered().await;
    table.report(&id, units(104)).await;
    for name in ["ann", "bob", "cyd", "service:x"] {
        let usage = table.get_usage(&caller(name), &id, Period::current()).await.unwrap();
        assert_eq!((&usage.organization_id, usage.period), (&id, Period::current()));
        assert_eq!((usage.used, usage.overages, usage.remaining, usage.recorded), (104, 4, Some(6), None));
        assert_eq!((usage.included_units.get(), usage.max_overages.get()), (100, Some(10)));
    }
}

/// They are those of now, not those that the last report was judged by.
#[tokio::test]
async fn the_limits_are_those_of_the_organization() {
    let table = Table::new().await;
    let id = table.metered().await;
    table.report(&id, record(150)).await;
    let figures = async || {
        let usage = table.get_usage(&caller("cyd"), &id, Period::current()).await.unwrap();
        (usage.used, usage.included_units.get(), usage.overages, usage.remaining)
    };
    assert_eq!(figures().await, (150, 100, 50, Some(0)));
    table.set_plan(&user("billing"), &id, included(145), &ANY).await.unwrap();
    assert_eq!(figures().await, (150, 145, 5, Some(5)));
    table.set_max_overages(&caller("ann"), &id, MaxOverages::UNLIMITED, &ANY).await.unwrap();
    assert_eq!(figures().await, (150, 145, 5, None));
}

#[tokio::test]
async fn a_period_without_reports_has_zeros() {
    let table = Table::new().await;
    let id = table.metered().await;
    table.report(&id, units(1)).await;
    for period in ["2026-01", "1999-12-31", "9999-01"] {
        let period = Period::parse(period).unwrap();
        let usage = table.get_usage(&caller("cyd"), &id, period).await.unwrap();
        assert_eq!(usage.period, period);
        assert_eq!((usage.used, usage.overages, usage.remaining), (0, 0, Some(110)));
    }
}

/// TTL may delete the item days late.
#[tokio::test]
async fn a_period_that_has_expired_has_zeros() {
    let table = Table::new().await;
    let id = table.metered().await;
    let period = Period::parse("2026-01-15").unwrap();
    table.report(&id, Report { period: Some(period), ..units(70) }).await;
    let mut item = table.item(&format!("ORG#{}", id.as_str()), "USAGE#2026-01-15").await.unwrap();
    for (expires_at, used) in [(now() + 60, 70), (now(), 0), (1, 0)] {
        item.insert("expiresAt".into(), integer(expires_at));
        table.put(item.clone()).await;
        assert_eq!(table.get_usage(&caller("cyd"), &id, period).await.unwrap().used, used);
    }
}

#[tokio::test]
async fn the_most_basic_of_several_errors_is_returned() {
    let table = Table::new().await;
    let (nowhere, id) = (OrganizationId::generate(), table.metered().await);
    table.report(&id, units(1)).await;
    let get =
        async |name, id| table.get_usage(&caller(name), id, Period::current()).await.map(|usage| usage.used);
    assert_eq!(refusal(get("ann", &nowhere).await), "organization_not_found");
    assert_eq!(refusal(get("service:x", &nowhere).await), "organization_not_found");
    assert_eq!(refusal(get("eve", &id).await), "organization_not_found");
    table.delete_organization(&caller("ann"), &id, &ANY).await.unwrap();
    assert_eq!(refusal(get("eve", &id).await), "organization_not_found");
    assert_eq!(refusal(get("bob", &id).await), "organization_not_found");
    assert_eq!(refusal(get("ann", &id).await), "organization_deleted");
    assert_eq!(get("service:x", &id).await.unwrap(), 1);
}
