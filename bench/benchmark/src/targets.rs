//! The performance targets of the functions, and whether they are met.

use crate::report::{Report, Row, megabytes};
use crate::subject::{NOOP, PLAIN, binary_name};
use functions::Operation;
use std::fmt::Write as _;

/// A figure and its limit.
struct Target {
    what: String,
    figure: f64,
    limit: f64,
    /// True if the limit is a minimum, false if it is a maximum.
    least: bool,
}

/// A table of all targets that this run can check; empty if there are none.
pub(crate) fn markdown(report: &Report) -> String {
    let targets = targets(report);
    if targets.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n| target | measured | limit | |\n|---|---:|---:|---|\n");
    for Target { what, figure, limit, least } in targets {
        let met = if least { figure >= limit } else { figure <= limit };
        let (bound, verdict) = (if least { "≥" } else { "≤" }, if met { "met" } else { "missed" });
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {what} | {figure:.2} | {bound} {limit:.2} | {verdict} |");
    }
    text
}

fn targets(report: &Report) -> Vec<Target> {
    let mut targets = Vec::new();
    let mut add = |what: String, figure, limit, least| targets.push(Target { what, figure, limit, least });
    let get = report.row(&binary_name(Operation::GetOrganization));
    let (noop, plain) = (report.row(NOOP), report.row(PLAIN));

    let cold_limit = match report.cpu {
        100 => Some(1.9),
        7 => Some(2.2),
        _ => None,
    };
    if let (Some(noop), Some(limit)) = (noop, cold_limit)
        && let Some((name, cold)) = highest(report, |row| row.cold)
    {
        add(format!("cold, slowest function ({name}) ÷ noop"), cold / noop.cold, limit, false);
    }
    if let (Some(plain), Some(get), 7) = (plain, get, report.cpu) {
        add("cold, plain ÷ get-organization".to_owned(), plain.cold / get.cold, 20.0, true);
    }
    if let (Some(noop), Some(get), 100) = (noop, get, report.cpu) {
        add("warm p50, get-organization − noop, ms".to_owned(), get.warm - noop.warm, 0.6, false);
    }
    if let (Some(plain), Some(get)) = (plain, get) {
        add("warm p50, get-organization, ms; the limit is plain's".to_owned(), get.warm, plain.warm, false);
    }
    let mut largest = |what: &str, size: fn(&Row) -> u64, limit| {
        if let Some((name, figure)) = highest(report, |row| megabytes(size(row))) {
            add(format!("{what}, largest function ({name})"), figure, limit, false);
        }
    };
    largest("peak RSS, MB", |row| row.peak_memory, 6.0);
    largest("binary, MB", |row| row.binary, 7.0);
    largest("zip, MB", |row| row.zip, 3.0);
    targets
}

fn highest(report: &Report, figure: impl Fn(&Row) -> f64) -> Option<(&str, f64)> {
    let functions = report.rows.iter().filter(|row| row.is_function);
    functions.map(|row| (row.name.as_str(), figure(row))).max_by(|(_, one), (_, other)| one.total_cmp(other))
}
