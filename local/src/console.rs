//! Reports events on standard output: as text, coloured on a terminal, or with `--json` as one JSON
//! object a line.

mod change;
#[cfg(test)]
mod tests;

pub(crate) use change::Change;

use crate::log_line::{LogLine, Request};
use anstyle::{AnsiColor, Style};
use local::event_source::Notice;
use serde::Serialize;
use std::{
    fmt::{self, Display, Formatter},
    io::Write as _,
    time::Instant,
};

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const SUCCESS: Style = AnsiColor::Green.on_default();
const WARNING: Style = AnsiColor::Yellow.on_default();
const FAILURE: Style = AnsiColor::Red.on_default().bold();

/// An event, reported in one line. In JSON, the field `event` names the variant.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "camelCase")]
pub(crate) enum Event<'a> {
    /// A step begins, `seconds` after the start.
    #[serde(rename_all = "camelCase")]
    Progress { message: &'a str, seconds: f64 },
    /// The API answers.
    Ready(Ready),
    /// A function has handled a request.
    Request(Request),
    /// The function `record-events` has sent an event to the bus.
    Change(Change),
    /// Another log message of a function or the emulator.
    Log { level: &'a str, message: &'a str },
    /// Other output of a child process, mostly of the compiler.
    Output { text: &'a str },
    /// The stack has failed.
    Error { message: &'a str },
    /// The stack has stopped.
    Stopped,
}

/// The addresses and files of the running stack.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ready {
    pub(crate) api_url: String,
    pub(crate) reference_url: String,
    pub(crate) dynamodb_url: String,
    /// The file of the embedded database, if it has one.
    pub(crate) data: Option<String>,
    /// The file with all output of the functions and the emulator.
    pub(crate) log: String,
    /// The option that other commands need to find this instance's key, or nothing.
    #[serde(skip)]
    pub(crate) data_dir_option: String,
    /// The option that other commands need to find its API, or nothing.
    #[serde(skip)]
    pub(crate) port_option: String,
    /// An access token for the user `alice`.
    pub(crate) token: String,
}

/// Reports events in the format that the user chose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Console {
    json: bool,
    started: Instant,
}

impl Console {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, started: Instant::now() }
    }

    /// True if the output is JSON.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Reports an event. Ignores errors, such as a closed standard output.
    pub(crate) fn report(self, event: &Event<'_>) {
        // Strips colours if standard output is not a terminal, or if NO_COLOR is set.
        let mut out = anstream::stdout().lock();
        let _ = if self.json {
            serde_json::to_string(event).map_or(Ok(()), |line| writeln!(out, "{line}"))
        } else {
            writeln!(out, "{event}")
        };
    }

    pub(crate) fn progress(self, message: &str) {
        self.report(&Event::Progress { message, seconds: self.started.elapsed().as_secs_f64() });
    }

    /// Reports a line that the emulator or a function printed, unless it is noise.
    pub(crate) fn report_line(self, line: LogLine<'_>) {
        match line {
            LogLine::Request(request) => self.report(&Event::Request(request)),
            LogLine::Message { level, message } => {
                self.report(&Event::Log { level: &level, message: &message })
            }
            LogLine::Other(text) => self.report(&Event::Output { text }),
            LogLine::Noise => {}
        }
    }

    /// Reports that records of the table's stream were not handled.
    pub(crate) fn report_notice(self, notice: &Notice<'_>) {
        let (level, message) = match notice {
            Notice::Failed(reason) => ("WARN", format!("record-events failed and is retried: {reason}")),
            Notice::Discarded(message) => ("ERROR", format!("records were given up: {message}")),
            Notice::Unreadable(error) => ("ERROR", format!("no events: {error}")),
        };
        self.report(&Event::Log { level, message: &message });
    }
}

impl Display for Event<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Progress { message, seconds } => write!(f, "{DIM}{seconds:5.1} s{DIM:#}  {message}"),
            Self::Ready(ready) => ready.fmt(f),
            Self::Request(request) => fmt_request(request, f),
            Self::Change(change) => change.fmt(f),
            Self::Log { level, message } => {
                let style = if *level == "ERROR" { FAILURE } else { WARNING };
                write!(f, "{style}{level:>8}{style:#}  {message}")
            }
            Self::Output { text } => f.write_str(text),
            Self::Error { message } => write!(f, "{FAILURE}error{FAILURE:#}: {message}"),
            Self::Stopped => f.write_str("Stopped"),
        }
    }
}

/// Writes method, route, status, time and DynamoDB requests in columns, then the error code and the cause,
/// if there are any.
fn fmt_request(request: &Request, f: &mut Formatter<'_>) -> fmt::Result {
    let style = match request.status {
        ..400 => SUCCESS,
        400..500 => WARNING,
        _ => FAILURE,
    };
    let Request { time, method, route, status, milliseconds, dynamodb_requests: requests, .. } = request;
    write!(f, "{DIM}{time}{DIM:#}  {method:<6} {route:<46} {style}{status}{style:#} {milliseconds:8.1} ms")?;
    let plural = if *requests == 1 { "" } else { "s" };
    write!(f, "  {requests} DynamoDB request{plural}")?;
    if let Some(code) = &request.code {
        write!(f, "  {style}{code}{style:#}")?;
    }
    match &request.cause {
        Some(cause) => write!(f, "\n          {FAILURE}{cause}{FAILURE:#}"),
        None => Ok(()),
    }
}

impl Display for Ready {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let option = &self.data_dir_option;
        let rows = [
            ("API", self.api_url.clone()),
            ("Reference", self.reference_url.clone()),
            ("DynamoDB", self.dynamodb_url.clone()),
            ("Data", self.data.clone().unwrap_or_else(|| "not in a local file".to_owned())),
            ("Full log", self.log.clone()),
            ("Token", format!("cargo -q local token alice{option}")),
            ("Demo data", format!("cargo local seed{}{option}", self.port_option)),
            ("Events", format!("cargo -q local events{option}")),
            ("Stop", "Ctrl-C".to_owned()),
        ];
        let width = rows.iter().map(|(_, value)| value.chars().count()).max().unwrap_or_default();
        let line = "─".repeat(width + 13);
        writeln!(f, "\n{DIM}╭{line}╮{DIM:#}")?;
        for (name, value) in &rows {
            let fill = " ".repeat(width - value.chars().count());
            writeln!(f, "{DIM}│{DIM:#} {name:<10} {BOLD}{value}{BOLD:#}{fill} {DIM}│{DIM:#}")?;
        }
        writeln!(f, "{DIM}╰{line}╯{DIM:#}\n")?;
        writeln!(
            f,
            "curl -i {}/organization -H \"Authorization: Bearer $(cargo -q local token alice{option})\" \
             -H 'Content-Type: application/json' -d '{{\"organizationName\": \"Acme\"}}'",
            self.api_url
        )
    }
}
