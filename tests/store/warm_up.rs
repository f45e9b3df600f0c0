use crate::table::{ANY, Table, acme, user};
use shared::model::{MaxOverages, OrganizationChanges, OrganizationName, Role};
use shared::store::meter::measure;
use std::time::{Duration, Instant};
use support::faults::Fault;
use support::proxy::HEALTH_CHECK;

#[tokio::test]
async fn warming_up_is_one_health_check_that_consumes_nothing() {
    let table = Table::new().await;

    let ((), usage) = measure(table.warm_up()).await;

    assert_eq!((usage.requests, usage.capacity), (1, 0.0));
    assert_eq!(table.proxy.actions(), [HEALTH_CHECK]);
}

#[tokio::test]
async fn every_operation_uses_the_connection_that_warming_up_opened() {
    let table = Table::new().await;
    let (ann, bob) = (user("ann"), user("bob"));
    let rename = OrganizationChanges { name: OrganizationName::parse("B").ok(), domain: None };

    table.warm_up().await;
    for _ in 0..2 {
        let id = table.create_organization(&ann, acme(), None).await.unwrap().id;
        table.list_organizations(&ann, 100, None).await.unwrap();
        table.get_organization(&ann, &id).await.unwrap();
        table.update_organization(&ann, &id, rename.clone(), &ANY).await.unwrap();
        table.set_max_overages(&ann, &id, MaxOverages::UNLIMITED, &ANY).await.unwrap();
        table.add_member(&ann, &id, bob.clone(), Role::Member, &ANY).await.unwrap();
        table.update_member(&ann, &id, &bob, Role::Admin, &ANY).await.unwrap();
        table.list_members(&ann, &id, 100, None).await.unwrap();
        table.remove_member(&ann, &id, &bob, &ANY).await.unwrap();
    }

    assert_eq!((&*table.proxy.actions()[0], table.proxy.connections()), (HEALTH_CHECK, 1));
}

#[tokio::test]
async fn a_connection_that_died_meanwhile_fails_no_request() {
    let table = Table::new().await;
    let ann = user("ann");

    table.warm_up().await;
    for organizations in 1..=3 {
        table.proxy.cut().await;
        table.create_organization(&ann, acme(), None).await.unwrap();
        assert_eq!(table.list_organizations(&ann, 9, None).await.unwrap().items.len(), organizations);
        assert_eq!(table.proxy.connections(), 1 + organizations, "one new connection");
    }
}

#[tokio::test]
async fn a_dynamodb_that_does_not_answer_is_not_waited_for() {
    let table = Table::new().await;
    table.inject([Fault::Stall]);

    let started = Instant::now();
    table.warm_up().await;

    assert!(started.elapsed() < Duration::from_secs(2));
}
