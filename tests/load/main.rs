//! `cargo load`: sends requests of all operations at a constant rate to the local stack, which runs several
//! instances of each function. Fails if an answer is wrong, or if the table is not the result of the answered
//! requests. `cargo load --usage` measures reports to one organization instead, and
//! `cargo load --events` how late events are.
//!
//! The load is an open loop: each request is sent when it is due, however many are still running. Latency is
//! measured from that time, so a stalled stack does not hide its delays.

mod events;
mod organization;
mod report;
mod traffic;
mod usage;
mod world;

use clap::Parser;
use functions::Operation;
use local::{Database, Identity, Stack};
use report::Report;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::invariants::Contents;
use support::statistics;
use tokio::task::JoinSet;
use traffic::Request;
use world::World;

/// Sends a constant rate of requests to the local stack, or many reports of usage to one organization, or measures how late
/// events are.
#[derive(Debug, Parser)]
struct Options {
    /// Instead, measures clients that report usage of one organization as fast as they are answered.
    #[arg(long)]
    usage: bool,

    /// Instead, measures how long after a write its event reaches the bus.
    #[arg(long, conflicts_with = "usage")]
    events: bool,

    /// Clients of `--usage`.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    clients: u32,

    /// Requests per second.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,

    /// Duration of the measurement in seconds; with `--usage`, of each of them.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,

    /// Instances per function.
    #[arg(long, default_value_t = 4)]
    concurrency: usize,

    /// Users who own and join organizations.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(3..))]
    users: u32,

    /// Organizations at the start. At least a quarter of the requests go to the first one.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    organizations: u32,

    /// Seed of the random choice and order of requests.
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Writes the figures into docs/load.md.
    #[arg(long)]
    write: bool,
}

#[tokio::main]
async fn main() {
    let options = Options::parse();
    if options.usage {
        let text = usage::run(&options).await;
        println!("{text}\nThe total of each table is the sum of what was recorded, and exactly the limit.");
        if options.write {
            report::write("cargo load --usage", &text);
        }
        return;
    }
    if options.events {
        let text = events::run(&options).await;
        println!("{text}");
        if options.write {
            report::write("cargo load --events", &text);
        }
        return;
    }
    let load_average = statistics::load_average();
    let dynamodb = local::start_in_memory().await.unwrap();
    let stack = start(&options, dynamodb.url()).await;
    let identity = Identity::load_or_create(&data_dir()).unwrap();
    let world = Arc::new(World::new(&stack, identity, options.users, options.organizations).await);

    let mut random = fastrand::Rng::with_seed(options.seed);
    warm_up(&world, &mut random, &options).await.expect_no_failure();
    let report = run(&world, random, &options).await;
    let text = report.markdown(&options, &load_average);
    println!("{text}");
    report.expect_no_failure();

    let mut contents = Contents::read(&dynamodb.client()).await;
    let expected = world.expected();
    contents.must(
        contents.organizations.keys().eq(expected.keys()),
        "organizations lost or duplicated",
        "the table",
    );
    for (id, expected) in expected {
        contents.must(
            contents.organizations.get(&id) == Some(&expected),
            "differs from the answered changes",
            &id,
        );
    }
    for (id, used) in world.used() {
        let periods = contents.usage.iter().filter(|((of, _), _)| *of == id);
        let total: u64 = periods.map(|(_, used)| used).sum();
        contents.must(total == used, "the total differs from what was recorded", &id);
    }
    contents.expect_no_fault();
    println!("The table contains exactly the answered changes.");
    stack.stop().await.unwrap();
    if options.write {
        report::write("cargo load", &text);
    }
}

async fn start(options: &Options, endpoint: String) -> Stack {
    let data_dir = data_dir();
    let options = local::Options {
        port: 0,
        database: Database::External { endpoint },
        log: Some(data_dir.join("functions.log")),
        data_dir,
        concurrency: options.concurrency,
        ignore_changes: true,
    };
    Stack::start(options, |line| eprintln!("{line}")).await.unwrap()
}

/// The directory of the stack's signing key and log.
fn data_dir() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("load")
}

/// Makes the stack start its instances, one function after the other. `cargo run` starts each instance.
/// Starting all at once would take longer than a request waits.
async fn warm_up(world: &Arc<World>, random: &mut fastrand::Rng, options: &Options) -> Report {
    let start = Instant::now();
    let mut answers = Vec::new();
    for &operation in Operation::ALL {
        let mut running = JoinSet::new();
        for _ in 0..options.concurrency {
            let (world, request) = (world.clone(), Request::new(operation, world, random));
            running.spawn(async move { answer(&world, request, Instant::now()).await });
        }
        answers.extend(running.join_all().await);
    }
    Report::new(answers, start.elapsed())
}

/// Sends requests at the rate, and waits for all answers.
async fn run(world: &Arc<World>, mut random: fastrand::Rng, options: &Options) -> Report {
    let start = Instant::now();
    let mut running = JoinSet::new();
    for number in 0..options.rate * options.seconds {
        let due = start + Duration::from_secs(1) * number / options.rate;
        tokio::time::sleep_until(due.into()).await;
        let (world, request) = (world.clone(), Request::random(world, &mut random));
        running.spawn(async move { answer(&world, request, due).await });
    }
    Report::new(running.join_all().await, start.elapsed())
}

async fn answer(world: &World, request: Request, due: Instant) -> report::Answer {
    let operation = request.operation;
    let result = request.send(world).await;
    (operation, due.elapsed(), result)
}
