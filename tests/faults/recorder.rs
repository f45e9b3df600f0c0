//! The role of record-events in template.yaml allows exactly what the function does with the table: it records events,
//! tells thresholds, and purges organizations of users and of services.

use crate::roles::{Permissions, RECORDER, allowed_to, template};
use functions::Operation;
use functions::record_events::{Recorder, TIMEOUT};
use local::{EventSourceMapping, MappingOptions};
use serde_json::{Value, json};
use shared::store::Store;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use support::bus::Bus;
use support::database::{self, Database};
use support::event::Request;
use support::example::{MEMBER, SERVICE};
use support::faults::Fault;
use support::in_process;
use support::permissions::permissions;
use support::proxy::Proxy;

#[tokio::test]
async fn the_role_of_record_events_allows_exactly_what_it_does() {
    let mut used = used_by_the_recorder(|| None).await;
    // A condition that does not hold, and of which DynamoDB does not say more.
    used.extend(used_by_the_recorder(|| Some(Fault::WithoutItems)).await);
    assert_eq!(allowed_to(RECORDER, &template()), used);
}

/// The permissions that the function's requests to DynamoDB need. Each request meets `fault`.
async fn used_by_the_recorder(fault: fn() -> Option<Fault>) -> Permissions {
    let (database, bus) = (Database::start().await, Bus::start().await);
    let proxy = Proxy::start(database.url()).await;
    let used = Arc::<Mutex<Permissions>>::default();
    let record = used.clone();
    proxy.plan_by_body(move |action, body| {
        record.lock().unwrap().extend(permissions(action, body));
        fault()
    });
    let recorder = Recorder::new(database::store(proxy.url()).await, bus.client());
    let invoke = async |event: Value| {
        let answer = recorder.invoke(serde_json::from_value(event).unwrap(), "id", TIMEOUT).await;
        Ok::<_, Infallible>(serde_json::to_value(answer).unwrap())
    };
    let options = MappingOptions { max_retries: Some(0), ..MappingOptions::of_template().unwrap() };
    let mut mapping = EventSourceMapping::new(&database.url(), local::TABLE_NAME, options, invoke).unwrap();

    let store = database::store(database.url()).await;
    let organizations = [
        organization(&store, "ann", json!({ "organizationName": "Acme" })).await,
        organization(
            &store,
            SERVICE,
            json!({ "organizationName": "Acme", "owner": "bob", "externalId": "x" }),
        )
        .await,
    ];
    assert_eq!(mapping.run_until_idle().await.unwrap(), Vec::<Value>::new());
    for id in organizations {
        let key = shared_key(&format!("ORG#{id}"));
        database.client.delete_item().table_name(local::TABLE_NAME).set_key(Some(key)).send().await.unwrap();
    }
    assert_eq!(mapping.run_until_idle().await.unwrap(), Vec::<Value>::new());
    let told = bus.taken().iter().filter(|entry| entry.detail_type == "usage.threshold_reached").count();
    assert_eq!(told, 2, "{:?}", bus.taken());
    let left = database::items(&database.client).await;
    let is_left = |item: &&database::Item| item["sk"].as_s().unwrap().starts_with("MEMBER#");
    assert_eq!(left.iter().find(is_left), None);
    std::mem::take(&mut *used.lock().unwrap())
}

fn shared_key(text: &str) -> database::Item {
    use aws_sdk_dynamodb::types::AttributeValue::S;
    ["pk", "sk"].map(|name| (name.to_owned(), S(text.to_owned()))).into()
}

/// Creates an organization with a member, whose usage has reached half of its overage limit. Returns its id.
async fn organization(store: &Store, creator: &str, new: Value) -> String {
    let id = send(store, Request::new(Operation::CreateOrganization, creator).body(new)).await["id"].clone();
    let id = id.as_str().unwrap().to_owned();
    for (operation, body) in [
        (Operation::AddMember, json!({ "userId": MEMBER })),
        (Operation::SetPlan, json!({ "includedUnits": 10 })),
        (Operation::SetMaxOverages, json!({ "maxOverages": 10 })),
        (Operation::RecordUsage, json!({ "units": 15 })),
    ] {
        send(store, Request::new(operation, SERVICE).of("organization_id", &id).body(body)).await;
    }
    id
}

async fn send(store: &Store, request: Request) -> Value {
    in_process::body(&request, store).await.unwrap()
}
