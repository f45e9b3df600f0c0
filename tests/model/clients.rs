//! Several clients at the same time, each with instances of the functions of its own.

use crate::instance::{Answer, Instance};
use crate::model::Time;
use crate::moment::Moment;
use crate::request::{Call, Operation, Request};
use crate::strategy::{Concurrent, Trouble};
use futures_util::future::join_all;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use support::database::Database;

/// A request and what became of it.
#[derive(Debug)]
pub struct Answered {
    /// Who made it; the first requests are another's.
    pub client: usize,
    pub call: Call,
    pub troubles: Vec<Trouble>,
    pub answer: Answer,
    pub time: Time,
    /// Where it began and ended in the order of all beginnings and ends.
    pub order: [usize; 2],
}

/// What all clients know.
#[derive(Default)]
struct World {
    events: Cell<usize>,
    created: RefCell<Vec<String>>,
    /// The last versions that anybody has seen.
    versions: RefCell<BTreeMap<String, u64>>,
}

/// Makes all requests of a history, each client's one after the other: the first ones, and the
/// others.
pub async fn run(database: &Database, history: &Concurrent) -> (Vec<Answered>, Vec<Answered>) {
    let world = World::default();
    let first: Vec<_> = history.first.iter().map(|request| (request.clone(), Vec::new())).collect();
    let first = world.client(database, history.clients.len(), &first).await;
    let clients = history.clients.iter().enumerate();
    let answered = join_all(clients.map(|(client, requests)| world.client(database, client, requests))).await;
    (first, answered.into_iter().flatten().collect())
}

impl World {
    async fn client(
        &self,
        database: &Database,
        client: usize,
        requests: &[(Request, Vec<Trouble>)],
    ) -> Vec<Answered> {
        let instance = Instance::on(database).await;
        let mut all = Vec::new();
        for (request, troubles) in requests {
            let call = self.call(request);
            instance.proxy.inject("", troubles.iter().map(|trouble| trouble.fault()));
            let (start, began) = (Moment::now(), self.event());
            let answer = instance.send(&call).await;
            let (end, ended) = (Some(Moment::now()), self.event());
            instance.proxy.end();
            self.learn(&call, &answer);
            let (time, order, troubles) = (Time { start, end }, [began, ended], troubles.clone());
            all.push(Answered { client, call, troubles, answer, time, order });
        }
        all
    }

    fn event(&self) -> usize {
        self.events.replace(self.events.get() + 1)
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
