//! What the function behind the table's stream costs for a record, as DynamoDB reports it. The test fails if any figure
//! differs from `docs/cost/records.csv`.

use crate::budgets::budgets;
use crate::recording::{TIME, handle};
use crate::table::{ANY, Table, acme, caller, user};
use crate::usage::{record, units};
use serde_json::{Value, json};
use shared::model::{ExternalId, MaxOverages, NewOrganization, OrganizationId, Role};
use shared::store::meter::measure;
use support::bus::Bus;

/// Requests and capacity units of handling these records.
async fn cost(table: &Table, bus: &Bus, records: &[Value]) -> (u32, f64) {
    let (answer, usage) = measure(handle(&table.store, bus, records, TIME)).await;
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    (usage.requests, usage.capacity)
}

/// The record of the removal of an organization.
async fn removed(table: &Table, id: &OrganizationId) -> Vec<Value> {
    table.delete_organization(&caller("service:backend"), id, &ANY).await.unwrap();
    vec![table.expire_organization(id).await]
}

#[tokio::test]
async fn every_record_keeps_its_budget() {
    let (table, bus) = (Table::new().await, Bus::start().await);
    let (ann, service) = (caller("ann"), caller("service:backend"));
    let mut measured = Vec::new();
    let mut note = |name: &str, (requests, capacity)| measured.push((name.to_owned(), requests, capacity));

    let id = table.organization_of(&ann).await.id;
    for _ in 0..101 {
        table.set_max_overages(&ann, &id, MaxOverages::NONE, &ANY).await.unwrap();
    }
    let changes = table.organization_records(&id).await;
    note("creation", cost(&table, &bus, &changes[..1]).await);
    note("change", cost(&table, &bus, &changes[1..2]).await);
    note("100 changes", cost(&table, &bus, &changes[2..]).await);
    note("removed organization of 1 member", cost(&table, &bus, &removed(&table, &id).await).await);

    let id = table.organization_of(&ann).await.id;
    table.with(&id, "cyd", Role::Member).await;
    table.crowd(&id, 101).await;
    note("removed organization of 101 members", cost(&table, &bus, &removed(&table, &id).await).await);

    let external_id = ExternalId::parse("customer").ok();
    let new = NewOrganization { external_id, ..acme() };
    let id = table.create_organization(&service, &user("ann"), new, None).await.unwrap().organization.id;
    note("removed organization with an external id", cost(&table, &bus, &removed(&table, &id).await).await);

    let id = table.metered().await;
    table.report(&id, units(105)).await;
    let mut reports = table.records().await;
    reports.retain(|record| record["dynamodb"]["Keys"]["sk"]["S"].as_str().unwrap().starts_with("USAGE#"));
    note("reached threshold", cost(&table, &bus, &reports).await);

    let mut budgets = budgets("docs/cost/records.csv");
    measured.sort_by(|one, other| one.0.cmp(&other.0));
    budgets.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(measured, budgets);
}

/// What every write to the table would cost if the function did not ignore it.
#[tokio::test]
async fn records_that_ask_for_nothing_make_no_request() {
    let (table, bus) = (Table::new().await, Bus::start().await);
    let id = table.metered().await;
    table.report(&id, record(54)).await;
    table.record(&bus).await;
    let requests = bus.requests();

    let mut records = table.records().await;
    let key = json!({ "S": format!("ORG#{}", id.as_str()) });
    records.retain(|record| record["dynamodb"]["Keys"] != json!({ "pk": key, "sk": key }));
    let of = |prefix: &str| {
        let is = |record: &&Value| {
            record["dynamodb"]["Keys"]["sk"]["S"].as_str().is_some_and(|sort| sort.starts_with(prefix))
        };
        records.iter().filter(is).count()
    };
    // Among them the memberships, and the count of the organizations that ann created.
    assert_eq!([of("MEMBER#"), of("ORG#"), of("USER#"), of("EVENT#"), of("USAGE#")], [3, 3, 1, 5, 1]);
    assert_eq!(cost(&table, &bus, &records).await, (0, 0.0));
    assert_eq!(bus.requests(), requests);
}
