//! What `cargo lambda watch` and the functions print, line by line: the functions' log, in JSON; the
//! emulator's; and cargo's, which runs each function.

use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::HashMap};

/// A request as a function has logged it, with the route that led to it.
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

/// What a line is.
#[derive(Debug, PartialEq)]
pub(crate) enum Line<'a> {
    Request(Request),
    Log {
        level: Cow<'a, str>,
        message: Cow<'a, str>,
    },
    Other(&'a str),
    /// Said at every start of an instance, or for every request once more: only in the full log.
    Noise,
}

/// How lines begin that only tell of a start. cargo writes the first word and the rest one after the
/// other, and several cargos at once.
const NOISE: [&str; 7] =
    ["INFO ", "Blocking", "waiting for file lock", "Finished", "`dev` profile", "Running", "`target/"];

/// A line of a function's log.
#[derive(Deserialize)]
struct Logged {
    timestamp: String,
    level: String,
    message: String,
    #[serde(flatten)]
    handled: Option<Handled>,
}

/// What the line of a request has beyond that.
#[derive(Deserialize)]
struct Handled {
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
    /// Those of an OpenAPI document.
    pub(crate) fn of(openapi: &str) -> Result<Self, serde_saphyr::Error> {
        #[derive(Deserialize)]
        struct Document {
            paths: HashMap<String, HashMap<String, serde_json::Value>>,
        }
        let document: Document = serde_saphyr::from_str(openapi)?;
        let mut routes = HashMap::new();
        for (path, methods) in document.paths {
            for (method, operation) in methods {
                if let Some(id) = operation.get("operationId").and_then(serde_json::Value::as_str) {
                    routes.insert(id.to_owned(), (method.to_uppercase(), path.clone()));
                }
            }
        }
        Ok(Self(routes))
    }

    /// What a line is.
    pub(crate) fn read<'a>(&self, line: &'a str) -> Line<'a> {
        if let Ok(logged) = serde_json::from_str::<Logged>(line) {
            return self.logged(logged);
        }
        let trimmed = line.trim_start();
        for level in ["ERROR", "WARN"] {
            if let Some(message) = trimmed.strip_prefix(level).and_then(|rest| rest.strip_prefix(' ')) {
                return Line::Log { level: level.into(), message: emulator(message) };
            }
        }
        if NOISE.iter().any(|start| trimmed.starts_with(start)) || trimmed.is_empty() {
            return Line::Noise;
        }
        Line::Other(line)
    }

    fn logged<'a>(&self, logged: Logged) -> Line<'a> {
        let Some(handled) = logged.handled else {
            // lambda_runtime's warning of the emulator, which names one invocation at a time as a limit.
            if logged.message.starts_with("AWS_LAMBDA_MAX_CONCURRENCY") {
                return Line::Noise;
            }
            return Line::Log { level: logged.level.into(), message: logged.message.into() };
        };
        let (method, route) = self.0.get(&handled.operation).cloned().unwrap_or_default();
        Line::Request(Request {
            time: logged.timestamp.get(11..19).unwrap_or_default().to_owned(),
            operation: handled.operation,
            method,
            route,
            status: handled.status,
            code: handled.code,
            milliseconds: handled.latency_ms,
            dynamodb_requests: handled.dynamodb_requests,
            request_id: handled.request_id,
            cause: handled.cause,
        })
    }
}

/// The emulator's messages for developers of Lambda functions, in the words of this API.
fn emulator(message: &str) -> Cow<'_, str> {
    if message.contains("the default function route is disabled") {
        "404 from the emulator: the API has no such path, or not with that method; openapi.yaml lists what it has".into()
    } else {
        message.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes {
        Routes::of(&std::fs::read_to_string(local::workspace_root().join("openapi.yaml")).unwrap()).unwrap()
    }

    #[test]
    fn a_request_is_told_with_its_route() {
        let line = r#"{"timestamp":"2026-11-24T10:18:48.895683Z","level":"INFO","message":"request handled","operation":"createOrganization","request_id":"5de80901","status":201,"latency_ms":3.512,"dynamodb.requests":1,"dynamodb.capacity":5.0,"target":"shared::telemetry"}"#;
        let Line::Request(request) = routes().read(line) else { panic!("a request") };
        assert_eq!((request.method.as_str(), request.route.as_str()), ("POST", "/organization"));
        assert_eq!((request.time.as_str(), request.status, request.dynamodb_requests), ("10:18:48", 201, 1));
    }

    #[test]
    fn every_operation_has_a_route() {
        let routes = routes();
        for entry in std::fs::read_dir(local::workspace_root().join("functions")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let mut words = name.split('-');
            let first = words.next().unwrap().to_owned();
            let id = words.fold(first, |id, word| id + &word[..1].to_uppercase() + &word[1..]);
            assert!(routes.0.contains_key(&id), "{id}");
        }
    }

    #[test]
    fn what_is_said_at_every_start_is_noise_and_what_went_wrong_is_not() {
        let routes = routes();
        for noise in [
            r#" INFO starting lambda function instance function="get-organization""#,
            "    Blocking waiting for file lock on package cache",
            "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.16s",
            "     Running `target/debug/create-organization`",
            "    Blocking    Blocking waiting for file lock on package cache",
            " `dev` profile [unoptimized + debuginfo] target(s) in 0.74s",
            r#"{"timestamp":"2026-11-24T10:18:48.891127Z","level":"WARN","message":"AWS_LAMBDA_MAX_CONCURRENCY is set to '1', but","target":"lambda_runtime::runtime"}"#,
        ] {
            assert_eq!(routes.read(noise), Line::Noise);
        }
        let failure = r#"{"timestamp":"2026-11-24T10:18:48.891127Z","level":"WARN","message":"DynamoDB does not answer","target":"shared"}"#;
        let expected = Line::Log { level: "WARN".into(), message: "DynamoDB does not answer".into() };
        assert_eq!(routes.read(failure), expected);
        assert_eq!(
            routes.read("error[E0308]: mismatched types"),
            Line::Other("error[E0308]: mismatched types")
        );
        let unrouted =
            r#"ERROR available_functions={"local"} detail="the default function route is disabled, use""#;
        let Line::Log { message, .. } = routes.read(unrouted) else { panic!("a message") };
        assert!(message.contains("openapi.yaml"), "{message}");
    }
}
