//! The command line.

use clap::{Args, Parser};
use std::path::{Path, PathBuf};

/// Measures the functions as Lambda runs them: cold start, warm latency, memory, size.
///
/// Builds the subjects, and starts a Lambda Runtime API and a DynamoDB over HTTPS for them, on loopback. Runs
/// every subject in every round, so that a noisy minute affects all alike. Linux only.
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// CPU limit of a process from its first poll on, in percent of a core; 100 for no limit. A 128 MB
    /// function has 7. Repeatable or comma-separated.
    #[arg(long, value_name = "PERCENT", value_delimiter = ',', default_values_t = [100, 7])]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) cpu: Vec<u8>,

    /// Number of rounds. Each starts every subject once.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) rounds: u16,

    /// Number of warm requests to each instance.
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) requests: u16,

    #[command(flatten)]
    pub(crate) sizes: Sizes,

    /// Only these subjects: names of functions, `noop`, `template`, `plain`.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) subjects: Vec<String>,

    /// Directory of the functions' release binaries, as DIR/NAME or DIR/NAME/bootstrap. Without it, they are
    /// built as `sam build` builds them, which takes make, cargo-lambda and zig.
    #[arg(long, value_name = "DIR")]
    pub(crate) functions: Option<PathBuf>,

    /// Another build of the functions, measured in the same rounds. Its subjects are named NAME@DIR, after
    /// the last part of the directory. Repeatable.
    #[arg(long, value_name = "DIR")]
    pub(crate) beside: Vec<PathBuf>,

    /// Points the functions' `SSL_CERT_FILE` at all of the system's root certificates, which `plain` always
    /// reads. Without this option, it points at only the roots that the functions are built with. Both files
    /// include the temporary root of the benchmark's DynamoDB.
    #[arg(long)]
    pub(crate) system_roots: bool,

    /// Also counts the instructions of a cold start and of a warm request, with `perf stat`, or with valgrind
    /// if the machine has no counters. Takes a minute.
    #[arg(long)]
    pub(crate) instructions: bool,

    /// Instead of measuring, starts the functions without a DynamoDB. Fails unless each polls within 2 s and
    /// answers 503 within its time-out of 15 s.
    #[arg(long)]
    pub(crate) unreachable: bool,

    /// Directory for the CSV and SVG files.
    #[arg(long, value_name = "DIR", default_value_os_t = workspace_root().join("docs/benchmark"))]
    pub(crate) out: PathBuf,
}

/// How long the answers' lists and the requests' bodies are.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Sizes {
    /// Number of members, besides the owner, of the organization that list-members lists, and of the changes of the
    /// one whose events list-events lists.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(..1000))]
    pub(crate) members: u16,

    /// Pads each request's JSON body with spaces to this length in bytes, almost up to the API's limit.
    #[arg(long, value_name = "BYTES", default_value_t = 0)]
    pub(crate) body: u16,
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
