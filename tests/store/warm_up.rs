use crate::invitations::token;
use crate::recording::options;
use crate::table::{ANY, Table, acme, caller, user};
use local::EventSourceMapping;
use serde_json::Value;
use shared::model::{MaxOverages, OrganizationChanges, OrganizationName, Role};
use std::convert::Infallible;
use std::path::Path;
use std::time::{Duration, Instant};
use support::bus::{self, Bus};
use support::database::{Database, store};
use support::instance::Instance;
use support::proxy::Proxy;
use tokio::net::TcpListener;

/// Init waits at most 1.5 s for DynamoDB. A busy machine may take longer.
const INIT_TIMEOUT: Duration = Duration::from_secs(2);

#[tokio::test]
async fn opening_a_connection_sends_no_request() {
    let database = Database::start().await;
    let proxy = Proxy::start(database.url()).await;

    let _store = store(proxy.url()).await;

    assert_eq!((proxy.connections(), proxy.actions().len()), (1, 0));
}

#[tokio::test]
async fn record_events_connects_to_the_bus_before_its_first_invocation() {
    let (database, bus) = (Database::start().await, Bus::start().await);
    let proxy = Proxy::start(bus.url()).await;
    let variables = [
        ("AWS_ENDPOINT_URL_DYNAMODB", database.url()),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", proxy.url()),
        ("EVENT_BUS_NAME", bus::NAME.to_owned()),
        ("EVENT_SOURCE", bus::SOURCE.to_owned()),
    ];
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join("record-events-warm-up.log");
    let mut instance = Instance::logging_function("record-events", variables, &log).await;
    instance.ready().await;
    assert_eq!((proxy.connections(), bus.requests()), (1, 0));

    let store = store(database.url()).await;
    store.create_organization(&caller("ann"), &user("ann"), acme(), None).await.unwrap();
    let invoke = async |event: Value| Ok::<_, Infallible>(instance.invoke(&event).await);
    let mapping = EventSourceMapping::new(&database.url(), local::TABLE_NAME, options(), invoke);
    mapping.unwrap().run_until_idle().await.unwrap();
    assert_eq!((proxy.connections(), bus.requests(), bus.taken().len()), (1, 1, 1));
}

#[tokio::test]
async fn every_operation_uses_the_connection_opened_at_start() {
    let table = Table::new().await;
    let ann = caller("ann");
    let rename =
        OrganizationChanges { name: OrganizationName::parse("B").ok(), ..OrganizationChanges::default() };

    for _ in 0..2 {
        let id = table.create(&ann, acme(), None).await.unwrap().organization.id;
        table.list_organizations(&user("ann"), false, 100, None).await.unwrap();
        table.get_organization(&ann, &id).await.unwrap();
        table.update_organization(&ann, &id, rename.clone(), &ANY).await.unwrap();
        table.set_max_overages(&ann, &id, MaxOverages::UNLIMITED, &ANY).await.unwrap();
        table.add(&id, "bob", Role::Member, &ANY).await.unwrap();
        table.update_member(&ann, &id, &user("bob"), Role::Admin, &ANY).await.unwrap();
        table.list_members(&ann, &id, 100, None).await.unwrap();
        table.get_member(&ann, &id, &user("bob")).await.unwrap();
        table.remove_member(&ann, &id, &user("bob"), &ANY).await.unwrap();
        table.delete_organization(&ann, &id, &ANY).await.unwrap();
        table.restore_organization(&ann, &id, &ANY).await.unwrap();
        let issued = table.invite(&ann, &id, Role::Member).await;
        table.list_invitations(&ann, &id, 100, None).await.unwrap();
        table.preview_invitation(&token(&issued)).await.unwrap();
        table.accept("bob", &issued).await.unwrap();
        let issued = table.invite(&ann, &id, Role::Member).await;
        table.revoke_invitation(&ann, &id, &issued.invitation.id, &ANY).await.unwrap();
    }

    assert_eq!(table.proxy.connections(), 1);
}

#[tokio::test]
async fn a_connection_lost_between_requests_does_not_fail_the_next_request() {
    let table = Table::new().await;
    let ann = caller("ann");

    for organizations in 1..=3 {
        table.proxy.cut().await;
        table.create(&ann, acme(), None).await.unwrap();
        assert_eq!(
            table.list_organizations(&user("ann"), false, 9, None).await.unwrap().items.len(),
            organizations
        );
        assert_eq!(table.proxy.connections(), 1 + organizations, "one new connection");
    }
}

#[tokio::test]
async fn opening_a_store_does_not_wait_for_an_unreachable_dynamodb() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();

    let started = Instant::now();
    let store = store(format!("http://{closed}")).await;
    assert!(started.elapsed() < Duration::from_secs(1));

    let refused = store.list_organizations(&user("ann"), false, 9, None).await.unwrap_err();
    assert_eq!(refused.code(), "service_unavailable");
}

#[tokio::test]
async fn opening_a_store_waits_only_briefly_for_a_silent_dynamodb() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();

    let started = Instant::now();
    // Over TLS, a connection is established only after the server has answered.
    let _store = store(format!("https://localhost:{port}")).await;

    assert!(started.elapsed() < INIT_TIMEOUT);
}
