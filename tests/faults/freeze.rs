//! Lambda freezes an instance between requests, sometimes for minutes. A frozen instance does not notice when
//! its connection breaks.

use functions::Operation;
use serde_json::{Value, json};
use shared::model::{Caller, NewOrganization, OrganizationName, UserId};
use std::time::Duration;
use support::database::{Database, store};
use support::event::Request;
use support::instance::Instance;
use support::invariants::Contents;
use support::proxy::Proxy;

/// What happens to the connection during the freeze.
#[derive(Debug, Clone, Copy)]
enum Connection {
    Stays,
    /// DynamoDB closes it.
    Closed,
    /// A device on the way drops its packets silently.
    Swallowed,
}

const ALL: [Connection; 3] = [Connection::Stays, Connection::Closed, Connection::Swallowed];

/// Freezes an instance, breaks its connection, thaws the instance, and returns its answer to the next
/// request.
async fn thawed(instance: &mut Instance, proxy: &Proxy, request: &Request, connection: Connection) -> Value {
    instance.freeze();
    match connection {
        Connection::Stays => {}
        Connection::Closed => proxy.cut().await,
        Connection::Swallowed => proxy.swallow(),
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    instance.thaw();
    let answer = instance.invoke(&request.event()).await;
    assert_eq!(answer["statusCode"], 200, "{connection:?} {answer}");
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_read_after_a_thaw_succeeds_even_if_the_connection_was_lost() {
    let database = Database::start().await;
    let id = organization(&database).await;
    let proxy = Proxy::start(database.url()).await;
    let mut instance = Instance::start(Operation::GetOrganization, &proxy.url()).await;
    let get = Request::new(Operation::GetOrganization, "ann").of("organization_id", &id);

    for connection in ALL {
        let answer = thawed(&mut instance, &proxy, &get, connection).await;
        assert_eq!((&answer["id"], &answer["version"]), (&json!(id), &json!(1)), "{connection:?}");
    }
    assert_eq!(proxy.connections(), 3, "one for init, and a new one for each lost connection");
}

#[tokio::test]
async fn a_write_after_a_thaw_is_made_once_even_if_the_connection_was_lost() {
    let database = Database::start().await;
    let id = organization(&database).await;
    let proxy = Proxy::start(database.url()).await;
    let mut instance = Instance::start(Operation::UpdateOrganization, &proxy.url()).await;

    for (version, connection) in (2..).zip(ALL) {
        let rename = Request::new(Operation::UpdateOrganization, "ann")
            .of("organization_id", &id)
            .body(json!({ "name": format!("Acme {version}") }));
        let answer = thawed(&mut instance, &proxy, &rename, connection).await;
        assert_eq!(answer["version"], version, "{connection:?}");
    }
    let contents = Contents::read(&database.client).await;
    contents.expect_no_fault();
    assert_eq!(contents.organizations[&id].version, 4);
    assert_eq!(proxy.connections(), 3);
}

/// Creates an organization that `ann` owns, and returns its id.
async fn organization(database: &Database) -> String {
    let new = NewOrganization::new(OrganizationName::parse("Acme").unwrap(), None);
    let (ann, store) = (UserId::parse("ann").unwrap(), store(database.url()).await);
    let created = store.create_organization(&Caller::User(ann.clone()), &ann, new, None).await.unwrap();
    created.organization.id.as_str().to_owned()
}
