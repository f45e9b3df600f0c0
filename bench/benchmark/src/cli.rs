//! The command line.

use clap::Parser;
use std::path::{Path, PathBuf};

/// Measures the functions as Lambda runs them: cold start, warm latency, memory, size.
///
/// Builds what it measures, serves it the Lambda Runtime API and a DynamoDB over HTTPS on loopback,
/// and runs every subject in every round, so that a noisy minute hits all alike. Linux only.
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// Percent of a core that a process has from its first poll on, 100 for no limit. A 128 MB
    /// function has 7. Repeatable or separated by commas.
    #[arg(long, value_name = "PERCENT", value_delimiter = ',', default_values_t = [100, 7])]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) cpu: Vec<u8>,

    /// Rounds; in each, every subject starts once.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) rounds: u16,

    /// Warm requests to each instance.
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) requests: u16,

    /// Only these subjects: functions, `noop`, `template`, `plain`.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) subjects: Vec<String>,

    /// Where the functions' release binaries are, DIR/NAME or DIR/NAME/bootstrap. They are built
    /// into the workspace's `target/release` where none is given.
    #[arg(long, value_name = "DIR")]
    pub(crate) functions: Option<PathBuf>,

    /// Another build of the functions, measured in the same rounds: its subjects are named NAME@DIR,
    /// by the last part of the directory. Repeatable.
    #[arg(long, value_name = "DIR")]
    pub(crate) beside: Vec<PathBuf>,

    /// Lets the functions read all of the system's root certificates, as `plain` does, by
    /// `SSL_CERT_FILE`. Without it the file has those that they are built with. The throw-away root
    /// of the benchmark's DynamoDB is in either.
    #[arg(long)]
    pub(crate) system_roots: bool,

    /// Counts instructions too, of a cold start and per request, by `perf stat`, or by valgrind
    /// where the machine has no counters. Takes a minute.
    #[arg(long)]
    pub(crate) instructions: bool,

    /// Instead of measuring: starts the functions without a DynamoDB, and fails unless each polls
    /// within 2 s and answers 503 within its 15 s.
    #[arg(long)]
    pub(crate) unreachable: bool,

    /// Where the CSV and SVG files go.
    #[arg(long, value_name = "DIR", default_value_os_t = workspace_root().join("docs/benchmark"))]
    pub(crate) out: PathBuf,
}

/// The root of the functions' workspace.
pub(crate) fn workspace_root() -> PathBuf {
    local::workspace_root()
}

/// The root of the benchmark's own workspace.
pub(crate) fn bench_root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}
