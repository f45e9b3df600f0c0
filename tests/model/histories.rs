//! How many histories are made, from which seed, and what they came to.

use std::env;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Instant;

/// The histories of one test.
pub struct Histories {
    test: &'static str,
    /// How many there are to be.
    pub number: u32,
    /// What the first is made from; each after it from the next number.
    pub seed: u64,
    started: Instant,
    made: AtomicU32,
    operations: AtomicUsize,
}

impl Histories {
    /// As many as `number`, times `HISTORIES`; from `SEED`, or any.
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

    /// Counts a history of that many operations.
    pub fn count(&self, operations: usize) {
        self.made.fetch_add(1, Ordering::Relaxed);
        self.operations.fetch_add(operations, Ordering::Relaxed);
    }
}

/// Also after a failure: the seed repeats it.
impl Drop for Histories {
    fn drop(&mut self) {
        let Self { test, seed, made, operations, started, .. } = self;
        let (made, operations) = (made.get_mut(), operations.get_mut());
        let seconds = started.elapsed().as_secs_f64();
        println!("{test}: SEED={seed}, {made} histories, {operations} operations, {seconds:.1} s");
    }
}
