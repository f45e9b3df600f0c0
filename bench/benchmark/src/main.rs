//! Measures an instance of each function in time, memory and size. Compares it with two functions that do
//! nothing: `noop`, which is built like ours, and `template`, which is what `cargo lambda new` writes. Also
//! compares it with `plain`: getOrganization, written from that template and the SDK's own example.
//!
//! `cargo benchmark`, in the root of the repository, builds and measures them all.

mod awake;
mod chart;
mod cli;
mod database;
mod event;
mod front;
mod instance;
mod instructions;
mod measure;
mod records;
mod report;
mod subject;
mod targets;
mod throttle;
mod tls;
mod unreachable;

use anyhow::{Context as _, Result};
use awake::Awake;
use clap::Parser as _;
use cli::Options;
use instructions::{Counter, Instructions};
use measure::Extent;
use report::Report;
use std::path::{Path, PathBuf};
use std::{env, fs, process};
use support::statistics::load_average;

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let scratch = Scratch::new()?;
    if options.unreachable {
        return unreachable::run(&options, &scratch.0).await;
    }
    run(&options, &scratch.0).await
}

async fn run(options: &Options, directory: &Path) -> Result<()> {
    let subjects = subject::build(options)?;
    let instructions = count_instructions(options, &subjects, directory).await?;
    let extent = Extent { rounds: options.rounds, requests: options.requests, sizes: options.sizes };
    fs::create_dir_all(&options.out).with_context(|| format!("create {}", options.out.display()))?;
    let awake = Awake::stay();
    if let Err(reason) = &awake {
        eprintln!("cannot keep the processors awake, so all subjects are slower; try as root ({reason})");
    }
    for &cpu in &options.cpu {
        let Ok(throttle) = throttle::throttle(cpu) else { continue };
        let before = load_average();
        let samples = measure::measure(&subjects, extent, throttle.as_ref(), directory).await?;
        let report = Report::new(cpu, &subjects, &samples, instructions.as_deref());
        print!("{}", report.markdown(extent, &before, awake.is_ok()));
        print!("{}", targets::markdown(&report));
        let file = options.out.join(format!("cpu-{cpu}.csv"));
        fs::write(&file, report.csv()).with_context(|| format!("write {}", file.display()))?;
        let file = options.out.join(format!("cpu-{cpu}.svg"));
        fs::write(&file, chart::svg(&report)).with_context(|| format!("write {}", file.display()))?;
    }
    Ok(())
}

async fn count_instructions(
    options: &Options,
    subjects: &[subject::Subject],
    directory: &Path,
) -> Result<Option<Vec<Instructions>>> {
    if !options.instructions {
        return Ok(None);
    }
    let Some(counter) = Counter::find() else {
        eprintln!("cannot count instructions: `perf stat` does not work here; install valgrind");
        return Ok(None);
    };
    Ok(Some(instructions::count(counter, subjects, options.sizes, directory).await?))
}

/// A directory for files of the subjects, removed when dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let path = env::temp_dir().join(format!("organizations-benchmark-{}", process::id()));
        fs::create_dir_all(&path).with_context(|| format!("create {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
