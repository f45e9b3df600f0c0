//! How well the machine keeps up. Times are compared with what it does, so that other work on it neither fails the
//! matrix nor widens the limits of an idle machine.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The time between two measurements.
const TICK: Duration = Duration::from_millis(10);

/// A timer of an idle machine is at most this late.
const TOLERANCE: Duration = Duration::from_millis(3);

/// If timers are later than this, no more work is started.
const BEHIND: Duration = Duration::from_millis(50);

/// How much may always run at once of the work that computes, and of the work that waits for a time-out.
const LEAST: [usize; 2] = [4, 32];

/// Measures how late a task that only sleeps is woken: as late as the tasks beside it.
pub struct Pace {
    measured: Mutex<Measured>,
    /// How much runs: what computes, and what waits.
    running: [AtomicUsize; 2],
}

struct Measured {
    /// All lateness so far.
    lost: Duration,
    /// The lateness of the last tick.
    last: Duration,
    /// When the next tick is late.
    late_after: Instant,
}

/// Work that has started. It ends when dropped.
pub struct Running(Arc<Pace>, usize);

impl Pace {
    /// Measures as long as the runtime runs.
    pub fn start() -> Arc<Self> {
        let late_after = Instant::now() + TICK + TOLERANCE;
        let measured = Mutex::new(Measured { lost: Duration::ZERO, last: Duration::ZERO, late_after });
        let pace = Arc::new(Self { measured, running: Default::default() });
        let measuring = pace.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(TICK).await;
                let mut measured = measuring.measured.lock().unwrap();
                let late = measured.late_after.elapsed();
                measured.last = late;
                measured.lost += late;
                measured.late_after = Instant::now() + TICK + TOLERANCE;
            }
        });
        pace
    }

    /// How much time all tasks have lost so far by waiting for a processor.
    pub fn lost(&self) -> Duration {
        let measured = self.measured.lock().unwrap();
        measured.lost + measured.late_after.elapsed()
    }

    /// Waits until the machine keeps up with what runs. `waits` is true for work that mostly waits for a time-out.
    pub async fn begin(self: &Arc<Self>, waits: bool) -> Running {
        let kind = usize::from(waits);
        loop {
            let keeps_up = {
                let measured = self.measured.lock().unwrap();
                measured.last.max(measured.late_after.elapsed()) < BEHIND
            };
            if keeps_up || self.running[kind].load(Ordering::Relaxed) < LEAST[kind] {
                self.running[kind].fetch_add(1, Ordering::Relaxed);
                return Running(self.clone(), kind);
            }
            tokio::time::sleep(TICK).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running[self.1].fetch_sub(1, Ordering::Relaxed);
    }
}
