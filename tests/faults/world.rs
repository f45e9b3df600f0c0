//! A table, a proxy in front of it, and a store that uses the proxy.

use crate::calls::Call;
use crate::contents;
use crate::filling::Filling;
use lambda_http::{Body, Context, LambdaEvent};
use serde_json::{Value, json};
use shared::store::Store;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use support::database::Database;
use support::in_process;
use support::proxy::Proxy;

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
        let request = call.request(&self.filling);
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
