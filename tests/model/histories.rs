//! The number of histories that a test runs, their seeds, and what the requests were answered.

use crate::answer::Answer;
use crate::request::Call;
use functions::Operation;
use futures_util::{StreamExt as _, stream};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{RngSeed, TestRunner};
use std::collections::BTreeMap;
use std::env;
use std::sync::Mutex;
use std::time::Instant;

/// The number of histories that run at the same time.
const AT_ONCE: usize = 8;

/// The histories of one test.
pub struct Histories {
    test: &'static str,
    /// The number of histories.
    pub number: u32,
    /// The seed of the first history. Later histories use the following numbers.
    pub seed: u64,
    started: Instant,
    tally: Mutex<Tally>,
}

/// Counts histories and the answers in them.
#[derive(Debug, Default)]
pub struct Tally {
    histories: usize,
    with_faults: usize,
    requests: usize,
    successes: BTreeMap<Operation, usize>,
    /// By code.
    errors: BTreeMap<String, usize>,
}

impl Tally {
    /// The tally of one history.
    pub fn of_history(has_faults: bool) -> Self {
        Self { histories: 1, with_faults: has_faults.into(), ..Self::default() }
    }

    /// Counts an answer.
    pub fn count(&mut self, call: &Call, answer: &Answer) {
        self.requests += 1;
        match answer.code() {
            None => *self.successes.entry(call.action().operation()).or_default() += 1,
            Some(code) => *self.errors.entry(code.to_owned()).or_default() += 1,
        }
    }

    fn add(&mut self, other: Self) {
        self.histories += other.histories;
        self.with_faults += other.with_faults;
        self.requests += other.requests;
        for (operation, number) in other.successes {
            *self.successes.entry(operation).or_default() += number;
        }
        for (code, number) in other.errors {
            *self.errors.entry(code).or_default() += number;
        }
    }
}

impl Histories {
    /// `number` times `HISTORIES` histories. The first has the seed `SEED`, or else a random seed.
    pub fn new(test: &'static str, number: u32) -> Self {
        let given = |name| env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
        let times = u32::try_from(given("HISTORIES").unwrap_or(1)).unwrap();
        Self {
            test,
            number: number * times,
            seed: given("SEED").unwrap_or_else(|| fastrand::u64(..1_000_000)),
            started: Instant::now(),
            tally: Mutex::default(),
        }
    }

    /// Runs all histories of a strategy. Several run at the same time, because most of the time is spent
    /// waiting for retries. `run` gets each with its seed. Fails if `run` fails for any.
    ///
    /// A failure reports the seed of its history. The seed reproduces the requests, but not their timing.
    pub fn run<S: Strategy>(&self, strategy: S, run: impl AsyncFn(S::Value, u64) -> Result<Tally, String>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let seeds = (self.seed..).take(self.number as usize);
        let failures = runtime.block_on(
            stream::iter(seeds)
                .map(async |seed| {
                    let config =
                        ProptestConfig { rng_seed: RngSeed::Fixed(seed), ..ProptestConfig::default() };
                    let history = strategy.new_tree(&mut TestRunner::new(config)).unwrap().current();
                    match run(history, seed).await {
                        Ok(tally) => {
                            self.count(tally);
                            None
                        }
                        Err(failure) => Some(format!("SEED={seed}: {failure}")),
                    }
                })
                .buffer_unordered(AT_ONCE)
                .filter_map(std::future::ready)
                .collect::<Vec<_>>(),
        );
        assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    }

    /// Adds the tally of a history.
    pub fn count(&self, tally: Tally) {
        self.tally.lock().unwrap().add(tally);
    }

    /// Fails unless every operation has succeeded.
    pub fn expect_every_operation(&self) {
        let tally = self.tally.lock().unwrap();
        let never = Operation::ALL.iter().filter(|operation| !tally.successes.contains_key(operation));
        let never: Vec<_> = never.map(|operation| operation.id()).collect();
        assert!(never.is_empty(), "no history has a successful {}", never.join(", "));
    }
}

/// Prints the seed even after a failure.
impl Drop for Histories {
    fn drop(&mut self) {
        let Self { test, seed, started, tally, .. } = self;
        let Ok(Tally { histories, with_faults, requests, successes, errors }) = tally.get_mut() else {
            println!("{test}: SEED={seed}");
            return;
        };
        let seconds = started.elapsed().as_secs_f64();
        let list = |counts: Vec<(&str, &usize)>| {
            let counts = counts.iter().map(|(name, number)| format!("{name} {number}"));
            counts.collect::<Vec<_>>().join(", ")
        };
        println!(
            "{test}: SEED={seed}, {histories} histories, {with_faults} of them with faults, {requests} requests, \
             {seconds:.1} s\n  succeeded: {}\n  refused: {}",
            list(successes.iter().map(|(operation, number)| (operation.id(), number)).collect()),
            list(errors.iter().map(|(code, number)| (code.as_str(), number)).collect()),
        );
    }
}
