//! Parses the lines that `cargo lambda watch` prints: the log of the functions, in JSON; the log of the
//! emulator; and the output of cargo, which runs each function.

use local::openapi::Operation;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{borrow::Cow, collections::HashMap};

/// A request as a function logged it, with its method and route.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Request {
    /// Hours, minutes and seconds in UTC.
    pub(crate) time: String,
    pub(crate) operation: String,
    pub(crate) method: String,
    pub(crate) route: String,
    pub(crate) status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    pub(crate) milliseconds: f64,
    pub(crate) dynamodb_requests: u32,
    pub(crate) request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<String>,
}

/// A parsed line.
#[derive(Debug, PartialEq)]
pub(crate) enum LogLine<'a> {
    /// A handled request.
    Request(Request),
    /// Another log message.
    Message { level: Cow<'a, str>, message: Cow<'a, str> },
    /// Output that is not a log message.
    Other(&'a str),
    /// Output at each start of an instance, or a duplicate. Only the full log has it.
    Noise,
}

/// Prefixes of lines about the start of an instance. cargo writes a line in two parts, and several cargos
/// run at the same time, so that either part can begin a line.
const NOISE_PREFIXES: [&str; 7] =
    ["INFO ", "Blocking", "waiting for file lock", "Finished", "`dev` profile", "Running", "`target/"];

/// A JSON log line of a function.
#[derive(Deserialize)]
struct JsonLine {
    timestamp: String,
    level: String,
    message: String,
    #[serde(flatten)]
    fields: Value,
}

/// Additional fields of the line for a handled request.
#[derive(Deserialize)]
struct RequestFields {
    operation: String,
    request_id: String,
    status: u16,
    code: Option<String>,
    latency_ms: f64,
    #[serde(rename = "dynamodb.requests")]
    dynamodb_requests: u32,
    cause: Option<String>,
}

/// Method and path of each operation, by its operationId.
#[derive(Debug, Default)]
pub(crate) struct Routes(HashMap<String, (String, String)>);

impl Routes {
    pub(crate) fn of(operations: Vec<Operation>) -> Self {
        Self(operations.into_iter().map(|Operation { id, method, path }| (id, (method, path))).collect())
    }

    /// Parses a line.
    pub(crate) fn parse<'a>(&self, line: &'a str) -> LogLine<'a> {
        if let Ok(json) = serde_json::from_str::<JsonLine>(line) {
            return self.classify(json);
        }
        let trimmed = line.trim_start();
        for level in ["ERROR", "WARN"] {
            if let Some(message) = trimmed.strip_prefix(level).and_then(|rest| rest.strip_prefix(' ')) {
                return LogLine::Message { level: level.into(), message: reword(message) };
            }
        }
        if NOISE_PREFIXES.iter().any(|prefix| trimmed.starts_with(prefix)) || trimmed.is_empty() {
            return LogLine::Noise;
        }
        LogLine::Other(line)
    }

    fn classify<'a>(&self, line: JsonLine) -> LogLine<'a> {
        let text = |name| line.fields.get(name).and_then(Value::as_str);
        let Ok(request) = RequestFields::deserialize(&line.fields) else {
            // lambda_runtime warns because the emulator sets this variable to 1. And a batch of records that was
            // handled shows in its events.
            let is_handled = line.level == "INFO" && text("operation") == Some("recordEvents");
            if line.message.starts_with("AWS_LAMBDA_MAX_CONCURRENCY") || is_handled {
                return LogLine::Noise;
            }
            let message = match text("cause") {
                Some(cause) => format!("{}: {cause}", line.message),
                None => line.message,
            };
            return LogLine::Message { level: line.level.into(), message: message.into() };
        };
        let (method, route) = self.0.get(&request.operation).cloned().unwrap_or_default();
        LogLine::Request(Request {
            time: line.timestamp.get(11..19).unwrap_or_default().to_owned(),
            operation: request.operation,
            method,
            route,
            status: request.status,
            code: request.code,
            milliseconds: request.latency_ms,
            dynamodb_requests: request.dynamodb_requests,
            request_id: request.request_id,
            cause: request.cause,
        })
    }
}

/// Rewords a message of the emulator for developers of this API.
fn reword(message: &str) -> Cow<'_, str> {
    if message.contains("the default function route is disabled") {
        "404 from the emulator: the API does not have this method and path; openapi.yaml lists those it has"
            .into()
    } else {
        message.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes {
        Routes::of(local::openapi::operations().unwrap())
    }

    #[test]
    fn a_request_has_its_route() {
        let line = r#"{"timestamp":"2026-11-24T10:18:48.895683Z","level":"INFO","message":"request handled","operation":"createOrganization","request_id":"5de80901","status":201,"latency_ms":3.512,"dynamodb.requests":1,"dynamodb.capacity":5.0,"target":"shared::telemetry"}"#;
        let LogLine::Request(request) = routes().parse(line) else { panic!("a request") };
        assert_eq!((request.method.as_str(), request.route.as_str()), ("POST", "/organization"));
        assert_eq!((request.time.as_str(), request.status, request.dynamodb_requests), ("10:18:48", 201, 1));
    }

    #[test]
    fn output_of_every_start_is_noise_and_failures_are_not() {
        let routes = routes();
        for noise in [
            r#" INFO starting lambda function instance function="get-organization""#,
            "    Blocking waiting for file lock on package cache",
            "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.16s",
            "     Running `target/debug/create-organization`",
            "    Blocking    Blocking waiting for file lock on package cache",
            " `dev` profile [unoptimized + debuginfo] target(s) in 0.74s",
            r#"{"timestamp":"2026-11-24T10:18:48.891127Z","level":"INFO","message":"records handled","operation":"recordEvents","records":1}"#,
            r#"{"timestamp":"2026-11-24T10:18:48.891127Z","level":"WARN","message":"AWS_LAMBDA_MAX_CONCURRENCY is set to '1', but","target":"lambda_runtime::runtime"}"#,
        ] {
            assert_eq!(routes.parse(noise), LogLine::Noise);
        }
        let failure = r#"{"timestamp":"2026-11-24T10:18:48.891127Z","level":"WARN","message":"DynamoDB does not answer","target":"shared"}"#;
        let expected = LogLine::Message { level: "WARN".into(), message: "DynamoDB does not answer".into() };
        assert_eq!(routes.parse(failure), expected);
        let failed = r#"{"timestamp":"2026-11-24T10:18:48.891127Z","level":"ERROR","message":"records failed","operation":"recordEvents","records":2,"cause":"no bus","target":"functions"}"#;
        let expected = LogLine::Message { level: "ERROR".into(), message: "records failed: no bus".into() };
        assert_eq!(routes.parse(failed), expected);
        assert_eq!(
            routes.parse("error[E0308]: mismatched types"),
            LogLine::Other("error[E0308]: mismatched types")
        );
        let unrouted =
            r#"ERROR available_functions={"local"} detail="the default function route is disabled, use""#;
        let LogLine::Message { message, .. } = routes.parse(unrouted) else { panic!("a message") };
        assert!(message.contains("openapi.yaml"), "{message}");
    }
}
