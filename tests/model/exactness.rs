//! The limit of usage is exact: 40 clients report units, some partially, some to give them back, some with keys that are
//! repeated, while the limit moves, half of the time with faults. At no moment is a total above the highest limit since
//! the report began, and the last total is the sum of what was answered as recorded.
//!
//! `RUNS=500` runs 500 of them. Each has a seed; `SEED=…` is that of the first.

use crate::exactness_checks;
use crate::exactness_clients::World;
use crate::exactness_stream;
use futures_util::future::{join, join_all};
use std::env;
use std::ops::AddAssign;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;
use support::database::{self, Database};
use support::faults::Kind;
use support::invariants::Contents;
use support::proxy::Proxy;

/// The number of runs, unless `RUNS` says otherwise.
const RUNS: u64 = 6;

/// The number of clients that report.
const CLIENTS: usize = 40;

/// The number of stores that they share: a store of its own for each takes most of the time of a run.
const INSTANCES: usize = 8;

/// The fraction of requests to DynamoDB that meet a fault, in a run with faults.
const FAULTS: f64 = 0.1;

/// The number of threads that make runs.
const THREADS: usize = 2;

/// What happened in runs.
#[derive(Debug, Default)]
struct Tally {
    runs: usize,
    with_faults: usize,
    reports: usize,
    recorded: usize,
    partly: usize,
    given_back: usize,
    refused: usize,
    replayed: usize,
    conflicts: usize,
    in_doubt: usize,
    unsettled: usize,
    limits: usize,
    faults: usize,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.runs += other.runs;
        self.with_faults += other.with_faults;
        self.reports += other.reports;
        self.recorded += other.recorded;
        self.partly += other.partly;
        self.given_back += other.given_back;
        self.refused += other.refused;
        self.replayed += other.replayed;
        self.conflicts += other.conflicts;
        self.in_doubt += other.in_doubt;
        self.unsettled += other.unsettled;
        self.limits += other.limits;
        self.faults += other.faults;
    }
}

#[test]
fn no_total_exceeds_the_limit_and_all_that_was_recorded_counts() {
    let given = |name| env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let (runs, first) =
        (given("RUNS").unwrap_or(RUNS), given("SEED").unwrap_or_else(|| fastrand::u64(..1_000_000)));
    let (started, next) = (Instant::now(), AtomicU64::new(first));
    let worker = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (mut tally, mut failures) = (Tally::default(), Vec::new());
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + runs {
                return (tally, failures);
            }
            match runtime.block_on(run(seed)) {
                Ok(one) => tally += one,
                Err(failure) => failures.push(format!("SEED={seed} RUNS=1: {failure}")),
            }
        }
    };
    let (mut tally, mut failures) = (Tally::default(), Vec::new());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(worker)).collect();
        for worker in workers {
            let (some, failed) = worker.join().unwrap();
            tally += some;
            failures.extend(failed);
        }
    });
    let seconds = started.elapsed().as_secs_f64();
    let Tally { runs, with_faults, reports, recorded, partly, given_back, .. } = tally;
    let Tally { refused, replayed, conflicts, in_doubt, unsettled, limits, faults, .. } = tally;
    println!(
        "exactness: SEED={first}, {runs} runs, {with_faults} of them with faults, {seconds:.1} s\n  \
         {reports} reports by {CLIENTS} clients: {recorded} recorded ({partly} in part, {given_back} given back), \
         {refused} refused, {replayed} replayed, {conflicts} conflicts, {in_doubt} in doubt ({unsettled} not settled by \
         a key)\n  {limits} changes of the limit, {faults} faults"
    );
    assert!(failures.is_empty(), "{} runs failed:\n{}", failures.len(), failures.join("\n\n"));
    let all = [recorded, partly, given_back, refused, replayed, faults];
    assert!(runs < RUNS as usize || all.iter().all(|count| *count > 0), "not everything happened");
}

/// Makes one run, with faults if its seed is even.
async fn run(seed: u64) -> Result<Tally, String> {
    let database = Database::start().await;
    exactness_stream::start(&database).await;
    let proxy = Proxy::start(database.url()).await;
    let with_faults = seed.is_multiple_of(2);
    let url = if with_faults { proxy.url() } else { database.url() };
    let stores = join_all((0..=INSTANCES).map(|_| database::store(url.clone()))).await;
    let world = World::create(&stores[0], CLIENTS).await;
    let faults = Arc::new(AtomicUsize::new(0));
    if with_faults {
        inject(&proxy, seed, faults.clone());
    }
    let seed_of = |client: usize| seed.wrapping_mul(1000).wrapping_add(client as u64);
    let clients = stores[1..].iter().cycle().zip(1..=CLIENTS);
    let clients = clients.map(|(store, client)| world.client(store, seed_of(client)));
    join(join_all(clients), world.move_limit(&stores[0], seed_of(0))).await;
    proxy.end();
    // A repetition settles a report in doubt.
    let in_doubt: Vec<_> =
        world.sent.borrow().iter().filter(|one| one.status == 503).map(|one| one.report.clone()).collect();
    for report in in_doubt.iter().filter(|report| report.key.is_some()) {
        world.report(&stores[0], report).await;
    }
    let contents = Contents::read(&database.client).await;
    let mut failures = contents.faults.clone();
    failures.extend(exactness_checks::answers(&world));
    let used: u64 = contents.usage.values().sum();
    let unsettled = exactness_checks::total(&world, used.try_into().unwrap(), &mut failures);
    let images = exactness_stream::images(&database).await;
    exactness_checks::images(&world, &images, &mut failures);
    exactness_checks::changes(&world, &images, &mut failures);
    if !failures.is_empty() {
        return Err(failures.join("\n"));
    }
    let sent = world.sent.borrow();
    let count = |status: u16| sent.iter().filter(|one| one.status == status).count();
    let made: Vec<_> = sent.iter().filter(|one| one.status == 200 && !one.replayed).collect();
    let units = |of: &serde_json::Value| of["recorded"].as_i64().unwrap_or_default();
    Ok(Tally {
        runs: 1,
        with_faults: with_faults.into(),
        reports: sent.len(),
        recorded: made.len(),
        partly: made.iter().filter(|one| units(&one.body) != one.report.request.0).count(),
        given_back: made.iter().filter(|one| units(&one.body) < 0).count(),
        refused: count(422),
        replayed: sent.iter().filter(|one| one.replayed).count(),
        conflicts: count(409),
        in_doubt: count(503),
        unsettled,
        limits: world.sets.borrow().len(),
        faults: faults.load(Ordering::Relaxed),
    })
}

/// Applies random quick faults, and counts them.
fn inject(proxy: &Proxy, seed: u64, faults: Arc<AtomicUsize>) {
    let mut random = fastrand::Rng::with_seed(seed);
    proxy.plan(move |action, _| {
        let kind = random.choice(Kind::quick(action)).filter(|_| random.f64() < FAULTS)?;
        faults.fetch_add(1, Ordering::Relaxed);
        Some((kind.fault)())
    });
}
