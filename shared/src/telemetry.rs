//! The log: JSON lines on standard output, which Lambda sends to CloudWatch. Each request logs one line.
//! Panics and rows omitted from lists add lines of their own. If `RELEASE` is set, every line names it.
//!
//! No line may contain a token, a body, a name, a domain or a user id.

use crate::store::meter::Usage;
use std::error::Error;
use std::fmt;
use std::iter::successors;
use std::panic;
use std::time::Duration;
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts the log. `AWS_LAMBDA_LOG_LEVEL`, which Lambda's logging configuration sets, is the level
/// of the functions' own lines (default `INFO`). Lines of libraries below `WARN` are always dropped, because at
/// `DEBUG` the SDK writes whole requests.
pub fn init() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok();
    let level = level.and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let libraries = level.min(LevelFilter::WARN);
    let targets =
        Targets::new().with_default(libraries).with_target("shared", level).with_target("functions", level);
    tracing_subscriber::registry()
        .with(
            tracing_subscriber::fmt::layer()
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(false)
                .map_event_format(|format| WithRelease::new(format, std::env::var("RELEASE").ok())),
        )
        .with(targets)
        .init();
    // The default hook writes several lines of plain text. A formatted message may contain personal data,
    // so only literal messages are logged.
    panic::set_hook(Box::new(|panic| {
        let message = panic.payload().downcast_ref::<&'static str>();
        let location = panic.location().map(ToString::to_string);
        tracing::error!(cause = message, location, "panicked");
    }));
}

/// Adds the release to each line of a format that writes JSON objects. By it, the alarm that stops a deployment
/// tells the new release's errors from those of the old one.
struct WithRelease<F> {
    format: F,
    /// The start of a line, such as `{"release":"167f467",`.
    start: Option<String>,
}

impl<F> WithRelease<F> {
    fn new(format: F, release: Option<String>) -> Self {
        let start = release.map(|release| format!("{{\"release\":{},", serde_json::Value::from(release)));
        Self { format, start }
    }
}

impl<S, N, F> FormatEvent<S, N> for WithRelease<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(start) = &self.start else { return self.format.format_event(context, writer, event) };
        let mut line = String::new();
        self.format.format_event(context, Writer::new(&mut line), event)?;
        writer.write_str(start)?;
        writer.write_str(line.strip_prefix('{').ok_or(fmt::Error)?)
    }
}

/// The log line of one request.
pub(crate) struct HandledRequest<'a> {
    pub(crate) operation: &'static str,
    pub(crate) request_id: &'a str,
    /// The HTTP status of the response. The line's level is `ERROR` for 500 and above, otherwise `INFO`.
    pub(crate) status: u16,
    /// The error's code, if the response is an error.
    pub(crate) code: Option<&'static str>,
    /// The source of the error in the response, if there is one. It is logged with its own sources.
    pub(crate) cause: Option<&'a (dyn Error + 'static)>,
    pub(crate) latency: Duration,
    pub(crate) usage: Usage,
}

impl HandledRequest<'_> {
    /// Writes the line.
    pub(crate) fn log(self) {
        let Self { operation, request_id, status, code, cause, latency, usage } = self;
        let latency_ms = latency.as_micros() as f64 / 1000.0;
        let cause = cause.map(chain);
        // A level is part of a line's static metadata, so each level needs its own call.
        macro_rules! line {
            ($level:ident, $message:literal) => {
                tracing::$level!(
                    operation,
                    request_id,
                    status,
                    code,
                    latency_ms,
                    dynamodb.requests = usage.requests,
                    dynamodb.capacity = usage.capacity,
                    cause,
                    $message
                )
            };
        }
        if status >= 500 {
            line!(error, "request failed");
        } else {
            line!(info, "request handled");
        }
    }
}

/// The texts of an error and its sources, outermost first.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    successors(Some(error), |&error| error.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
