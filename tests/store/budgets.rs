//! What each operation costs when it succeeds: DynamoDB requests and capacity units, as DynamoDB
//! reports them. A figure that grows fails, and so does one that shrinks: the table is to be read.

use crate::table::{ANY, Table, acme, user};
use shared::error::Error;
use shared::model::{IdempotencyKey, MaxOverages, OrganizationChanges, OrganizationName, Role};
use shared::store::meter::measure;

async fn cost<T>(work: impl Future<Output = Result<T, Error>>) -> (u32, f64) {
    let (result, usage) = measure(work).await;
    result.unwrap();
    (usage.requests, usage.capacity)
}

#[tokio::test]
async fn every_operation_keeps_its_budget() {
    let table = Table::new().await;
    let (ann, bob) = (user("ann"), user("bob"));
    let id = table.organization_of(&ann).await.id;
    let key = IdempotencyKey::parse("a key").ok();
    let key = key.as_ref();
    let changes = || OrganizationChanges { name: OrganizationName::parse("B").ok(), domain: None };

    let measured = [
        ("createOrganization", cost(table.create_organization(&ann, acme(), None)).await),
        ("createOrganization with a key", cost(table.create_organization(&bob, acme(), key)).await),
        ("listOrganizations", cost(table.list_organizations(&ann, 1000, None)).await),
        ("getOrganization", cost(table.get_organization(&ann, &id)).await),
        ("updateOrganization", cost(table.update_organization(&ann, &id, changes(), &ANY)).await),
        ("setMaxOverages", cost(table.set_max_overages(&ann, &id, MaxOverages::UNLIMITED, &ANY)).await),
        ("addMember", cost(table.add_member(&ann, &id, bob.clone(), Role::Member, &ANY)).await),
        ("updateMember", cost(table.update_member(&ann, &id, &bob, Role::Admin, &ANY)).await),
        ("listMembers", cost(table.list_members(&ann, &id, 1000, None)).await),
        ("removeMember", cost(table.remove_member(&ann, &id, &bob, &ANY)).await),
    ];

    let budgets = [
        ("createOrganization", (1, 5.0)),
        ("createOrganization with a key", (1, 7.0)),
        ("listOrganizations", (2, 3.0)),
        ("getOrganization", (1, 2.0)),
        ("updateOrganization", (1, 1.0)),
        ("setMaxOverages", (1, 1.0)),
        ("addMember", (1, 5.0)),
        ("updateMember", (2, 6.0)),
        ("listMembers", (2, 2.5)),
        ("removeMember", (2, 6.0)),
    ];
    assert_eq!(measured, budgets);
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
