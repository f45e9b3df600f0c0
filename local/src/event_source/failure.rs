//! The message to the failure queue. It says where the discarded records are in the stream, and has none of their
//! data.

use super::{
    batch::{Batch, time},
    stream::{Shard, sequence_number},
};
use crate::{Error, uuid::uuid};
use humantime::{format_rfc3339_millis, format_rfc3339_seconds};
use serde_json::{Value, json};
use std::time::SystemTime;

/// The function's name in messages.
const FUNCTION: &str = "record-events";

/// Why records are discarded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Condition {
    RecordAgeExceeded,
    RetryAttemptsExhausted,
}

/// The message about these records, in the format of
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html>.
pub(super) fn message(
    batch: &Batch,
    condition: Condition,
    shard: &Shard,
    now: SystemTime,
) -> Result<Value, Error> {
    let ends = [batch.first(), batch.last()];
    let [start, end] = ends.map(|record| record.map(sequence_number));
    let [first, last] =
        ends.map(|record| record.map(|record| format_rfc3339_seconds(time(record)).to_string()));
    let function_error = batch.has_error.then_some("Unhandled");
    let response = match (batch.invocations, function_error) {
        (0, _) => None,
        (_, None) => Some(json!({ "statusCode": 200, "executedVersion": "$LATEST" })),
        (_, error) => {
            Some(json!({ "statusCode": 200, "executedVersion": "$LATEST", "functionError": error }))
        }
    };
    let mut message = json!({
        "requestContext": {
            "requestId": uuid()?,
            "functionArn": function_arn(&shard.stream),
            "condition": format!("{condition:?}"),
            "approximateInvokeCount": batch.invocations,
        },
        "version": "1.0",
        "timestamp": format_rfc3339_millis(now).to_string(),
        "DDBStreamBatchInfo": {
            "shardId": shard.id,
            "startSequenceNumber": start,
            "endSequenceNumber": end,
            "approximateArrivalOfFirstRecord": first,
            "approximateArrivalOfLastRecord": last,
            "batchSize": batch.records.len(),
            "streamArn": shard.stream,
        },
    });
    if let (Some(response), Some(message)) = (response, message.as_object_mut()) {
        message.insert("responseContext".to_owned(), response);
    }
    Ok(message)
}

/// The ARN that the function would have in the stream's region and account.
fn function_arn(stream: &str) -> String {
    let part = |index| stream.split(':').nth(index).unwrap_or_default();
    format!("arn:{}:lambda:{}:{}:function:{FUNCTION}", part(1), part(3), part(4))
}
