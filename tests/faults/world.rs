//! A table, a proxy in front of it, and a store that uses the proxy.

use crate::calls::{Call, Filled};
use crate::contents;
use aws_sdk_dynamodb::types::{DeleteRequest, PutRequest, WriteRequest};
use lambda_http::{Body, Context, LambdaEvent};
use serde_json::{Value, json};
use shared::model::{Domain, IdempotencyKey, NewOrganization, OrganizationName, Preconditions, Role, UserId};
use shared::store::Store;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use support::database::{Database, Item, items};
use support::example::MEMBER;
use support::in_process;
use support::proxy::Proxy;

/// The maximum number of items in one BatchWriteItem.
const MAX_BATCH: usize = 25;

/// The content of a table.
pub struct Filling {
    items: Vec<Item>,
    /// The id of the team's organization.
    organization: String,
    /// Databases to reuse. They were filled with this content, and calls have changed it since.
    spare: Mutex<Vec<Database>>,
}

impl Filling {
    /// Creates the content with a store.
    pub async fn new(filled: Filled) -> Self {
        let database = Database::start().await;
        let store = support::database::store(database.url()).await;
        let user = |name| UserId::parse(name).unwrap();
        let acme = || NewOrganization {
            name: OrganizationName::parse("Acme").unwrap(),
            domain: Some(Domain::parse("acme.example").unwrap()),
        };
        let (ann, key) = (user("ann"), IdempotencyKey::parse("used").unwrap());
        let id = store.create_organization(&ann, acme(), Some(&key)).await.unwrap().organization.id;
        for (name, role) in [("bob", Role::Admin), (MEMBER, Role::Member)] {
            store.add_member(&ann, &id, user(name), role, &Preconditions::NONE).await.unwrap();
        }
        if filled == Filled::WithMany {
            for _ in 0..100 {
                store.create_organization(&ann, acme(), None).await.unwrap();
            }
        }
        let items = items(&database.client).await;
        Self { items, organization: id.as_str().to_owned(), spare: Mutex::default() }
    }
}

impl Filling {
    /// Replaces a table's content.
    async fn fill(&self, database: &Database) {
        let found = items(&database.client).await;
        let key = |item: &Item| Item::from(["pk", "sk"].map(|name| (name.to_owned(), item[name].clone())));
        let missing = self.items.iter().filter(|item| !found.contains(item)).map(|item| {
            let put = PutRequest::builder().set_item(Some(item.clone())).build().unwrap();
            WriteRequest::builder().put_request(put).build()
        });
        let others = found.iter().filter(|item| !self.items.iter().any(|kept| key(kept) == key(item)));
        let others = others.map(|item| {
            let delete = DeleteRequest::builder().set_key(Some(key(item))).build().unwrap();
            WriteRequest::builder().delete_request(delete).build()
        });
        for writes in missing.chain(others).collect::<Vec<_>>().chunks(MAX_BATCH) {
            let write = database.client.batch_write_item();
            write.request_items(local::TABLE_NAME, writes.to_vec()).send().await.unwrap();
        }
    }
}

/// A table, and a store that uses it through a proxy.
pub struct World {
    pub proxy: Proxy,
    database: Database,
    store: Store,
    filling: Arc<Filling>,
}

impl World {
    pub async fn new(filling: &Arc<Filling>) -> Self {
        let spare = filling.spare.lock().unwrap().pop();
        let database = match spare {
            Some(database) => database,
            None => Database::start().await,
        };
        filling.fill(&database).await;
        let proxy = Proxy::start(database.url()).await;
        let store = support::database::store(proxy.url()).await;
        Self { proxy, database, store, filling: filling.clone() }
    }

    /// Returns the database for reuse.
    pub fn end(self) {
        self.filling.spare.lock().unwrap().push(self.database);
    }

    /// The whole content of the table.
    pub async fn contents(&self) -> Value {
        contents::read(&self.database.client).await
    }

    /// Sends a call to its function, with this time limit for the invocation. Returns the answer and the time
    /// that it took.
    pub async fn send(&self, call: &Call, time: Duration) -> (Value, Duration) {
        let request = call.request(&self.filling.organization);
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + time;
        let mut context = Context::default();
        context.deadline = u64::try_from(deadline.as_millis()).unwrap();
        let started = Instant::now();
        let event = serde_json::from_str(&request.event().to_string()).unwrap();
        let event = LambdaEvent::new(event, context);
        let response = in_process::invoke(request.operation, &self.store, event).await;
        let took = started.elapsed();
        let body: Value = match &response.body {
            Some(Body::Text(text)) => serde_json::from_str(text).unwrap(),
            None => Value::Null,
            other => panic!("{other:?}"),
        };
        let header = |name| response.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let answer = json!({
            "status": response.status_code,
            "etag": header("etag"),
            "location": header("location"),
            "link": header("link"),
            "replayed": header("idempotent-replayed"),
            "retryAfter": header("retry-after"),
            "body": body,
        });
        (answer, took)
    }
}
