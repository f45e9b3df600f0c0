//! Records of the table's stream, as Lambda delivers them to record-events.
//!
//! The stream is on only while they are made: the embedded DynamoDB writes it before it answers. DynamoDB does so
//! afterwards (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/streamsmain.html>).

use anyhow::{Context as _, Result};
use functions::record_events::Recorder;
use local::{EventSourceMapping, MappingOptions, TABLE_NAME};
use serde_json::{Value, json};
use shared::store::Store;
use std::convert::Infallible;
use std::time::Duration;
use support::bus::Bus;

/// A batch with the record of this change: the usual one, because few organizations change at the same moment.
pub(crate) async fn record_of(dynamodb: &str, change: impl Future<Output = Result<Value>>) -> Result<String> {
    let client = local::dynamodb::client(dynamodb);
    local::table::create(&client, TABLE_NAME).await?;
    change.await?;
    let mut newest = None;
    let keep = async |batch: Value| {
        newest =
            batch.pointer("/Records").and_then(Value::as_array).and_then(|records| records.last().cloned());
        Ok::<_, Infallible>(json!({ "batchItemFailures": [] }))
    };
    EventSourceMapping::new(dynamodb, TABLE_NAME, MappingOptions::of_template()?, keep)?
        .run_until_idle()
        .await?;
    local::table::disable_stream(&client, TABLE_NAME).await?;
    let newest = newest.context("the stream has no record")?;
    Ok(json!({ "Records": [newest] }).to_string())
}

/// Records these changes.
pub(crate) async fn record(
    dynamodb: &str,
    store: &Store,
    changes: impl Future<Output = Result<()>>,
) -> Result<()> {
    let client = local::dynamodb::client(dynamodb);
    local::table::create(&client, TABLE_NAME).await?;
    changes.await?;
    let bus = Bus::start().await;
    let recorder = Recorder::new(store.clone(), bus.client());
    let invoke = async |batch: Value| {
        let answer =
            recorder.invoke(serde_json::from_value(batch)?, "benchmark", Duration::from_secs(60)).await;
        serde_json::to_value(answer)
    };
    EventSourceMapping::new(dynamodb, TABLE_NAME, MappingOptions::of_template()?, invoke)?
        .run_until_idle()
        .await?;
    Ok(local::table::disable_stream(&client, TABLE_NAME).await?)
}
