//! The message to the failure queue. It says where the discarded records are in the stream, and has none of their
//! data.

use super::{
    batch::{Batch, time},
    stream::{Shard, sequence_number},
};
use crate::Error;
use humantime::{format_rfc3339_millis, format_rfc3339_seconds};
use ring::rand::{SecureRandom as _, SystemRandom};
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
    let mut message = json!({
        "requestContext": {
            "requestId": request_id()?,
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
    if batch.invocations > 0 {
        message["responseContext"] = json!({ "statusCode": 200, "executedVersion": "$LATEST" });
        if batch.has_error {
            message["responseContext"]["functionError"] = "Unhandled".into();
        }
    }
    Ok(message)
}

/// The ARN that the function would have in the stream's region and account.
fn function_arn(stream: &str) -> String {
    let part = |index| stream.split(':').nth(index).unwrap_or_default();
    format!("arn:{}:lambda:{}:{}:function:{FUNCTION}", part(1), part(3), part(4))
}

/// A random UUID.
fn request_id() -> Result<String, Error> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::Random)?;
    // Version 4, variant 1.
    let random = u128::from_be_bytes(bytes) & !(0b1111 << 76 | 0b11 << 62);
    let id = format!("{:032x}", random | 4 << 76 | 0b10 << 62);
    Ok([&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]].join("-"))
}
