//! Reads a table's stream. The requests are JSON over HTTP, as the embedded DynamoDB accepts them unsigned; so the
//! SDK's crate for streams is not needed.

use super::checkpoints::Checkpoints;
use crate::{Error, http_client};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::time::Duration;

/// The date and the signature are placeholders: the embedded DynamoDB wants the headers and checks neither.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, \
                             SignedHeaders=host, Signature=local";
const DATE: &str = "20260101T000000Z";

/// The embedded DynamoDB numbers records with the microseconds of their time above this number.
const FIRST_SEQUENCE_NUMBER: u128 = 100_000_000_000_000_000_000;

/// A client of the stream of one table.
#[derive(Debug)]
pub(super) struct Stream {
    client: reqwest::Client,
    dynamodb_url: String,
    table: String,
}

/// A shard and the position in it.
#[derive(Debug)]
pub(super) struct Shard {
    /// The ARN of its stream.
    pub(super) stream: String,
    pub(super) id: String,
    pub(super) iterator: String,
}

/// Records that follow each other.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) records: Vec<Value>,
    /// The position behind them.
    pub(super) next: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Streams {
    streams: Vec<Summary>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    stream_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    stream_description: Description,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Description {
    shards: Vec<ShardId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ShardId {
    shard_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Iterator {
    shard_iterator: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Records {
    records: Vec<Value>,
    next_shard_iterator: String,
}

impl Stream {
    pub(super) fn new(dynamodb_url: &str, table: &str) -> Self {
        Self { client: http_client(), dynamodb_url: dynamodb_url.to_owned(), table: table.to_owned() }
    }

    /// The shards, each at its checkpoint or, without one, at its oldest record.
    pub(super) async fn open(&self, checkpoints: &Checkpoints) -> Result<Vec<Shard>, Error> {
        let streams: Streams = self.ask("ListStreams", json!({ "TableName": self.table })).await?;
        let Some(Summary { stream_arn }) = streams.streams.into_iter().next_back() else {
            return Err(failed(format!("the table {} has no stream", self.table)));
        };
        let described: Described = self.ask("DescribeStream", json!({ "StreamArn": stream_arn })).await?;
        let mut shards = Vec::new();
        for ShardId { shard_id } in described.stream_description.shards {
            let mut start = json!({ "StreamArn": stream_arn, "ShardId": shard_id });
            match checkpoints.last(&stream_arn, &shard_id) {
                Some(last) => {
                    start["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER".into();
                    start["SequenceNumber"] = last.into();
                }
                None => start["ShardIteratorType"] = "TRIM_HORIZON".into(),
            }
            let Iterator { shard_iterator } = self.ask("GetShardIterator", start).await?;
            shards.push(Shard { stream: stream_arn.clone(), id: shard_id, iterator: shard_iterator });
        }
        Ok(shards)
    }

    /// The next records of a shard, as Lambda sends them.
    pub(super) async fn records(&self, shard: &Shard, limit: usize) -> Result<Page, Error> {
        // GetRecords returns 1,000 at most, and refuses a higher limit.
        let request = json!({ "ShardIterator": shard.iterator, "Limit": limit.min(1000) });
        let Records { mut records, next_shard_iterator } = self.ask("GetRecords", request).await?;
        for record in &mut records {
            record["eventSourceARN"] = shard.stream.as_str().into();
            let time = &mut record["dynamodb"]["ApproximateCreationDateTime"];
            // GetRecords returns a number with a fraction, which is 0.
            let seconds = time.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            *time = seconds.unwrap_or_default().as_secs().into();
        }
        Ok(Page { records, next: next_shard_iterator })
    }

    async fn ask<T: DeserializeOwned>(&self, action: &str, body: Value) -> Result<T, Error> {
        let request = self
            .client
            .post(&self.dynamodb_url)
            .header("x-amz-target", format!("DynamoDBStreams_20120810.{action}"))
            .header("content-type", "application/x-amz-json-1.0")
            .header("authorization", AUTHORIZATION)
            .header("x-amz-date", DATE)
            .body(body.to_string());
        let answer = async { request.send().await?.text().await };
        let answer = answer.await.map_err(|error| failed(error.to_string()))?;
        serde_json::from_str(&answer).map_err(|_| failed(format!("{action} was answered with {answer}")))
    }
}

impl Shard {
    /// True if the record was written after the stream began. The embedded DynamoDB keeps the records of a table that
    /// was deleted in the stream of the next one of its name.
    pub(super) fn began_before(&self, record: &Value) -> bool {
        let label = self.stream.rsplit('/').next().unwrap_or_default();
        // Its label is the time when it began, `SECONDS.NANOSECONDS`.
        let began = label.split_once('.').and_then(|(seconds, nanoseconds)| {
            Some(Duration::new(seconds.parse().ok()?, nanoseconds.parse().ok()?))
        });
        let number = sequence_number(record)
            .parse()
            .ok()
            .and_then(|number: u128| number.checked_sub(FIRST_SEQUENCE_NUMBER));
        match (began, number) {
            (Some(began), Some(written)) => written >= began.as_micros(),
            // Another DynamoDB, whose streams do not outlive their tables.
            _ => true,
        }
    }
}

/// The number of a record. Numbers of one shard are of the same length, so that their order is that of text.
pub(super) fn sequence_number(record: &Value) -> &str {
    record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default()
}

fn failed(reason: String) -> Error {
    Error::Dynamodb { action: "read the table's stream", reason }
}
