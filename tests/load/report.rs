//! The figures of a run, and docs/load.md.

use crate::Options;
use functions::Operation;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;
use support::statistics::{load_average, machine, milliseconds, percentile};

const END: &str = "<!-- end -->";

/// Operation, latency, and the failure.
pub(crate) type Answer = (Operation, Duration, Result<(), String>);

pub(crate) struct Report {
    /// By operation. Each is measured from the time at which its request was due.
    latencies: BTreeMap<Operation, Vec<Duration>>,
    failures: Vec<(Operation, String)>,
    duration: Duration,
}

impl Report {
    pub(crate) fn new(answers: Vec<Answer>, duration: Duration) -> Self {
        let mut report = Self { latencies: BTreeMap::new(), failures: Vec::new(), duration };
        for (operation, latency, result) in answers {
            report.latencies.entry(operation).or_default().push(latency);
            report.failures.extend(result.err().map(|failure| (operation, failure)));
        }
        report
    }

    #[track_caller]
    pub(crate) fn expect_no_failure(&self) {
        let first: Vec<String> = self.failures.iter().take(9).map(|(_, failure)| failure.clone()).collect();
        assert!(first.is_empty(), "{} requests failed:\n{}", self.failures.len(), first.join("\n"));
    }

    pub(crate) fn markdown(&self, options: &Options, load_before: &str) -> String {
        let mut text = String::from("| operation | requests | errors | p50, ms | p99, ms | max, ms |\n");
        text.push_str("|---|---:|---:|---:|---:|---:|\n");
        let all: Vec<Duration> = self.latencies.values().flatten().copied().collect();
        for (operation, latencies) in &self.latencies {
            let failed = self.failures.iter().filter(|(of, _)| of == operation).count();
            row(&mut text, operation.id(), latencies, failed);
        }
        row(&mut text, "all", &all, self.failures.len());
        let Options { rate, seconds, concurrency, users, organizations, .. } = options;
        let answered = all.len() as f64 / self.duration.as_secs_f64();
        writeln!(
            text,
            "\n{rate} requests a second for {seconds} s, {answered:.1} a second answered; {concurrency} instances \
             of each function, {users} users, {organizations} organizations. {}, load average {load_before} before \
             and {} after.",
            machine(),
            load_average(),
        )
        .unwrap();
        text
    }
}

fn row(text: &mut String, name: &str, latencies: &[Duration], failed: usize) {
    let [p50, p99, max] = [50, 99, 100].map(|percent| milliseconds(percentile(latencies, percent)));
    writeln!(text, "| {name} | {} | {failed} | {p50:.1} | {p99:.1} | {max:.1} |", latencies.len()).unwrap();
}

/// Writes the figures of a command behind its mark in docs/load.md.
pub(crate) fn write(command: &str, figures: &str) {
    let start = format!("<!-- {command} -->\n");
    let file = local::workspace_root().join("docs/load.md");
    let text = fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once(&start).expect("a place for the figures");
    let (_, after) = rest.split_once(END).expect("the end of that place");
    fs::write(&file, format!("{before}{start}\n{figures}\n{END}{after}")).unwrap();
}
