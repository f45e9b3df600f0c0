//! The cost of each successful operation: DynamoDB requests and capacity units, as DynamoDB reports them. The
//! test fails if any figure differs from `docs/cost/capacity.csv`, even if it is lower, because people and
//! `cargo cost` rely on the file.

use crate::table::{ANY, Table, acme, caller, user};
use crate::usage::{answer, key, partial, record, units};
use functions::Operation;
use lambda_http::{Context, LambdaEvent};
use shared::error::Error;
use shared::model::{ExternalId, NewOrganization, OrganizationId};
use shared::store::meter::measure;
use support::bus::Bus;
use support::example::{self, Place};
use support::in_process;

async fn cost<T>(work: impl Future<Output = Result<T, Error>>) -> (u32, f64) {
    let (result, usage) = measure(work).await;
    result.unwrap();
    (usage.requests, usage.capacity)
}

/// The rows of one of this repository's CSV files, without the heading. The files contain no quotes.
pub fn document<const COLUMNS: usize>(path: &str) -> Vec<[String; COLUMNS]> {
    let text = std::fs::read_to_string(local::workspace_root().join(path)).unwrap();
    let row = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
    text.lines().skip(1).map(row).collect()
}

/// What is paid for, requests and capacity units. The files list units by kind and partition. This adds them up,
/// because DynamoDB reports only their sum.
pub fn budgets(path: &str) -> Vec<(String, u32, f64)> {
    let read = |[operation, requests, units @ ..]: [String; 6]| {
        let units = units.iter().map(|units| units.parse::<f64>().unwrap()).sum();
        (operation, requests.parse().unwrap(), units)
    };
    document(path).into_iter().map(read).collect()
}

/// The cost of an operation's example.
async fn example_cost(operation: Operation) -> (u32, f64) {
    let table = Table::new().await;
    let place = Place::create(&table.store, "ann").await;
    let id = OrganizationId::parse(&place.organization).unwrap();
    if operation == Operation::RestoreOrganization {
        table.delete_organization(&caller("ann"), &id, &ANY).await.unwrap();
    }
    if matches!(operation, Operation::RecordUsage | Operation::GetUsage) {
        table.report(&id, record(1)).await;
    }
    if operation == Operation::ListEvents {
        table.record(&Bus::start().await).await;
    }
    let sender = example::sender(operation, "ann");
    let event = example::request(operation, sender, &place).event().to_string();
    let event = LambdaEvent::new(serde_json::from_str(&event).unwrap(), Context::default());
    let (response, usage) = measure(in_process::invoke(operation, &table.store, event)).await;
    assert_eq!(response.status_code, i64::from(example::example(operation).status), "{response:?}");
    (usage.requests, usage.capacity)
}

#[tokio::test]
async fn every_operation_keeps_its_budget() {
    let table = Table::new().await;
    let (key, cyd, service) = (Some(key("a key")), caller("cyd"), caller("service:meter"));
    let (meter, named) = (user("meter"), ExternalId::parse("x").unwrap());
    let mut measured = Vec::new();
    let mut measure = |name: &str, (requests, capacity)| measured.push((name.to_owned(), requests, capacity));
    measure("createOrganization with a key", cost(table.create(&cyd, acme(), key.as_ref())).await);
    let new = NewOrganization { external_id: Some(named.clone()), ..acme() };
    let created = cost(table.create_organization(&service, &meter, new, None)).await;
    measure("createOrganization with an external id", created);
    let found = cost(table.organization_by_external_id(&meter, &named)).await;
    measure("listOrganizations by an external id", found);
    let id = table.metered().await;
    let first = table.record_usage(&meter, &id, units(1), None);
    measure("recordUsage for a new period", cost(first).await);
    let reported = table.record_usage(&meter, &id, units(1), key.as_ref());
    measure("recordUsage with a key", cost(reported).await);
    for &operation in Operation::ALL {
        let (requests, capacity) = example_cost(operation).await;
        measured.push((operation.id().to_owned(), requests, capacity));
    }

    let mut budgets = budgets("docs/cost/capacity.csv");
    measured.sort_by(|one, other| one.0.cmp(&other.0));
    budgets.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(measured, budgets);
}

/// The reports that cost more than the others, and those that cost less.
#[tokio::test]
async fn a_report_costs_at_most_one_request_more_in_a_quiet_period() {
    let table = Table::new().await;
    let id = table.metered().await;
    let key = key("a key");
    let spent = async |report, key| {
        let (result, usage) = measure(table.record_usage(&user("meter"), &id, report, key)).await;
        (answer(result), usage.requests)
    };
    let answered = |text: &str, requests| (text.to_owned(), requests);
    assert_eq!(spent(units(80), None).await, answered("80 of 80", 3));
    assert_eq!(spent(partial(40), None).await, answered("30 of 110", 3));
    assert_eq!(spent(units(1), None).await, answered(r#"overages_exhausted {"remaining":0}"#, 2));
    assert_eq!(spent(units(-10), None).await, answered("-10 of 100", 2));
    assert_eq!(spent(units(20), Some(&key)).await, answered(r#"overages_exhausted {"remaining":10}"#, 2));
    assert_eq!(spent(partial(20), Some(&key)).await, answered("10 of 110", 2));
    assert_eq!(spent(partial(20), Some(&key)).await, answered("10 of 110, replayed", 3));
    assert_eq!(spent(units(-1000), None).await, answered("-110 of 0", 3));
}

#[tokio::test]
async fn a_list_reads_a_hundred_organizations_with_one_request() {
    let table = Table::new().await;
    // More than a user may create.
    let (service, ann) = (caller("service:backend"), user("ann"));
    for _ in 0..101 {
        table.create_organization(&service, &ann, acme(), None).await.unwrap();
    }

    assert_eq!(cost(table.list_organizations(&ann, false, 100, None)).await.0, 2);
    assert_eq!(cost(table.list_organizations(&ann, false, 101, None)).await.0, 3);
}

#[tokio::test]
async fn an_empty_list_reads_no_organization() {
    let table = Table::new().await;
    assert_eq!(cost(table.list_organizations(&user("ann"), false, 1000, None)).await.0, 1);
}

#[tokio::test]
async fn erasing_a_user_makes_a_transaction_for_each_membership() {
    let table = Table::new().await;
    let (service, bob) = (caller("service:backend"), user("bob"));
    for _ in 0..101 {
        table.create_organization(&service, &bob, acme(), None).await.unwrap();
    }

    // The table has one Query, and two BatchGetItems for 101 organizations.
    assert_eq!(cost(table.delete_user(&service, &bob)).await.0, 1 + 2 + 101);
    assert_eq!(cost(table.delete_user(&service, &bob)).await.0, 1);
}
