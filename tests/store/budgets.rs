//! What each operation costs when it succeeds: DynamoDB requests and capacity units, as DynamoDB
//! reports them. A figure that grows fails, and so does one that shrinks: `docs/cost/capacity.csv`
//! is to be read, by people and by `cargo cost`.

use crate::table::{ANY, Table, acme, user};
use shared::error::Error;
use shared::model::{IdempotencyKey, MaxOverages, OrganizationChanges, OrganizationName, Role};
use shared::store::meter::measure;

async fn cost<T>(work: impl Future<Output = Result<T, Error>>) -> (u32, f64) {
    let (result, usage) = measure(work).await;
    result.unwrap();
    (usage.requests, usage.capacity)
}

/// The rows of a CSV file of ours below its heading; nothing in them is quoted.
pub fn document<const COLUMNS: usize>(path: &str) -> Vec<[String; COLUMNS]> {
    let text = std::fs::read_to_string(local::workspace_root().join(path)).unwrap();
    let row = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
    text.lines().skip(1).map(row).collect()
}

/// Operation, requests and capacity units. The file has the units of each kind and place by
/// themselves; DynamoDB reports them together.
fn budgets() -> Vec<(String, u32, f64)> {
    let read = |[operation, requests, units @ ..]: [String; 6]| {
        let units = units.iter().map(|units| units.parse::<f64>().unwrap()).sum();
        (operation, requests.parse().unwrap(), units)
    };
    document("docs/cost/capacity.csv").into_iter().map(read).collect()
}

#[tokio::test]
async fn every_operation_keeps_its_budget() {
    let table = Table::new().await;
    let (ann, bob, cyd) = (user("ann"), user("bob"), user("cyd"));
    let id = table.organization_of(&ann).await.id;
    let key = IdempotencyKey::parse("a key").ok();
    let key = key.as_ref();
    let changes = || OrganizationChanges { name: OrganizationName::parse("B").ok(), domain: None };

    let measured = [
        ("createOrganization", cost(table.create_organization(&cyd, acme(), None)).await),
        ("createOrganization with a key", cost(table.create_organization(&cyd, acme(), key)).await),
        ("listOrganizations", cost(table.list_organizations(&ann, 1000, None)).await),
        ("getOrganization", cost(table.get_organization(&ann, &id)).await),
        ("updateOrganization", cost(table.update_organization(&ann, &id, changes(), &ANY)).await),
        ("setMaxOverages", cost(table.set_max_overages(&ann, &id, MaxOverages::UNLIMITED, &ANY)).await),
        ("addMember", cost(table.add_member(&ann, &id, bob.clone(), Role::Member, &ANY)).await),
        ("updateMember", cost(table.update_member(&ann, &id, &bob, Role::Admin, &ANY)).await),
        ("listMembers", cost(table.list_members(&ann, &id, 1000, None)).await),
        ("removeMember", cost(table.remove_member(&ann, &id, &bob, &ANY)).await),
    ];
    let measured =
        measured.map(|(operation, (requests, capacity))| (operation.to_owned(), requests, capacity));

    assert_eq!(measured.to_vec(), budgets());
}

#[tokio::test]
async fn a_list_reads_a_hundred_organizations_with_one_request() {
    let table = Table::new().await;
    let ann = user("ann");
    for _ in 0..101 {
        table.organization_of(&ann).await;
    }

    assert_eq!(cost(table.list_organizations(&ann, 100, None)).await.0, 2);
    assert_eq!(cost(table.list_organizations(&ann, 101, None)).await.0, 3);
}

#[tokio::test]
async fn an_empty_list_reads_no_organization() {
    let table = Table::new().await;
    assert_eq!(cost(table.list_organizations(&user("ann"), 1000, None)).await.0, 1);
}
