//! Records of the table's stream, as Lambda delivers them to record-events.

use anyhow::{Context as _, Result};
use functions::record_events::Recorder;
use local::{EventSourceMapping, MappingOptions, TABLE_NAME};
use serde_json::{Value, json};
use shared::store::Store;
use std::convert::Infallible;
use std::time::Duration;
use support::bus::Bus;

/// A batch with the newest record: the usual one, because few organizations change at the same moment.
pub(crate) async fn newest(dynamodb: &str) -> Result<String> {
    let mut newest = None;
    let keep = async |batch: Value| {
        newest =
            batch.pointer("/Records").and_then(Value::as_array).and_then(|records| records.last().cloned());
        Ok::<_, Infallible>(json!({ "batchItemFailures": [] }))
    };
    EventSourceMapping::new(dynamodb, TABLE_NAME, MappingOptions::of_template()?, keep)?
        .run_until_idle()
        .await?;
    let newest = newest.context("the stream has no record")?;
    Ok(json!({ "Records": [newest] }).to_string())
}

/// Records everything that the stream has.
pub(crate) async fn record(dynamodb: &str, store: &Store) -> Result<()> {
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
    Ok(())
}
