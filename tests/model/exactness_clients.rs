//! 40 services that report usage of one organization, and one that changes its limit at the same time.

use crate::usage::Report;
use functions::Operation;
use lambda_http::{Body, Context, LambdaEvent};
use serde_json::{Value, json};
use shared::store::Store;
use std::cell::{Cell, RefCell};
use std::time::Duration;
use support::event::Request;
use support::in_process;

/// The units that the plan includes.
pub const INCLUDED_UNITS: i64 = 30;

/// The number of reports of each client.
const REPORTS: usize = 3;

/// The number of different keys. All clients share them, so that a key is repeated at the same time, too.
const KEYS: u64 = 25;

const METER: &str = "service:meter";

/// A report and its answer.
#[derive(Debug)]
pub struct Sent {
    pub report: Report,
    pub status: u16,
    pub body: Value,
    pub replayed: bool,
    /// The positions of its start and its end in the order of all starts and ends.
    pub order: [usize; 2],
}

/// A change of `maxOverages`.
#[derive(Debug)]
pub struct Set {
    pub max_overages: Option<i64>,
    /// The organization's version after the change, if it was made for sure.
    pub version: Option<u64>,
    /// Like a report's. It ends when it is known that it was made.
    pub order: [usize; 2],
}

/// An organization, and what was done with it.
#[derive(Debug)]
pub struct World {
    pub organization: String,
    pub sent: RefCell<Vec<Sent>>,
    pub sets: RefCell<Vec<Set>>,
    events: Cell<usize>,
    /// The number of clients that still report.
    reporting: Cell<usize>,
}

impl World {
    /// Creates an organization with a plan.
    pub async fn create(store: &Store, clients: usize) -> Self {
        let new = json!({ "organizationName": "Acme", "owner": "ann" });
        let created = Request::new(Operation::CreateOrganization, METER).body(new);
        let (_, body, _) = send(store, &created).await;
        let world = Self {
            organization: body["id"].as_str().unwrap().to_owned(),
            sent: RefCell::default(),
            sets: RefCell::default(),
            events: Cell::default(),
            reporting: Cell::new(clients),
        };
        let plan = world.request(Operation::SetPlan).body(json!({ "includedUnits": INCLUDED_UNITS }));
        let (status, plan, _) = send(store, &plan).await;
        assert_eq!(status, 200, "{plan}");
        let (max_overages, version) = (Some(0), plan["version"].as_u64());
        world.sets.borrow_mut().push(Set { max_overages, version, order: [0, 0] });
        world
    }

    fn request(&self, operation: Operation) -> Request {
        Request::new(operation, METER).of("organization_id", &self.organization)
    }

    fn event(&self) -> usize {
        self.events.replace(self.events.get() + 1) + 1
    }

    /// Sends the reports of one client.
    pub async fn client(&self, store: &Store, seed: u64) {
        let mut random = fastrand::Rng::with_seed(seed);
        for _ in 0..REPORTS {
            let report = report(&mut random);
            self.report(store, &report).await;
            if random.f64() < 0.2 && report.key.is_some() {
                self.report(store, &report).await;
            }
        }
        self.reporting.set(self.reporting.get() - 1);
    }

    /// Sends a report.
    pub async fn report(&self, store: &Store, report: &Report) {
        let (units, _, over_limit) = report.request;
        let body = json!({ "units": units, "overLimit": over_limit });
        let request = self.request(Operation::RecordUsage).body(body);
        let request = match &report.key {
            Some(key) => request.header("idempotency-key", key),
            None => request,
        };
        let began = self.event();
        let (status, body, replayed) = send(store, &request).await;
        let order = [began, self.event()];
        self.sent.borrow_mut().push(Sent { report: report.clone(), status, body, replayed, order });
    }

    /// Moves the limit up and down and to null and back, as long as others report. Each change names the version that
    /// it follows, so that one in doubt cannot be made after a later one.
    pub async fn move_limit(&self, store: &Store, seed: u64) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut version = self.sets.borrow()[0].version.unwrap();
        let mut level = 0;
        while self.reporting.get() > 0 {
            level = (level + random.i64(-40..=60)).max(0);
            let max_overages = Some(level).filter(|_| random.f64() > 0.1);
            let request =
                self.request(Operation::SetMaxOverages).body(json!({ "maxOverages": max_overages }));
            let request = request.header("if-match", &format!("\"{version}\""));
            let began = self.event();
            let (status, body, _) = send(store, &request).await;
            let made = body["version"].as_u64().filter(|_| status == 200);
            let end = if made.is_some() { self.event() } else { usize::MAX };
            if status != 412 {
                self.sets.borrow_mut().push(Set { max_overages, version: made, order: [began, end] });
            }
            version = match made {
                Some(made) => made,
                None => self.settle(store, version).await,
            };
            tokio::time::sleep(Duration::from_micros(random.u64(0..20_000))).await;
        }
    }

    /// Reads the version. If it is a later one than this, the last change was made.
    async fn settle(&self, store: &Store, version: u64) -> u64 {
        loop {
            let (status, body, _) = send(store, &self.request(Operation::GetOrganization)).await;
            let Some(current) = body["version"].as_u64().filter(|_| status == 200) else { continue };
            if current > version {
                let end = self.event();
                let mut sets = self.sets.borrow_mut();
                let made = sets.iter_mut().rev().take_while(|set| set.version.is_none());
                // Several changes of the same version may be in doubt: it is one of those.
                let mut made: Vec<_> =
                    made.filter(|set| json!(set.max_overages) == body["maxOverages"]).collect();
                if let [made] = made.as_mut_slice() {
                    (made.version, made.order[1]) = (Some(current), end);
                }
            }
            return current;
        }
    }
}

/// A random report.
fn report(random: &mut fastrand::Rng) -> Report {
    let key = (random.f64() < 0.35).then(|| random.u64(..KEYS));
    // The same key means the same report.
    let mut random = key.map_or_else(|| random.fork(), fastrand::Rng::with_seed);
    let units = if random.f64() < 0.2 { -random.i64(1..=12) } else { random.i64(1..=12) };
    let over_limit = if random.f64() < 0.35 { "partial" } else { "refuse" };
    let key = key.map(|key| format!("key-{key}"));
    Report { caller: METER, key, request: (units, None, over_limit), period: String::new() }
}

/// Status, body, and whether the answer is a repeated one.
async fn send(store: &Store, request: &Request) -> (u16, Value, bool) {
    let event = serde_json::from_str(&request.event().to_string()).unwrap();
    let event = LambdaEvent::new(event, Context::default());
    let response = in_process::invoke(request.operation, store, event).await;
    let Some(Body::Text(body)) = &response.body else { panic!("{response:?}") };
    let replayed = response.headers.contains_key("idempotent-replayed");
    (response.status_code.try_into().unwrap(), serde_json::from_str(body).unwrap(), replayed)
}
