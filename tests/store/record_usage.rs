use crate::table::{ANY, Table, caller, refusal, user};
use shared::model::{
    IdempotencyKey, IncludedUnits, MaxOverages, OrganizationId, OverLimit, Period, PlanChanges, Recording,
    Report, Units,
};

fn report(units: i128, over_limit: OverLimit) -> Report {
    Report { units: Units::parse(units).unwrap(), period: None, over_limit }
}

async fn limited(table: &Table, included: i128, overages: i128) -> OrganizationId {
    let id = table.team().await;
    let plan =
        PlanChanges { included_units: Some(IncludedUnits::parse(included).unwrap()), max_members: None };
    table.set_plan(&user("meter"), &id, plan, &ANY).await.unwrap();
    let limit = MaxOverages::units(overages).unwrap();
    table.set_max_overages(&caller("ann"), &id, limit, &ANY).await.unwrap();
    id
}

#[tokio::test]
async fn a_report_is_recorded_if_it_fits() {
    use OverLimit::{Partial, Record, Refuse};
    let table = Table::new().await;
    let id = limited(&table, 100, 10).await;
    let key = IdempotencyKey::parse("k").unwrap();
    for with_key in [false, true] {
        let key = with_key.then_some(&key);
        let _ = key;
        for (units, over_limit, expected) in [
            (60, Refuse, "60 of 60"),
            (51, Refuse, "overages_exhausted {\"remaining\":50}"),
            (50, Refuse, "50 of 110"),
            (1, Partial, "0 of 110"),
            (-20, Refuse, "-20 of 90"),
            (30, Partial, "20 of 110"),
            (5, Record, "5 of 115"),
            (1, Refuse, "overages_exhausted {\"remaining\":0}"),
            (1, Partial, "0 of 115"),
            (-1000, Refuse, "-115 of 0"),
            (-1, Refuse, "0 of 0"),
        ] {
            let unique = IdempotencyKey::parse(
                &format!("k{units}{over_limit:?}{expected}{with_key}")
                    .replace([' ', '"', '{', '}', ':'], "-"),
            )
            .unwrap();
            let result = table
                .record_usage(&user("meter"), &id, report(units, over_limit), with_key.then_some(&unique))
                .await;
            let answer = match result {
                Ok(Recording { usage, .. }) => format!("{} of {}", usage.recorded.unwrap(), usage.used),
                refused => refusal::<Recording>(refused),
            };
            assert_eq!(answer, expected, "{units} {over_limit:?} {with_key}");
        }
    }
    let usage = table.get_usage(&caller("bob"), &id, Period::current()).await.unwrap();
    assert_eq!(usage.used, 0);
}
