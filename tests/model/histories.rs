//! The number of histories that a test runs, and their seeds.

use futures_util::{StreamExt as _, stream};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{RngSeed, TestRunner};
use std::env;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
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
    made: AtomicU32,
    operations: AtomicUsize,
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
            made: AtomicU32::new(0),
            operations: AtomicUsize::new(0),
        }
    }

    /// Runs all histories of a strategy. Several run at the same time, because most of the time is spent
    /// waiting for retries. Fails if `run` fails for any.
    ///
    /// A failure reports the seed of its history. The seed reproduces the requests, but not their timing.
    pub fn run<S: Strategy>(&self, strategy: S, run: impl AsyncFn(S::Value) -> Result<usize, String>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let seeds = (self.seed..).take(self.number as usize);
        let failures = runtime.block_on(
            stream::iter(seeds)
                .map(async |seed| {
                    let config =
                        ProptestConfig { rng_seed: RngSeed::Fixed(seed), ..ProptestConfig::default() };
                    let history = strategy.new_tree(&mut TestRunner::new(config)).unwrap().current();
                    match run(history).await {
                        Ok(operations) => {
                            self.count(operations);
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

    /// Counts a history of `operations` requests.
    pub fn count(&self, operations: usize) {
        self.made.fetch_add(1, Ordering::Relaxed);
        self.operations.fetch_add(operations, Ordering::Relaxed);
    }
}

/// Prints the seed even after a failure.
impl Drop for Histories {
    fn drop(&mut self) {
        let Self { test, seed, made, operations, started, .. } = self;
        let (made, operations) = (made.get_mut(), operations.get_mut());
        let seconds = started.elapsed().as_secs_f64();
        println!("{test}: SEED={seed}, {made} histories, {operations} operations, {seconds:.1} s");
    }
}
