//! A non-member's request causes the same DynamoDB requests whether or not the organization exists, and whether
//! or not the user that the request concerns is a member of it. Their times may still differ, since a refusal of
//! an existing organization contains its item: `response_times_of_strangers` measures by how much.

use functions::Operation;
use lambda_http::{Context, LambdaEvent};
use serde_json::{Value, json};
use shared::model::{NewOrganization, OrganizationId, OrganizationName, Preconditions, Role, UserId};
use shared::store::Store;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::database::{Database, store};
use support::example::{self, Allowed, MEMBER};
use support::in_process;
use support::proxy::Proxy;
use support::statistics::{machine, median, milliseconds, percentile};

/// The same length as [`MEMBER`].
const NO_MEMBER: &str = "canary|absent";

/// Requests to DynamoDB: the action of each, and the keys in it.
type Requests = Vec<(String, Vec<Value>)>;

struct World {
    proxy: Proxy,
    store: Store,
    organization: OrganizationId,
    database: Database,
}

impl World {
    async fn new() -> Self {
        let database = Database::start().await;
        let proxy = Proxy::start(database.url()).await;
        let store = store(proxy.url()).await;
        let user = |name| UserId::parse(name).unwrap();
        let new = NewOrganization { name: OrganizationName::parse("Acme").unwrap(), domain: None };
        let organization = store.create_organization(&user("ann"), new, None).await.unwrap().organization.id;
        let any = Preconditions::NONE;
        store.add_member(&user("ann"), &organization, user(MEMBER), Role::Member, &any).await.unwrap();
        Self { proxy, store, organization, database }
    }

    /// The status of the answer to a stranger, and the requests to DynamoDB. The ids of organization and user
    /// are masked.
    async fn ask(&self, operation: Operation, organization: &str, user: &str) -> (i64, Requests) {
        let requests = Arc::<Mutex<Requests>>::default();
        let (seen, mask) = (requests.clone(), [organization, user].map(str::to_owned));
        self.proxy.plan_by_body(move |action, body| {
            let body = String::from_utf8_lossy(body).replace(&mask[0], "<id>").replace(&mask[1], "<user>");
            let mut found = Vec::new();
            keys(&serde_json::from_str(&body).unwrap(), &mut found);
            seen.lock().unwrap().push((action.to_owned(), found));
            None
        });
        let request = example::request(operation, "stranger", organization).event().to_string();
        let event = serde_json::from_str(&request.replace(MEMBER, user).replace("canary|new", user)).unwrap();
        let event = LambdaEvent::new(event, Context::default());
        let response = in_process::invoke(operation, &self.store, event).await;
        let requests = std::mem::take(&mut *requests.lock().unwrap());
        (response.status_code, requests)
    }
}

/// The keys of items in a request.
fn keys(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(fields) => {
            if let (Some(pk), Some(sk)) = (fields.get("pk"), fields.get("sk")) {
                found.push(json!([pk, sk]));
            }
            fields.values().for_each(|value| keys(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| keys(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn a_stranger_causes_the_same_requests_whether_or_not_organization_and_member_exist() {
    let world = World::new().await;
    let (here, nowhere) = (world.organization.as_str().to_owned(), OrganizationId::generate());
    for &operation in Operation::ALL {
        // Operations that are open to every user have no organization in their path.
        if example::example(operation).allowed == Allowed::Users {
            continue;
        }
        let (status, requests) = world.ask(operation, &here, NO_MEMBER).await;
        assert_eq!(status, 404, "{operation:?}");
        assert!(requests.iter().all(|(_, keys)| !keys.is_empty()), "{operation:?}: {requests:?}");
        for (organization, user) in [(here.as_str(), MEMBER), (nowhere.as_str(), MEMBER)] {
            let other = world.ask(operation, organization, user).await;
            assert_eq!(other, (status, requests.clone()), "{operation:?} of {organization} and {user}");
        }
        let [here, nowhere] =
            [here.as_str(), nowhere.as_str()].map(|id| world.ask(operation, id, "stranger"));
        assert_eq!(here.await, nowhere.await, "{operation:?} with the stranger's own id as the member");
    }
}

/// The number of measured requests per operation and organization.
const MEASURED: usize = 200;

/// The time until a stranger's request is refused.
async fn refusal(store: &Store, operation: Operation, organization: &str) -> Duration {
    let event = example::request(operation, "stranger", organization).event().to_string();
    let started = Instant::now();
    let event = LambdaEvent::new(serde_json::from_str(&event).unwrap(), Context::default());
    let response = in_process::invoke(operation, store, event).await;
    let time = started.elapsed();
    assert_eq!(response.status_code, 404, "{operation:?}");
    time
}

/// An organization with as many owners as possible, and thus the largest item.
async fn largest_organization(store: &Store) -> String {
    let (owner, any) = (UserId::parse("owner-0").unwrap(), Preconditions::NONE);
    let new = NewOrganization { name: OrganizationName::parse(&"🦀".repeat(256)).unwrap(), domain: None };
    let id = store.create_organization(&owner, new, None).await.unwrap().organization.id;
    for number in 1..100 {
        let user = UserId::parse(&format!("owner-{number}")).unwrap();
        store.add_member(&owner, &id, user, Role::Owner, &any).await.unwrap();
    }
    id.as_str().to_owned()
}

/// Prints the table in docs/performance.md. The organizations take turns, so that whatever else the machine does
/// affects all of them.
#[tokio::test]
#[ignore = "measures times: `cargo test --test faults -- --ignored --nocapture response_times`"]
async fn response_times_of_strangers() {
    let world = World::new().await;
    let store = store(world.database.url()).await;
    let nowhere = OrganizationId::generate();
    let largest = largest_organization(&store).await;
    let organizations = [nowhere.as_str(), world.organization.as_str(), &largest];
    println!(
        "| operation | no organization: p50, ms | p95 | an organization: p50 | p95 | the largest: p50 | p95 |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for &operation in Operation::ALL {
        if example::example(operation).allowed == Allowed::Users {
            continue;
        }
        let mut times = [const { Vec::new() }; 3];
        for number in 0..MEASURED + MEASURED / 10 {
            for (times, organization) in times.iter_mut().zip(organizations) {
                let time = refusal(&store, operation, organization).await;
                // The first requests only warm up.
                if number >= MEASURED / 10 {
                    times.push(time);
                }
            }
        }
        let cell = |times: &Vec<Duration>| {
            format!("{:.2} | {:.2}", milliseconds(median(times)), milliseconds(percentile(times, 95)))
        };
        println!("| {} | {} |", operation.id(), times.each_ref().map(cell).join(" | "));
    }
    println!("\n{MEASURED} requests for each cell, in turn. {}.", machine());
}
