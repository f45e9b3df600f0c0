//! One line of JSON per request, on standard output, from where Lambda takes it to CloudWatch.
//! Whatever else is said, is said in such lines, too.
//!
//! No line holds a token, a body, a name, a domain or a user id.

use crate::edge::Response;
use crate::error::Error;
use crate::store::meter::Usage;
use std::error::Error as StdError;
use std::panic;
use std::time::Duration;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts the log. `AWS_LAMBDA_LOG_LEVEL`, which Lambda's logging configuration sets, is the level
/// of our own lines (default `INFO`). Those of the libraries stay at `WARN`: at `DEBUG` the SDK
/// writes whole requests.
pub(crate) fn init() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok();
    let level = level.and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let targets = Targets::new().with_default(level.min(LevelFilter::WARN)).with_target("shared", level);
    tracing_subscriber::registry()
        .with(
            tracing_subscriber::fmt::layer()
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(false),
        )
        .with(targets)
        .init();
    // The default hook writes several lines of text, with the message: it may hold whatever was at
    // hand, unless it is a literal.
    panic::set_hook(Box::new(|panic| {
        let message = panic.payload().downcast_ref::<&'static str>();
        let location = panic.location().map(ToString::to_string);
        tracing::error!(cause = message, location, "panicked");
    }));
}

/// Writes the line of one request; a 5xx with its cause.
pub(crate) fn request_handled(
    operation: &str,
    request_id: &str,
    result: &Result<Response, Error>,
    latency: Duration,
    usage: &Usage,
) {
    let latency_ms = latency.as_micros() as f64 / 1000.0;
    let (requests, capacity) = (usage.requests, usage.capacity);
    let (status, code) = match result {
        Ok(response) => (response.status(), None),
        Err(error) => (crate::edge::status(error), Some(error.code())),
    };
    let failure = result.as_ref().err().filter(|_| status.is_server_error());
    let (status, cause) = (status.as_u16(), failure.map(causes));
    macro_rules! line {
        ($level:ident, $message:literal) => {
            tracing::$level!(
                operation,
                request_id,
                status,
                code,
                latency_ms,
                dynamodb.requests = requests,
                dynamodb.capacity = capacity,
                cause,
                $message
            )
        };
    }
    match failure {
        Some(_) => line!(error, "request failed"),
        None => line!(info, "request handled"),
    }
}

/// The errors below this one, outermost first.
fn causes(error: &Error) -> String {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes.join(": ")
}
