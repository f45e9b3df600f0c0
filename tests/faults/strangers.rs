//! Response times reveal nothing to a non-member, because the DynamoDB requests are always the same: whether
//! or not the organization exists, and whether or not the user that the request concerns is a member of it.

use functions::Operation;
use lambda_http::{Context, LambdaEvent};
use serde_json::{Value, json};
use shared::model::{NewOrganization, OrganizationId, OrganizationName, Preconditions, Role, UserId};
use std::sync::{Arc, Mutex};
use support::database::{Database, store};
use support::example::{self, Allowed, MEMBER};
use support::in_process;
use support::proxy::Proxy;

/// The same length as [`MEMBER`].
const NO_MEMBER: &str = "canary|absent";

/// Requests to DynamoDB: the action of each, and the keys in it.
type Requests = Vec<(String, Vec<Value>)>;

struct World {
    proxy: Proxy,
    store: shared::store::Store,
    organization: OrganizationId,
    _database: Database,
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
        Self { proxy, store, organization, _database: database }
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
