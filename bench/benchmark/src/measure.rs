//! The rounds. Each runs every subject once, from a fresh process to its last warm request.

use crate::cli::Sizes;
use crate::database::Database;
use crate::event::Events;
use crate::instance::Launch;
use crate::subject::Subject;
use crate::throttle::{PERIOD, Throttle};
use anyhow::{Context as _, Result};
use std::path::Path;
use std::time::Duration;
use tokio::time::sleep;

/// The measurements of one subject: one sample per round or request.
#[derive(Debug, Default, Clone)]
pub(crate) struct Samples {
    /// From process start to first poll.
    pub(crate) init: Vec<Duration>,
    /// From handing out the first event to its answer.
    pub(crate) first: Vec<Duration>,
    /// The same for all later events.
    pub(crate) warm: Vec<Duration>,
    /// In bytes.
    pub(crate) peak_memory: Vec<u64>,
}

impl Samples {
    /// The time that a caller waits if there is no instance: init and the first answer.
    pub(crate) fn cold(&self) -> Vec<Duration> {
        self.init.iter().zip(&self.first).map(|(init, first)| *init + *first).collect()
    }
}

/// The extent of the measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    /// Number of rounds.
    pub(crate) rounds: u16,
    /// Warm requests per instance.
    pub(crate) requests: u16,
    /// Sizes of lists and bodies.
    pub(crate) sizes: Sizes,
}

/// Measures all subjects, in order.
pub(crate) async fn measure(
    subjects: &[Subject],
    extent: Extent,
    throttle: Option<&Throttle>,
    directory: &Path,
) -> Result<Vec<Samples>> {
    let mut samples = vec![Samples::default(); subjects.len()];
    // Round 0 loads the binaries into the page cache, and is not counted.
    for round in 0..=extent.rounds {
        eprint!("\rround {round} of {}", extent.rounds);
        // A new database each round, because each transaction searches all earlier ones and so gets slower.
        let database = Database::start(directory).await?;
        let mut all: Vec<_> = subjects.iter().zip(&mut samples).collect();
        // The order rotates: otherwise the same subject would always follow a noisy one.
        let first = usize::from(round).checked_rem(all.len()).unwrap_or_default();
        all.rotate_left(first);
        for (subject, samples) in all {
            let mut events = Events::of(subject, extent.sizes, &database).await?;
            let launch = Launch {
                under: Vec::new(),
                binary: subject.binary.clone(),
                dynamodb: database.url(),
                bus: database.bus_url(),
                roots: database.roots(subject),
                log: directory.join("log"),
                throttle: throttle.cloned(),
            };
            let mut unrecorded = Samples::default();
            let samples = if round == 0 { &mut unrecorded } else { samples };
            let measured = measure_one(&launch, &mut events, extent.requests, samples).await;
            measured.with_context(|| format!("measure {}", subject.name))?;
        }
    }
    eprintln!();
    Ok(samples)
}

async fn measure_one(
    launch: &Launch,
    events: &mut Events,
    requests: u16,
    samples: &mut Samples,
) -> Result<()> {
    let event = events.next().await?;
    let mut instance = launch.start().await?;
    samples.init.push(instance.init);
    samples.first.push(instance.invoke(event).await?.success()?);
    for _ in 0..requests {
        let event = events.next().await?;
        instance.ready().await?;
        if launch.throttle.is_some() {
            // Lets the quota refill, as it does between real requests, which rarely follow each other
            // immediately.
            sleep(PERIOD * 2).await;
        }
        samples.warm.push(instance.invoke(event).await?.success()?);
    }
    instance.ready().await?;
    samples.peak_memory.push(instance.peak_memory()?);
    instance.kill().await
}
