//! The figures of one run, as a Markdown table and as CSV.

use crate::instructions::Instructions;
use crate::measure::{Extent, Samples};
use crate::subject::{Kind, NOOP, Subject, TEMPLATE};
use std::fmt::Write as _;
use support::statistics::{load_average, machine, median, milliseconds, percentile};

/// All subjects under one CPU limit.
#[derive(Debug)]
pub(crate) struct Report {
    /// Percent of a core from the first poll on.
    pub(crate) cpu: u8,
    /// In the order of the subjects.
    pub(crate) rows: Vec<Row>,
}

/// One subject. Times are in milliseconds, and medians unless stated otherwise.
#[derive(Debug)]
pub(crate) struct Row {
    /// Its name.
    pub(crate) name: String,
    /// True if it serves an operation.
    pub(crate) is_function: bool,
    /// From process start to first poll.
    pub(crate) init: f64,
    /// From first event to answer.
    pub(crate) first: f64,
    /// Init and first request together, computed per round.
    pub(crate) cold: f64,
    cold_p99: f64,
    /// From later events to their answers.
    pub(crate) warm: f64,
    warm_p99: f64,
    /// Peak memory of a process in bytes, in the median round.
    pub(crate) peak_memory: u64,
    /// Size of the binary in bytes.
    pub(crate) binary: u64,
    /// Size of the zip archive in bytes.
    pub(crate) zip: u64,
    instructions: Option<Instructions>,
}

impl Report {
    /// Summarizes the samples. `subjects`, samples and instructions are in the same order.
    pub(crate) fn new(
        cpu: u8,
        subjects: &[Subject],
        samples: &[Samples],
        instructions: Option<&[Instructions]>,
    ) -> Self {
        let mut rows = Vec::new();
        for (index, (subject, samples)) in subjects.iter().zip(samples).enumerate() {
            let cold = samples.cold();
            rows.push(Row {
                name: subject.name.clone(),
                is_function: subject.kind != Kind::Baseline,
                init: milliseconds(median(&samples.init)),
                first: milliseconds(median(&samples.first)),
                cold: milliseconds(median(&cold)),
                cold_p99: milliseconds(percentile(&cold, 99)),
                warm: milliseconds(median(&samples.warm)),
                warm_p99: milliseconds(percentile(&samples.warm, 99)),
                peak_memory: median(&samples.peak_memory),
                binary: subject.size,
                zip: subject.zip_size,
                instructions: instructions.and_then(|counts| counts.get(index).copied()),
            });
        }
        Self { cpu, rows }
    }

    /// The row of a subject, if it was measured.
    pub(crate) fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }

    /// A title that names the limit.
    pub(crate) fn title(&self) -> String {
        match self.cpu {
            100 => "At full speed".to_owned(),
            percent => format!("At {percent} % of a core from the first poll on"),
        }
    }

    /// The table, followed by the conditions of the run. `load` is the load average before it; `awake` is
    /// true if the processors were kept awake.
    pub(crate) fn markdown(&self, extent: Extent, load: &str, awake: bool) -> String {
        let mut text = format!("\n### {}\n\n", self.title());
        text.push_str(
            "| subject | init | first | cold | ÷ noop | ÷ template | cold p99 | warm p50 | warm p99 | RSS, MB | \
             binary, MB | zip, MB | instr. cold | instr. warm |\n",
        );
        text.push_str("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
        let ratio = |row: &Row, to: &str| {
            self.row(to).map_or_else(String::new, |other| format!("{:.2}", row.cold / other.cold))
        };
        for row in &self.rows {
            let (to_noop, to_template) = (ratio(row, NOOP), ratio(row, TEMPLATE));
            let instructions = row.instructions.map_or_else(
                || " | ".to_owned(),
                |count| format!("{:.2} M | {:.2} M", megabytes(count.cold), megabytes(count.request)),
            );
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "| {} | {:.1} | {:.1} | {:.1} | {to_noop} | {to_template} | {:.1} | {:.2} | {:.2} | {:.1} | {:.2} | {:.2} | {instructions} |",
                row.name,
                row.init,
                row.first,
                row.cold,
                row.cold_p99,
                row.warm,
                row.warm_p99,
                megabytes(row.peak_memory),
                megabytes(row.binary),
                megabytes(row.zip),
            );
        }
        let _ = writeln!(
            text,
            "\nTimes in ms, medians of {} rounds; warm over {} requests to each instance. {}{}. \
             Load average {load} before, {} after.",
            extent.rounds,
            extent.requests,
            machine(),
            if awake { ", kept awake" } else { "" },
            load_average(),
        );
        text
    }

    /// The figures as CSV, in base units.
    pub(crate) fn csv(&self) -> String {
        let mut text = String::from(
            "subject,init_ms,first_ms,cold_ms,cold_p99_ms,warm_p50_ms,warm_p99_ms,peak_rss_bytes,\
             binary_bytes,zip_bytes,instructions_cold,instructions_per_request\n",
        );
        for row in &self.rows {
            let instructions = row
                .instructions
                .map_or_else(|| ",".to_owned(), |count| format!("{},{}", count.cold, count.request));
            let _ = writeln!(
                text,
                "{},{:.3},{:.3},{:.3},{:.3},{:.3},{:.3},{},{},{},{instructions}",
                row.name,
                row.init,
                row.first,
                row.cold,
                row.cold_p99,
                row.warm,
                row.warm_p99,
                row.peak_memory,
                row.binary,
                row.zip,
            );
        }
        text
    }
}

/// The number in millions. Also used for instructions.
#[expect(clippy::cast_precision_loss, reason = "to be shown with two digits")]
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
