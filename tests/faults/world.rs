//! A table, and an instance of each function whose requests to it go through a proxy.

use crate::calls::{Call, Filled};
use crate::contents::{self, Item};
use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use lambda_http::{Body, Context, LambdaEvent};
use serde_json::{Value, json};
use shared::model::{
    Domain, ExpectedVersion, IdempotencyKey, NewOrganization, OrganizationName, Role, UserId,
};
use shared::store::Store;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use support::database::Database;
use support::functions;
use support::proxy::Proxy;

/// The most items that one BatchWriteItem takes.
const BATCH: usize = 25;

/// What a table is filled with.
pub struct Filling {
    items: Vec<Item>,
    /// The id of the team's organization.
    organization: String,
}

impl Filling {
    /// Has the store fill one.
    pub async fn new(filled: Filled) -> Self {
        let database = Database::start().await;
        let store = support::database::store(database.url());
        let user = |name| UserId::parse(name).unwrap();
        let acme = || NewOrganization {
            name: OrganizationName::parse("Acme").unwrap(),
            domain: Some(Domain::parse("acme.example").unwrap()),
        };
        let (ann, key) = (user("ann"), IdempotencyKey::parse("used").unwrap());
        let id = store.create_organization(&ann, acme(), Some(&key)).await.unwrap().id;
        for (name, role) in [("bob", Role::Admin), ("cyd", Role::Member)] {
            store.add_member(&ann, &id, user(name), role, &ExpectedVersion::Any).await.unwrap();
        }
        if filled == Filled::WithMany {
            for _ in 0..100 {
                store.create_organization(&ann, acme(), None).await.unwrap();
            }
        }
        let items = contents::items(&database.client).await;
        Self { items, organization: id.as_str().to_owned() }
    }
}

/// A table and what is before it.
pub struct World {
    pub proxy: Proxy,
    database: Database,
    store: Store,
    organization: String,
}

impl World {
    pub async fn new(filling: &Filling) -> Self {
        let database = Database::start().await;
        for items in filling.items.chunks(BATCH) {
            let puts = items.iter().map(|item| {
                let put = PutRequest::builder().set_item(Some(item.clone())).build().unwrap();
                WriteRequest::builder().put_request(put).build()
            });
            let write = database.client.batch_write_item();
            write.request_items(local::TABLE_NAME, puts.collect()).send().await.unwrap();
        }
        let proxy = Proxy::start(database.url()).await;
        let store = support::database::store(proxy.url());
        Self { proxy, database, store, organization: filling.organization.clone() }
    }

    /// All that is in the table.
    pub async fn contents(&self) -> Value {
        contents::read(&self.database.client).await
    }

    /// Sends a call to its function, whose invocation may take this long; gives the answer and how long
    /// it took.
    pub async fn send(&self, call: &Call, time: Duration) -> (Value, Duration) {
        let request = call.request(&self.organization);
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + time;
        let mut context = Context::default();
        context.deadline = u64::try_from(deadline.as_millis()).unwrap();
        let started = Instant::now();
        let event = serde_json::from_str(&request.event().to_string()).unwrap();
        let event = LambdaEvent::new(event, context);
        let response = functions::invoke(request.operation, &self.store, event).await;
        let took = started.elapsed();
        let body: Value = match &response.body {
            Some(Body::Text(text)) => serde_json::from_str(text).unwrap(),
            other => panic!("{other:?}"),
        };
        let header = |name| response.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let answer = json!({
            "status": response.status_code,
            "etag": header("etag"),
            "location": header("location"),
            "link": header("link"),
            "retryAfter": header("retry-after"),
            "body": body,
        });
        (answer, took)
    }
}
