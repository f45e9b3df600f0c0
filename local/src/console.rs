//! What `cargo local` says: lines for people, in colours where standard output is a terminal, or,
//! with `--json`, one JSON object a line.

use crate::output::{Line, Request};
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use std::{
    fmt::{self, Display, Formatter},
    io::Write as _,
    time::Instant,
};

const FAINT: Style = Style::new().dimmed();
const STRONG: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const REFUSED: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// Something that is worth a line. As JSON, `event` says which of these it is.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "camelCase")]
pub(crate) enum Event<'a> {
    /// A step has begun, so many seconds after the start.
    #[serde(rename_all = "camelCase")]
    Progress { message: &'a str, seconds: f64 },
    /// The API answers.
    Ready(Ready),
    /// A function has answered a request.
    Request(Request),
    /// A function or the emulator has something else to say.
    Log { level: &'a str, message: &'a str },
    /// What a program printed that is no log: the compiler, mostly.
    Output { text: &'a str },
    /// It cannot go on.
    Error { message: &'a str },
    /// All that was started is gone.
    Stopped,
}

/// Where everything is, for the summary.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ready {
    pub(crate) api_url: String,
    pub(crate) reference_url: String,
    pub(crate) dynamodb_url: String,
    /// The database's file, if it is one of ours.
    pub(crate) data: Option<String>,
    /// All that the functions and the emulator print.
    pub(crate) log: String,
    /// The option by which other commands find this instance's key, or nothing.
    #[serde(skip)]
    pub(crate) data_dir_option: String,
    /// The option by which they find its API, or nothing.
    #[serde(skip)]
    pub(crate) port_option: String,
    /// An access token of the user `alice`.
    pub(crate) token: String,
}

/// Where events go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Console {
    json: bool,
    started: Instant,
}

impl Console {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, started: Instant::now() }
    }

    /// Whether programs read what it says.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Writes a line. Whoever closed our standard output does not read it: no error.
    pub(crate) fn say(self, event: &Event<'_>) {
        // It leaves the colours out where they would not be seen, or where NO_COLOR asks for none.
        let mut out = anstream::stdout().lock();
        let _ = if self.json {
            serde_json::to_string(event).map_or(Ok(()), |line| writeln!(out, "{line}"))
        } else {
            writeln!(out, "{event}")
        };
    }

    pub(crate) fn progress(self, message: &str) {
        self.say(&Event::Progress { message, seconds: self.started.elapsed().as_secs_f64() });
    }

    /// A line that the emulator or a function printed, unless it is mere noise.
    pub(crate) fn output(self, line: Line<'_>) {
        match line {
            Line::Request(request) => self.say(&Event::Request(request)),
            Line::Log { level, message } => self.say(&Event::Log { level: &level, message: &message }),
            Line::Other(text) => self.say(&Event::Output { text }),
            Line::Noise => {}
        }
    }
}

impl Display for Event<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Progress { message, seconds } => write!(f, "{FAINT}{seconds:5.1} s{FAINT:#}  {message}"),
            Self::Ready(ready) => ready.fmt(f),
            Self::Request(request) => line_of(request, f),
            Self::Log { level, message } => {
                let style = if *level == "ERROR" { BAD } else { REFUSED };
                write!(f, "{style}{level:>8}{style:#}  {message}")
            }
            Self::Output { text } => f.write_str(text),
            Self::Error { message } => write!(f, "{BAD}error{BAD:#}: {message}"),
            Self::Stopped => f.write_str("Stopped"),
        }
    }
}

/// Method, route, status, time and DynamoDB requests in columns; the code of what was refused, and
/// the cause of what failed.
fn line_of(request: &Request, f: &mut Formatter<'_>) -> fmt::Result {
    let style = match request.status {
        ..400 => GOOD,
        400..500 => REFUSED,
        _ => BAD,
    };
    let Request { time, method, route, status, milliseconds, dynamodb_requests: requests, .. } = request;
    write!(
        f,
        "{FAINT}{time}{FAINT:#}  {method:<6} {route:<46} {style}{status}{style:#} {milliseconds:8.1} ms"
    )?;
    let plural = if *requests == 1 { "" } else { "s" };
    write!(f, "  {requests} DynamoDB request{plural}")?;
    if let Some(code) = &request.code {
        write!(f, "  {style}{code}{style:#}")?;
    }
    match &request.cause {
        Some(cause) => write!(f, "\n          {BAD}{cause}{BAD:#}"),
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
            ("Data", self.data.clone().unwrap_or_else(|| "not kept here".to_owned())),
            ("Full log", self.log.clone()),
            ("Token", format!("cargo -q local token alice{option}")),
            ("Demo data", format!("cargo local seed{}{option}", self.port_option)),
            ("Stop", "Ctrl-C".to_owned()),
        ];
        let width = rows.iter().map(|(_, value)| value.chars().count()).max().unwrap_or_default();
        let line = "─".repeat(width + 13);
        writeln!(f, "\n{FAINT}╭{line}╮{FAINT:#}")?;
        for (name, value) in &rows {
            let fill = " ".repeat(width - value.chars().count());
            writeln!(f, "{FAINT}│{FAINT:#} {name:<10} {STRONG}{value}{STRONG:#}{fill} {FAINT}│{FAINT:#}")?;
        }
        writeln!(f, "{FAINT}╰{line}╯{FAINT:#}\n")?;
        writeln!(
            f,
            "curl -i {}/organization -H \"Authorization: Bearer $(cargo -q local token alice{option})\" \
             -H 'Content-Type: application/json' -d '{{\"organizationName\": \"Acme\"}}'",
            self.api_url
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(status: u16) -> Request {
        Request {
            time: "10:18:48".into(),
            operation: "getOrganization".into(),
            method: "GET".into(),
            route: "/organization/{organization_id}".into(),
            status,
            code: (status >= 400).then(|| "organization_not_found".into()),
            milliseconds: 3.512,
            dynamodb_requests: 1,
            request_id: "8476a536".into(),
            cause: None,
        }
    }

    fn plain(event: &Event<'_>) -> String {
        anstream::adapter::strip_str(&event.to_string()).to_string()
    }

    #[test]
    fn a_request_is_a_line_of_columns() {
        assert_eq!(
            plain(&Event::Request(request(404))),
            "10:18:48  GET    /organization/{organization_id}                404      3.5 ms  \
             1 DynamoDB request  organization_not_found"
        );
    }

    #[test]
    fn as_json_each_event_says_which_it_is() {
        let json = serde_json::to_value(Event::Request(request(200))).unwrap();
        assert_eq!(
            (&json["event"], &json["status"], &json["dynamodbRequests"]),
            (&"request".into(), &200.into(), &1.into())
        );
        assert_eq!(serde_json::to_string(&Event::Stopped).unwrap(), r#"{"event":"stopped"}"#);
    }

    #[test]
    fn the_summary_is_a_box() {
        let ready = Ready {
            api_url: "http://127.0.0.1:9000".into(),
            reference_url: "http://127.0.0.1:9010".into(),
            dynamodb_url: "http://127.0.0.1:8000".into(),
            data: None,
            log: "/a/long/path/to/target/local/functions.log".into(),
            data_dir_option: String::new(),
            port_option: String::new(),
            token: "a.b.c".into(),
        };
        let text = plain(&Event::Ready(ready));
        let widths: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with(['╭', '│', '╰']))
            .map(|line| line.chars().count())
            .collect();
        assert!(widths.len() > 5 && widths.iter().all(|width| *width == widths[0]), "{text}");
    }
}
