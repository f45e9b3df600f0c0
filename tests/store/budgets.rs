//! The cost of each successful operation: DynamoDB requests and capacity units, as DynamoDB reports them. The
//! test fails if any figure differs from `docs/cost/capacity.csv`, even if it is lower, because people and
//! `cargo cost` rely on the file.

use crate::table::{ANY, Table, acme, caller, user};
use functions::Operation;
use lambda_http::{Context, LambdaEvent};
use shared::error::Error;
use shared::model::{IdempotencyKey, OrganizationId};
use shared::store::meter::measure;
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

/// Operation, requests and capacity units. The file lists units by kind and partition. This adds them up,
/// because DynamoDB reports only their sum.
fn budgets() -> Vec<(String, u32, f64)> {
    let read = |[operation, requests, units @ ..]: [String; 6]| {
        let units = units.iter().map(|units| units.parse::<f64>().unwrap()).sum();
        (operation, requests.parse().unwrap(), units)
    };
    document("docs/cost/capacity.csv").into_iter().map(read).collect()
}

/// The cost of an operation's example.
async fn example_cost(operation: Operation) -> (u32, f64) {
    let table = Table::new().await;
    let place = Place::create(&table.store, "ann").await;
    if operation == Operation::RestoreOrganization {
        let id = OrganizationId::parse(&place.organization).unwrap();
        table.delete_organization(&caller("ann"), &id, &ANY).await.unwrap();
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
    let key = IdempotencyKey::parse("a key").ok();
    let with_a_key = cost(table.create(&caller("cyd"), acme(), key.as_ref())).await;
    let mut measured = vec![("createOrganization with a key".to_owned(), with_a_key.0, with_a_key.1)];
    for &operation in Operation::ALL {
        let (requests, capacity) = example_cost(operation).await;
        measured.push((operation.id().to_owned(), requests, capacity));
    }

    let mut budgets = budgets();
    measured.sort_by(|one, other| one.0.cmp(&other.0));
    budgets.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(measured, budgets);
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
