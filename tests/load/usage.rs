//! `cargo load --usage`: many clients report usage of one organization, each as soon as its last report is answered.
//! Beside it, the same clients set the organization's limit. Then the clients report until the limit is reached.
//!
//! Each client has its own function, in this process, so all of them run at the same time. A proxy counts their requests
//! to DynamoDB.

use crate::Options;
use functions::Operation;
use futures_util::future::join_all;
use lambda_http::{Body, Context, LambdaEvent};
use serde_json::{Value, json};
use shared::model::Period;
use shared::store::Store;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use support::database::{Database, store};
use support::event::Request;
use support::example::{self, Place, SERVICE};
use support::in_process;
use support::invariants::Contents;
use support::proxy::Proxy;
use support::statistics::{load_average, machine, milliseconds, percentile};
use tokio::task::JoinHandle;

/// How many reports each client has room for when the limit is set, on average.
const ROOM: u64 = 10;

/// How long the clients run before they are measured.
const WARM_UP: Duration = Duration::from_millis(500);

/// The pause between two changes of the limit.
const PAUSE: Duration = Duration::from_millis(100);

/// What the clients do.
#[derive(Clone, Copy)]
struct Scene {
    name: &'static str,
    operation: Operation,
    /// The units of a report.
    units: u64,
    with_keys: bool,
    /// True if the limit changes meanwhile.
    changes_limit: bool,
}

const SCENES: [Scene; 5] = [
    Scene::new("setMaxOverages", Operation::SetMaxOverages, 0),
    Scene::new("recordUsage", Operation::RecordUsage, 1),
    Scene::new("recordUsage, blocks of 100 units", Operation::RecordUsage, 100),
    Scene { with_keys: true, ..Scene::new("recordUsage with keys", Operation::RecordUsage, 1) },
    Scene { changes_limit: true, ..Scene::new("recordUsage, the limit changes", Operation::RecordUsage, 1) },
];

impl Scene {
    const fn new(name: &'static str, operation: Operation, units: u64) -> Self {
        Self { name, operation, units, with_keys: false, changes_limit: false }
    }
}

/// What clients did.
#[derive(Default)]
struct Done {
    /// From the first attempt to the answer.
    latencies: Vec<Duration>,
    /// The sum of the answers' `recorded`.
    recorded: u64,
    /// The units of reports without a key that were answered 503: the client cannot tell if they count.
    in_doubt: u64,
    /// Attempts that were answered 409 or 503.
    conflicts: usize,
    /// The changes of the organization that were answered as done.
    changes: u64,
}

impl Done {
    fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.recorded += other.recorded;
        self.in_doubt += other.in_doubt;
        self.conflicts += other.conflicts;
        self.changes += other.changes;
    }
}

/// An organization, and the clients that report its usage.
struct World {
    scene: Scene,
    place: Place,
    /// The organization's version at the start.
    version: u64,
    proxy: Proxy,
    stores: Vec<Store>,
}

impl World {
    async fn new(scene: Scene, clients: u32, endpoint: &str) -> Self {
        let proxy = Proxy::start(endpoint.to_owned()).await;
        let stores = join_all((0..clients).map(|_| store(proxy.url()))).await;
        let place = Place::create(&stores[0], "ann").await;
        let get = example::request(Operation::GetOrganization, "ann", &place);
        let organization = in_process::body(&get, &stores[0]).await.unwrap();
        Self { scene, place, version: organization["version"].as_u64().unwrap(), proxy, stores }
    }

    fn request(&self, operation: Operation, body: Value) -> Request {
        let caller = if operation == Operation::SetMaxOverages { "ann" } else { SERVICE };
        Request::new(operation, caller).of("organization_id", &self.place.organization).body(body)
    }

    async fn set_limit(&self, store: &Store, limit: Option<u64>) {
        let request = self.request(Operation::SetMaxOverages, json!({ "maxOverages": limit }));
        in_process::body(&request, store).await.unwrap();
    }

    /// What a client does until this time, or until a report is refused.
    async fn client(&self, client: usize, part: &str, until: Option<Instant>) -> Done {
        let mut done = Done::default();
        for number in 0_u64.. {
            if until.is_some_and(|until| Instant::now() >= until) {
                break;
            }
            let body = match self.scene.operation {
                Operation::SetMaxOverages => json!({ "maxOverages": number % 1_000_000 }),
                _ => json!({ "units": self.scene.units, "period": period() }),
            };
            let mut request = self.request(self.scene.operation, body);
            if self.scene.with_keys {
                request = request.header("idempotency-key", &format!("{part}-{client}-{number}"));
            }
            let started = Instant::now();
            let (status, answer) = loop {
                let (status, answer) = send(&request, &self.stores[client]).await;
                match (status, answer["code"].as_str().unwrap_or_default()) {
                    (409, "conflict" | "idempotency_in_progress") => done.conflicts += 1,
                    (503, _) if self.scene.with_keys => done.conflicts += 1,
                    _ => break (status, answer),
                }
            };
            match (status, self.scene.operation) {
                (200, Operation::SetMaxOverages) => done.changes += 1,
                (200, _) => done.recorded += answer["recorded"].as_u64().expect("recorded"),
                (422, _) if until.is_none() && answer["code"] == "overages_exhausted" => break,
                (503, Operation::RecordUsage) => {
                    done.conflicts += 1;
                    done.in_doubt += self.scene.units;
                    continue;
                }
                _ => panic!("{}: {status} {answer}", self.scene.name),
            }
            done.latencies.push(started.elapsed());
        }
        done
    }

    /// What all clients do.
    async fn clients(self: &Arc<Self>, part: &'static str, until: Option<Instant>) -> Done {
        let clients: Vec<_> = (0..self.stores.len())
            .map(|client| {
                let world = self.clone();
                tokio::spawn(async move { world.client(client, part, until).await })
            })
            .collect();
        let mut all = Done::default();
        for client in clients {
            all.add(client.await.unwrap());
        }
        all
    }

    /// Sets and clears the limit again and again, until the task is aborted. It is far above the total.
    fn change_limit(self: &Arc<Self>) -> Option<JoinHandle<()>> {
        let world = self.clone();
        let change = async move {
            for limit in [None, Some(1_000_000_000)].into_iter().cycle() {
                world.set_limit(&world.stores[0], limit).await;
                tokio::time::sleep(PAUSE).await;
            }
        };
        self.scene.changes_limit.then(|| tokio::spawn(change))
    }

    /// Runs the clients, and returns the row about them. Panics if the table is not the result of the answers.
    async fn row(self: Arc<Self>, options: &Options, database: &Database) -> String {
        let Scene { name, operation, units, .. } = self.scene;
        if operation == Operation::RecordUsage {
            self.set_limit(&self.stores[0], None).await;
        }
        let changing = self.change_limit();
        let mut total = self.clients("warm-up", Some(Instant::now() + WARM_UP)).await;
        let (before, started) = (self.proxy.actions().len(), Instant::now());
        let until = started + Duration::from_secs(options.seconds.into());
        let measured = self.clients("measured", Some(until)).await;
        let seconds = started.elapsed().as_secs_f64();
        if let Some(changing) = changing {
            changing.abort();
            let _aborted = changing.await;
        }
        let actions = self.proxy.actions().split_off(before);
        let is_write = |action: &&String| ["UpdateItem", "TransactWriteItems"].contains(&action.as_str());
        let (writes, answered) = (actions.iter().filter(is_write).count(), measured.latencies.len());
        let [p50, p99] = [50, 99].map(|percent| milliseconds(percentile(&measured.latencies, percent)));
        let rate = answered as f64 / seconds;
        let row = format!(
            "| {name} | {answered} | {rate:.0} | {:.0} | {p50:.1} | {p99:.1} | {:.2} | {:.2} | {} |\n",
            rate * units as f64,
            actions.len() as f64 / answered as f64,
            writes.saturating_sub(answered) as f64 / answered as f64,
            measured.conflicts,
        );
        total.add(measured);
        let limit = total.recorded + total.in_doubt + ROOM * units * self.stores.len() as u64;
        if operation == Operation::RecordUsage {
            self.set_limit(&self.stores[0], Some(limit)).await;
            total.add(self.clients("limit", None).await);
        }
        self.check(&total, limit, database).await;
        row
    }

    /// The total is what was recorded, and exactly the limit.
    async fn check(&self, total: &Done, limit: u64, database: &Database) {
        let contents = Contents::read(&database.client).await;
        contents.expect_no_fault();
        let (id, name) = (&self.place.organization, self.scene.name);
        if self.scene.operation == Operation::SetMaxOverages {
            assert_eq!(contents.organizations[id].version, self.version + total.changes, "{name}");
            return;
        }
        let used = contents.usage[&(id.clone(), period().to_string())];
        let possible = total.recorded..=total.recorded + total.in_doubt;
        assert!(possible.contains(&used), "{name}: {used} are used, but {possible:?} were recorded");
        assert_eq!(used, limit, "{name}: the clients have stopped before the limit, or beyond it");
    }
}

/// The period of all reports, even if a run lasts into the next month.
fn period() -> Period {
    static PERIOD: LazyLock<Period> = LazyLock::new(Period::current);
    *PERIOD
}

async fn send(request: &Request, store: &Store) -> (i64, Value) {
    let event = serde_json::from_str(&request.event().to_string()).unwrap();
    let response =
        in_process::invoke(request.operation, store, LambdaEvent::new(event, Context::default())).await;
    match &response.body {
        Some(Body::Text(body)) => (response.status_code, serde_json::from_str(body).unwrap()),
        other => panic!("{other:?}"),
    }
}

/// Runs all scenes, one after the other. Returns their figures.
pub(crate) async fn run(options: &Options) -> String {
    let load_before = load_average();
    let mut text = String::from(
        "| 64 clients at once | answered | a second | units a second | p50, ms | p99, ms | requests each | retries \
         each | conflicts |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    )
    .replace("64", &options.clients.to_string());
    for scene in SCENES {
        let database = Database::start().await;
        let world = Arc::new(World::new(scene, options.clients, &database.url()).await);
        text.push_str(&world.row(options, &database).await);
    }
    writeln!(
        text,
        "\n{} s each. {}, load average {load_before} before and {} after.",
        options.seconds,
        machine(),
        load_average(),
    )
    .unwrap();
    text
}
