//! The images of a period's item in the table's stream: every total that it ever had, in order.

use aws_sdk_dynamodb::types::{StreamSpecification, StreamViewType};
use serde_json::{Value, json};
use support::database::Database;

/// What a report has made of a period's item.
#[derive(Debug)]
pub struct Image {
    pub used: i64,
    /// The total before.
    pub before: i64,
    /// The organization's version that the report was judged by, and the limit that it read there.
    pub version: u64,
    pub included_units: i64,
    pub max_overages: Option<i64>,
    /// The id of the report.
    pub mutation: String,
}

/// Makes the table keep a stream.
pub async fn start(database: &Database) {
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewAndOldImages)
        .build()
        .unwrap();
    let update = database.client.update_table().table_name(local::TABLE_NAME);
    update.stream_specification(stream).send().await.unwrap();
}

/// All images so far.
pub async fn images(database: &Database) -> Vec<Image> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async |action: &str, body: Value| -> Value {
        let request = client
            .post(database.url())
            .header("x-amz-target", format!("DynamoDBStreams_20120810.{action}"))
            .header("content-type", "application/x-amz-json-1.0")
            .header("authorization", "AWS4-HMAC-SHA256 Credential=a/20261127/b/dynamodb/aws4_request, SignedHeaders=host, Signature=c")
            .header("x-amz-date", "20261127T000000Z");
        let answer = request.body(body.to_string()).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&answer).unwrap()
    };
    let streams = ask("ListStreams", json!({ "TableName": local::TABLE_NAME })).await;
    let stream = &streams["Streams"][0]["StreamArn"];
    let shards = ask("DescribeStream", json!({ "StreamArn": stream })).await;
    let shard = &shards["StreamDescription"]["Shards"][0]["ShardId"];
    let first = json!({ "StreamArn": stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON" });
    let mut iterator = ask("GetShardIterator", first).await["ShardIterator"].clone();
    let mut images = Vec::new();
    loop {
        let page = ask("GetRecords", json!({ "ShardIterator": iterator })).await;
        let records = page["Records"].as_array().unwrap_or_else(|| panic!("{page}"));
        images.extend(records.iter().filter_map(|record| Image::of(&record["dynamodb"])));
        iterator = page["NextShardIterator"].clone();
        if records.is_empty() {
            return images;
        }
    }
}

impl Image {
    /// The change of a period's item, if the record is of one.
    fn of(record: &Value) -> Option<Self> {
        let is_usage = record["Keys"]["sk"]["S"].as_str()?.starts_with("USAGE#");
        let (new, old) = (&record["NewImage"], &record["OldImage"]);
        let number = |of: &Value| of["N"].as_str().map(|number| number.parse::<i64>().unwrap());
        is_usage.then(|| Self {
            used: number(&new["used"]).unwrap(),
            before: number(&old["used"]).unwrap_or_default(),
            version: number(&new["fence"]).unwrap().unsigned_abs(),
            included_units: number(&new["includedUnits"]).unwrap(),
            max_overages: number(&new["maxOverages"]),
            mutation: new["lastMutations"]["L"][0]["S"].as_str().unwrap().to_owned(),
        })
    }
}
