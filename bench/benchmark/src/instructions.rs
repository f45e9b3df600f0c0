//! Instruction counts, which unlike times are the same on a busy machine.

use crate::cli::Sizes;
use crate::database::Database;
use crate::event::Events;
use crate::instance::Launch;
use crate::subject::Subject;
use anyhow::{Context as _, Result};
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Numbers of requests in two runs. Subtracting their instruction counts cancels out the start and the first
/// requests, which do extra work.
const FEW: u64 = 20;
const MANY: u64 = 120;

/// The instructions of a subject's process in user mode.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instructions {
    /// From its start to the answer to its first request.
    pub(crate) cold: u64,
    /// Per later request.
    pub(crate) request: u64,
}

/// The available counter of instructions.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Counter {
    /// The processor's counter, in user mode.
    Perf,
    /// Valgrind's emulated processor.
    Callgrind,
}

impl Counter {
    /// The first counter that works.
    pub(crate) fn find() -> Option<Self> {
        let works = |command: &mut Command| command.output().ok().filter(|output| output.status.success());
        let perf = works(Command::new("perf").args(["stat", "-x,", "-e", "instructions:u", "true"]));
        // Where the processor's counters are hidden, perf reports that and still succeeds.
        if perf.is_some_and(|output| Self::Perf.read(&String::from_utf8_lossy(&output.stderr)).is_some()) {
            return Some(Self::Perf);
        }
        works(Command::new("valgrind").arg("--version")).map(|_| Self::Callgrind)
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Perf => "perf stat",
            Self::Callgrind => "valgrind --tool=callgrind",
        }
    }

    /// The command that wraps a program and writes to `file`.
    fn command(self, file: &Path) -> Vec<OsString> {
        let words: &[&str] = match self {
            Self::Perf => &["perf", "stat", "-x,", "-e", "instructions:u", "-o"],
            Self::Callgrind => &["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"],
        };
        let mut command: Vec<OsString> = words.iter().map(Into::into).collect();
        match self {
            Self::Perf => command.push(file.into()),
            Self::Callgrind => {
                let mut option = OsString::from("--log-file=");
                option.push(file);
                command.push(option);
            }
        }
        command
    }

    fn read(self, text: &str) -> Option<u64> {
        match self {
            Self::Perf => {
                text.lines().find(|line| line.contains("instructions"))?.split(',').next()?.parse().ok()
            }
            Self::Callgrind => text.split_once("Collected :")?.1.split_whitespace().next()?.parse().ok(),
        }
    }
}

/// Counts the instructions of all subjects, in order.
pub(crate) async fn count(
    counter: Counter,
    subjects: &[Subject],
    sizes: Sizes,
    directory: &Path,
) -> Result<Vec<Instructions>> {
    let database = Database::start(directory).await?;
    let file = directory.join("instructions");
    let mut counts = Vec::new();
    for subject in subjects {
        eprintln!("counting instructions of {} by {}", subject.name, counter.name());
        let mut events = Events::of(subject, sizes, &database).await?;
        let launch = Launch {
            under: counter.command(&file),
            binary: subject.binary.clone(),
            dynamodb: database.url(),
            bus: database.bus_url(),
            roots: database.roots(subject),
            log: directory.join("log"),
            throttle: None,
        };
        let cold = run(&launch, &mut events, counter, &file, 1).await;
        let cold = cold.with_context(|| format!("count the instructions of {}", subject.name))?;
        let few = run(&launch, &mut events, counter, &file, FEW).await?;
        let many = run(&launch, &mut events, counter, &file, MANY).await?;
        counts.push(Instructions { cold, request: many.saturating_sub(few) / (MANY - FEW) });
    }
    Ok(counts)
}

async fn run(
    launch: &Launch,
    events: &mut Events,
    counter: Counter,
    file: &Path,
    requests: u64,
) -> Result<u64> {
    let mut instance = launch.start().await?;
    for _ in 0..requests {
        instance.invoke(events.next().await?).await?.success()?;
    }
    instance.ready().await?;
    instance.end().await?;
    let text = fs::read_to_string(file).context("read the counts")?;
    counter.read(&text).with_context(|| format!("{} counted nothing: {text}", counter.name()))
}
