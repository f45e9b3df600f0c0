//! Runs the function `record-events` on the embedded DynamoDB's stream.

use crate::{
    Error, EventSourceMapping, MappingOptions, TABLE_NAME, bus::BusEvent, event_source::Notice, http_client,
};
use serde_json::Value;
use std::{convert::Infallible, path::PathBuf, time::Duration};
use tokio::task::JoinHandle;

/// The time-out of `record-events` in template.yaml.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// What the stack reports while it runs.
#[derive(Debug)]
pub enum Output<'a> {
    /// cargo-lambda or a function printed this line.
    Line(&'a str),
    /// The function `record-events` sent this event to the bus.
    Event(&'a BusEvent),
    /// The records of the stream were not handled.
    Notice(Notice<'a>),
}

/// The running event source mapping. Stops when dropped.
#[derive(Debug)]
pub(crate) struct Consumer(JoinHandle<Infallible>);

impl Consumer {
    /// Continues after the checkpoint, if there is one. Reports failures as [`Output::Notice`].
    pub(crate) fn start(
        emulator: &str,
        dynamodb_url: &str,
        checkpoint: Option<PathBuf>,
        on_output: impl Fn(Output<'_>) + Send + 'static,
    ) -> Result<Self, Error> {
        let options = MappingOptions {
            checkpoint,
            // This machine may have been off for longer. Then no event must be lost.
            max_record_age: None,
            max_retries: None,
            ..MappingOptions::of_template()?
        };
        let url = format!("{emulator}/2015-03-31/functions/record-events/invocations");
        let client = http_client();
        let invoke = async move |event: Value| invoke(&client, &url, &event).await;
        let mapping = EventSourceMapping::new(dynamodb_url, TABLE_NAME, options, invoke)?;
        Ok(Self(tokio::spawn(mapping.run(move |notice| on_output(Output::Notice(notice))))))
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Invokes a function of the emulator. An error of the function is one.
async fn invoke(client: &reqwest::Client, url: &str, event: &Value) -> Result<Value, String> {
    let request = client.post(url).timeout(TIMEOUT).body(event.to_string());
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let status = answer.status();
    let text = answer.text().await.map_err(|error| error.to_string())?;
    if status.is_success() {
        serde_json::from_str(&text).map_err(|_| format!("the function answered {text}"))
    } else {
        Err(format!("the invocation was answered with {status}: {text}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{front::Front, loopback::listen, process::test_dir, start_in_memory, table};
    use aws_sdk_dynamodb::types::AttributeValue::S;
    use axum::{Router, http::StatusCode, routing::post};
    use serde_json::json;
    use tokio::sync::mpsc;

    #[tokio::test]
    async fn the_function_gets_what_is_written_and_an_error_of_it_is_reported() {
        let dynamodb = start_in_memory().await.unwrap();
        let client = dynamodb.client();
        table::create(&client, TABLE_NAME).await.unwrap();
        let (sender, mut events) = mpsc::unbounded_channel();
        let function = async move |body: String| {
            let event: Value = serde_json::from_str(&body).unwrap();
            let is_first = sender.send(event["Records"][0]["dynamodb"]["Keys"]["pk"]["S"].clone()).is_ok();
            static FAILED: std::sync::Once = std::sync::Once::new();
            let mut status = StatusCode::OK;
            FAILED.call_once(|| status = StatusCode::INTERNAL_SERVER_ERROR);
            assert!(is_first);
            (status, json!({ "errorMessage": "no bus" }).to_string())
        };
        let app = Router::new().route("/2015-03-31/functions/record-events/invocations", post(function));
        let emulator = Front::start(listen(0, "").unwrap(), app).unwrap();
        let (reporter, mut reports) = mpsc::unbounded_channel();
        let checkpoint = test_dir("consumer").join("position.json");
        let consumer =
            Consumer::start(&emulator.url(), &dynamodb.url(), Some(checkpoint.clone()), move |output| {
                if let Output::Notice(Notice::Failed(reason)) = output {
                    reporter.send(reason.to_owned()).unwrap();
                }
            });
        let put = client.put_item().table_name(TABLE_NAME).item("pk", S("ORG#1".into()));
        put.item("sk", S("ORG#1".into())).send().await.unwrap();
        assert_eq!(events.recv().await.unwrap(), "ORG#1");
        assert_eq!(events.recv().await.unwrap(), "ORG#1");
        let report = reports.recv().await.unwrap();
        assert!(report.contains("500 Internal Server Error") && report.contains("no bus"), "{report}");
        while !checkpoint.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        drop(consumer.unwrap());
    }
}
