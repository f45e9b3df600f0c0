//! A mapping on the real stream of the embedded DynamoDB, with functions that record what they get.

use super::*;
use crate::{Dynamodb, process::test_dir, start_in_memory, table};
use aws_sdk_dynamodb::{Client, types::AttributeValue::S};
use std::{cell::RefCell, collections::VecDeque, time::Duration};

const TABLE: &str = "table";

/// A table with the stream of template.yaml.
async fn database() -> (Dynamodb, Client) {
    let dynamodb = start_in_memory().await.unwrap();
    let client = dynamodb.client();
    table::create(&client, TABLE).await.unwrap();
    (dynamodb, client)
}

/// Writes one item for each name.
async fn write(client: &Client, names: &[&str]) {
    for name in names {
        let put = client.put_item().table_name(TABLE).item("pk", S((*name).to_owned()));
        put.item("sk", S("x".to_owned())).send().await.unwrap();
    }
}

/// The names of the records of an event.
fn names(event: &Value) -> Vec<String> {
    let name = |record: &Value| record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap().to_owned();
    event["Records"].as_array().unwrap().iter().map(name).collect()
}

fn report(event: &Value, names: &[&str]) -> Value {
    let records = event["Records"].as_array().unwrap().iter();
    let is_failed =
        |record: &&Value| names.contains(&record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap());
    let failure = |record: &Value| json!({ "itemIdentifier": record["dynamodb"]["SequenceNumber"] });
    json!({ "batchItemFailures": records.filter(is_failed).map(failure).collect::<Vec<_>>() })
}

fn options() -> MappingOptions {
    let short = Duration::from_millis(1);
    MappingOptions { retry_delay: short, max_retry_delay: short, ..MappingOptions::default() }
}

/// The batches that the function got from a mapping that ran until it was idle, and the failure queue. `function`
/// gets the number of the invocation, from 0, and the event.
async fn run(
    dynamodb: &Dynamodb,
    options: MappingOptions,
    function: impl Fn(usize, &Value) -> Result<Value, &'static str>,
) -> (Vec<String>, Vec<Value>) {
    let batches = RefCell::new(Vec::new());
    let handler = async |event: Value| {
        let number = batches.borrow().len();
        batches.borrow_mut().push(names(&event).concat());
        function(number, &event)
    };
    let mut mapping = EventSourceMapping::new(&dynamodb.url(), TABLE, options, handler).unwrap();
    let discarded = mapping.run_until_idle().await.unwrap();
    drop(mapping);
    (batches.into_inner(), discarded)
}

#[tokio::test]
async fn records_come_in_order_and_in_batches() {
    let (dynamodb, client) = database().await;
    write(&client, &["a", "b", "c", "a", "d"]).await;
    let options = MappingOptions { batch_size: 2, ..options() };
    let (batches, discarded) = run(&dynamodb, options, |_, _| Ok(Value::Null)).await;
    assert_eq!(batches, ["ab", "ca", "d"]);
    assert!(discarded.is_empty());
}

#[tokio::test]
async fn an_event_is_what_lambda_sends() {
    let (dynamodb, client) = database().await;
    write(&client, &["a"]).await;
    let key = client.update_item().table_name(TABLE).key("pk", S("a".into())).key("sk", S("x".into()));
    let update = key.update_expression("SET n = :n").expression_attribute_values(":n", S("1".into()));
    update.send().await.unwrap();
    let delete = client.delete_item().table_name(TABLE).key("pk", S("a".into())).key("sk", S("x".into()));
    delete.send().await.unwrap();

    let events = RefCell::new(Vec::new());
    let handler = async |event: Value| {
        events.borrow_mut().push(event);
        Ok::<_, String>(Value::Null)
    };
    let mut mapping = EventSourceMapping::new(&dynamodb.url(), TABLE, options(), handler).unwrap();
    mapping.run_until_idle().await.unwrap();
    drop(mapping);
    let events = events.into_inner();
    let [event] = &events[..] else { panic!("one event: {events:?}") };
    let records = event["Records"].as_array().unwrap();
    let kinds: Vec<_> = records.iter().map(|record| record["eventName"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["INSERT", "MODIFY", "REMOVE"]);
    let images: Vec<_> = records
        .iter()
        .map(|record| ["OldImage", "NewImage"].map(|image| record["dynamodb"][image]["n"]["S"].as_str()))
        .collect();
    assert_eq!(images, [[None, None], [None, Some("1")], [Some("1"), None]]);
    for record in records {
        assert_eq!(
            (&record["eventSource"], &record["eventVersion"]),
            (&"aws:dynamodb".into(), &"1.1".into())
        );
        assert!(record["eventID"].is_string() && record["awsRegion"].is_string(), "{record}");
        assert!(record["eventSourceARN"].as_str().unwrap().contains(":table/table/stream/"), "{record}");
        let change = &record["dynamodb"];
        assert_eq!(change["Keys"], json!({ "pk": { "S": "a" }, "sk": { "S": "x" } }));
        assert_eq!(change["StreamViewType"], "NEW_AND_OLD_IMAGES");
        assert!(change["SizeBytes"].is_u64() && change["ApproximateCreationDateTime"].is_u64(), "{record}");
        assert_eq!(change["SequenceNumber"].as_str().unwrap().len(), 21);
    }
}

#[tokio::test]
async fn records_from_the_lowest_that_failed_are_sent_again() {
    let (dynamodb, client) = database().await;
    write(&client, &["a", "b", "c", "d"]).await;
    let function = |number, event: &Value| Ok(report(event, if number == 0 { &["d", "b"] } else { &[] }));
    let (batches, discarded) = run(&dynamodb, options(), function).await;
    assert_eq!(batches, ["abcd", "bcd"]);
    assert!(discarded.is_empty());
}

#[tokio::test]
async fn an_answer_that_names_no_record_sends_the_whole_batch_again() {
    let (dynamodb, client) = database().await;
    write(&client, &["a", "b"]).await;
    let options = MappingOptions { bisect: false, ..options() };
    let function = |number, _: &Value| {
        Ok(if number == 0 { json!({ "batchItemFailures": [{ "itemIdentifier": "" }] }) } else { Value::Null })
    };
    assert_eq!(run(&dynamodb, options, function).await.0, ["ab", "ab"]);
}

#[tokio::test]
async fn a_batch_that_failed_is_bisected_and_its_order_kept() {
    let (dynamodb, client) = database().await;
    write(&client, &["a", "b", "c", "d", "e"]).await;
    let function = |_, event: &Value| {
        if names(event).len() > 1 && names(event).contains(&"b".to_owned()) {
            Err("timed out")
        } else {
            Ok(Value::Null)
        }
    };
    let (batches, discarded) = run(&dynamodb, options(), function).await;
    assert_eq!(batches, ["abcde", "abc", "ab", "a", "b", "c", "de"]);
    assert!(discarded.is_empty());
}

#[tokio::test]
async fn a_poison_record_goes_to_the_failure_queue_and_the_mapping_goes_on() {
    let (dynamodb, client) = database().await;
    write(&client, &["a", "b", "c"]).await;
    let options = MappingOptions { max_retries: Some(2), ..options() };
    let function = |_, event: &Value| {
        if names(event).contains(&"b".to_owned()) { Err("panicked") } else { Ok(Value::Null) }
    };
    let (batches, discarded) = run(&dynamodb, options, function).await;
    assert_eq!(batches, ["abc", "ab", "a", "b", "b", "b", "c"]);
    let [message] = &discarded[..] else { panic!("one message: {discarded:?}") };
    assert_eq!(message["requestContext"]["condition"], "RetryAttemptsExhausted");
    assert_eq!(message["requestContext"]["approximateInvokeCount"], 3);
    assert_eq!(message["responseContext"]["functionError"], "Unhandled");
    let arn = message["requestContext"]["functionArn"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:lambda:") && arn.ends_with(":function:record-events"), "{arn}");
    let id = message["requestContext"]["requestId"].as_str().unwrap();
    assert!(id.len() == 36 && id.as_bytes()[14] == b'4' && b"89ab".contains(&id.as_bytes()[19]), "{id}");
    let info = &message["DDBStreamBatchInfo"];
    assert_eq!((&info["batchSize"], &info["startSequenceNumber"]), (&1.into(), &info["endSequenceNumber"]));
    assert!(info["streamArn"].as_str().unwrap().contains(":table/table/stream/"), "{message}");
    assert!(info["shardId"].is_string() && message["timestamp"].is_string(), "{message}");
    let arrival = info["approximateArrivalOfFirstRecord"].as_str().unwrap();
    humantime::parse_rfc3339(arrival).unwrap();
}

/// As Lambda does it: splitting a batch at the reported record isolates nothing that follows.
#[tokio::test]
async fn a_record_that_is_reported_too_often_takes_its_batch_along() {
    let (dynamodb, client) = database().await;
    write(&client, &["a", "b", "c"]).await;
    let options = MappingOptions { max_retries: Some(1), ..options() };
    let (batches, discarded) = run(&dynamodb, options, |_, event| Ok(report(event, &["b"]))).await;
    assert_eq!(batches, ["abc", "bc", "bc"]);
    assert_eq!(discarded[0]["DDBStreamBatchInfo"]["batchSize"], 2);
    assert_eq!(discarded[0]["responseContext"]["functionError"], Value::Null);
}

#[tokio::test]
async fn records_that_are_too_old_go_to_the_failure_queue_without_an_invocation() {
    let (dynamodb, client) = database().await;
    write(&client, &["a"]).await;
    let options = MappingOptions { max_record_age: Some(Duration::ZERO), ..options() };
    let (batches, discarded) = run(&dynamodb, options, |_, _| Ok(Value::Null)).await;
    assert!(batches.is_empty(), "{batches:?}");
    assert_eq!(discarded[0]["requestContext"]["condition"], "RecordAgeExceeded");
    assert_eq!(discarded[0]["responseContext"], Value::Null);
}

#[tokio::test]
async fn a_retry_ends_when_the_record_is_too_old() {
    let (dynamodb, client) = database().await;
    write(&client, &["a"]).await;
    let options = MappingOptions { max_record_age: Some(Duration::from_secs(2)), ..options() };
    let (batches, discarded) = run(&dynamodb, options, |_, _| Err("unavailable")).await;
    assert!(batches.len() > 1, "{batches:?}");
    assert_eq!(discarded[0]["requestContext"]["condition"], "RecordAgeExceeded");
}

#[tokio::test]
async fn only_records_that_match_a_filter_are_sent() {
    let (dynamodb, client) = database().await;
    write(&client, &["a", "b", "a", "c"]).await;
    let filters = vec![Filter::parse(r#"{"dynamodb": {"Keys": {"pk": {"S": ["a"]}}}}"#).unwrap()];
    let options = MappingOptions { batch_size: 2, filters, ..options() };
    assert_eq!(run(&dynamodb, options, |_, _| Ok(Value::Null)).await.0, ["a", "a"]);
}

#[tokio::test]
async fn a_mapping_goes_on_from_its_checkpoint_and_without_one_from_the_oldest_record() {
    let (dynamodb, client) = database().await;
    let dir = test_dir("checkpoint");
    let checkpoint = Some(dir.join("checkpoint.json"));
    let options = || MappingOptions { checkpoint: checkpoint.clone(), ..options() };
    write(&client, &["a", "b", "c"]).await;
    // The process ends in the middle of a batch, as a handler that never returns shows.
    let answers = RefCell::new(VecDeque::from(["b"]));
    let handler = async |event: Value| match answers.borrow_mut().pop_front() {
        Some(failed) => Ok::<_, String>(report(&event, &[failed])),
        None => std::future::pending().await,
    };
    let mut mapping = EventSourceMapping::new(&dynamodb.url(), TABLE, options(), handler).unwrap();
    let ended = tokio::time::timeout(Duration::from_millis(500), mapping.run_until_idle()).await;
    assert!(ended.is_err());
    drop(mapping);

    assert_eq!(run(&dynamodb, options(), |_, _| Ok(Value::Null)).await.0, ["bc"]);
    write(&client, &["d"]).await;
    assert_eq!(run(&dynamodb, options(), |_, _| Ok(Value::Null)).await.0, ["d"]);
    assert!(run(&dynamodb, options(), |_, _| Ok(Value::Null)).await.0.is_empty());
    let without = MappingOptions { checkpoint: None, ..options() };
    assert_eq!(run(&dynamodb, without, |_, _| Ok(Value::Null)).await.0, ["abcd"]);
}

#[tokio::test]
async fn records_of_a_table_that_was_deleted_are_not_sent() {
    let (dynamodb, client) = database().await;
    write(&client, &["a"]).await;
    client.delete_table().table_name(TABLE).send().await.unwrap();
    table::create(&client, TABLE).await.unwrap();
    write(&client, &["b"]).await;
    assert_eq!(run(&dynamodb, options(), |_, _| Ok(Value::Null)).await.0, ["b"]);
}

#[tokio::test]
async fn an_endless_mapping_handles_what_is_written_later_and_reports_failures() {
    let (dynamodb, client) = database().await;
    let (sender, mut batches) = tokio::sync::mpsc::unbounded_channel();
    let mut is_first = true;
    let handler = async move |event: Value| {
        sender.send(names(&event).concat()).unwrap();
        if std::mem::take(&mut is_first) { Err("out of memory") } else { Ok(Value::Null) }
    };
    let mapping = EventSourceMapping::new(&dynamodb.url(), TABLE, options(), handler).unwrap();
    let (reporter, mut reports) = tokio::sync::mpsc::unbounded_channel();
    let running = tokio::spawn(mapping.run(move |notice| {
        if let Notice::Failed(reason) = notice {
            reporter.send(reason.to_owned()).unwrap();
        }
    }));
    for name in ["a", "b"] {
        write(&client, &[name]).await;
        assert_eq!(batches.recv().await.unwrap(), name);
        if name == "a" {
            assert_eq!(batches.recv().await.unwrap(), "a");
        }
    }
    assert_eq!(reports.recv().await.unwrap(), "out of memory");
    running.abort();
}

#[tokio::test]
async fn a_table_without_a_stream_is_an_error() {
    let dynamodb = start_in_memory().await.unwrap();
    let handler = async |_| Ok::<_, String>(Value::Null);
    let mut mapping = EventSourceMapping::new(&dynamodb.url(), TABLE, options(), handler).unwrap();
    let error = mapping.run_until_idle().await.unwrap_err().to_string();
    assert!(error.contains("the table table has no stream"), "{error}");
}
