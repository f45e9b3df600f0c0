//! Several clients at the same time, each with instances of the functions of its own.

use crate::instance::{Answer, Instance};
use crate::request::{Call, Operation, Request};
use crate::strategy::{Concurrent, Trouble};
use futures_util::future::join_all;
use std::cell::RefCell;
use std::collections::BTreeMap;
use support::database::Database;

/// A request and what became of it.
#[derive(Debug)]
pub struct Answered {
    pub call: Call,
    pub troubles: Vec<Trouble>,
    pub answer: Answer,
}

/// What all clients know.
#[derive(Default)]
struct World {
    created: RefCell<Vec<String>>,
    /// The last versions that anybody has seen.
    versions: RefCell<BTreeMap<String, u64>>,
}

/// Makes all requests of a history, each client's one after the other.
pub async fn run(database: &Database, history: &Concurrent) -> Vec<Answered> {
    let world = World::default();
    let first: Vec<_> = history.first.iter().map(|request| (request.clone(), Vec::new())).collect();
    let mut all = world.client(database, &first).await;
    let answered = join_all(history.clients.iter().map(|requests| world.client(database, requests))).await;
    all.extend(answered.into_iter().flatten());
    all
}

impl World {
    async fn client(&self, database: &Database, requests: &[(Request, Vec<Trouble>)]) -> Vec<Answered> {
        let instance = Instance::on(database).await;
        let mut all = Vec::new();
        for (request, troubles) in requests {
            let call = self.call(request);
            instance.proxy.inject("", troubles.iter().map(|trouble| trouble.fault()));
            let answer = instance.send(&call).await;
            instance.proxy.end();
            self.learn(&call, &answer);
            all.push(Answered { call, troubles: troubles.clone(), answer });
        }
        all
    }

    fn call(&self, request: &Request) -> Call {
        let organization = self.created.borrow().get(request.organization).cloned().unwrap_or_default();
        let version = self.versions.borrow().get(&organization).copied().unwrap_or(1);
        Call { request: request.clone(), organization, version, page: None }
    }

    fn learn(&self, call: &Call, answer: &Answer) {
        if let Operation::Create { .. } = call.operation() {
            let mut created = self.created.borrow_mut();
            let id = answer.body["id"].as_str().filter(|id| !created.iter().any(|known| known == id));
            created.extend(id.map(str::to_owned));
        } else if let Some(etag) = &answer.etag {
            let version = etag.trim_matches('"').parse().unwrap();
            self.versions.borrow_mut().insert(call.organization.clone(), version);
        }
    }
}
