//! Several clients at the same time, each with its own instances of the functions.

use crate::action::Action;
use crate::answer::Answer;
use crate::instance::Instance;
use crate::known::Known;
use crate::moment::{Now, Time};
use crate::record_lists;
use crate::request::{Call, Request};
use crate::strategy::Concurrent;
use futures_util::future::join_all;
use std::cell::{Cell, RefCell};
use support::database::Database;
use support::proxy::Proxy;

/// The fraction of requests to DynamoDB that meet a fault, in a history with faults.
const FAULTS: f64 = 0.2;

/// A request and its answer.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The number of the client.
    pub client: usize,
    pub call: Call,
    /// The actions of the requests to DynamoDB.
    pub asked: Vec<String>,
    /// True if faults could hit those requests.
    pub faults: bool,
    pub answer: Answer,
    /// For a list of events: how many were stored, without a gap, when the request began.
    pub stored: u64,
    pub time: Time,
    /// The positions of its start and its end in the order of all starts and ends.
    pub order: [usize; 2],
}

/// The knowledge that all clients share.
#[derive(Default)]
struct World {
    events: Cell<usize>,
    known: RefCell<Known>,
}

/// Runs a history. Each client sends its requests one after the other. Returns the first requests and all
/// others, with their answers.
pub async fn run(database: &Database, history: &Concurrent) -> (Vec<Answered>, Vec<Answered>) {
    let world = World::default();
    let alone =
        async |requests: &[Request]| world.client(database, history.clients.len(), requests, None).await;
    let first = alone(&history.first).await;
    let clients = history.clients.iter().enumerate().map(async |(client, requests)| {
        let faults = history.faults.map(|seed| seed.wrapping_add(client as u64));
        world.client(database, client, requests, faults).await
    });
    let mut others = join_all(clients).await.concat();
    others.extend(alone(&history.last).await);
    (first, others)
}

impl World {
    async fn client(
        &self,
        database: &Database,
        client: usize,
        requests: &[Request],
        faults: Option<u64>,
    ) -> Vec<Answered> {
        let proxy = Proxy::start(database.url()).await;
        let instance = Instance::on(proxy.url()).await;
        if let Some(seed) = faults {
            proxy.at_random(seed, FAULTS);
        }
        let mut all = Vec::new();
        for request in requests {
            let call = self.known.borrow().call(request);
            let stored = match call.action() {
                Action::ListEvents { .. } => record_lists::stored(database, &call.organization).await,
                _ => 0,
            };
            let before = proxy.actions().len();
            let (start, began) = (Now::read(), self.event());
            let answer = instance.send(&call).await;
            let time = Time { start, end: Some(Now::read()) };
            let order = [began, self.event()];
            self.known.borrow_mut().learn(&call, &answer);
            let asked = proxy.actions().split_off(before);
            let faults = faults.is_some();
            all.push(Answered { client, call, asked, faults, answer, stored, time, order });
        }
        all
    }

    fn event(&self) -> usize {
        self.events.replace(self.events.get() + 1)
    }
}
