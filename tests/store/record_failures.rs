//! Records that record-events cannot handle at all, or not at once: what it still does, and what it logs.

use crate::recording::{Log, TIME, handle};
use crate::table::{ANY, Table, acme, caller, number, text};
use crate::usage::limit;
use aws_sdk_dynamodb::types::AttributeValue;
use functions::record_events::Recorder;
use serde_json::{Value, json};
use shared::model::OrganizationId;
use std::collections::HashMap;
use std::time::Duration;
use support::bus::Bus;
use support::faults::Fault;
use support::proxy::Proxy;

fn done() -> Value {
    json!({ "batchItemFailures": [] })
}

/// The answer that this record is the first that is not done.
fn failed(record: &Value) -> Value {
    json!({ "batchItemFailures": [{ "itemIdentifier": record["dynamodb"]["SequenceNumber"] }] })
}

/// An organization of ann, all of whose events are stored.
async fn recorded() -> (Table, Bus, OrganizationId) {
    let (table, bus) = (Table::new().await, Bus::start().await);
    let id = table.create(&caller("ann"), acme(), None).await.unwrap().organization.id;
    table.record(&bus).await;
    (table, bus, id)
}

/// Writes an attribute of the organization's item, as somebody does by hand. Returns the record of that.
async fn write(table: &Table, id: &OrganizationId, attribute: &str, value: AttributeValue) -> Value {
    let mut item = table.organization_item(id).await;
    item.insert(attribute.to_owned(), value);
    table.put(item).await;
    table.organization_records(id).await.pop().unwrap()
}

#[tokio::test]
async fn an_item_that_is_broken_and_mended_by_hand_delays_no_record() {
    let (table, bus, id) = recorded().await;
    for name in [AttributeValue::Bool(true), text("Acme")] {
        let record = write(&table, &id, "name", name).await;
        assert_eq!(handle(&table.store, &bus, &[record], TIME).await, done());
    }
    limit(table.store.clone(), id.clone(), 5).await;
    table.record(&bus).await;
    assert_eq!(bus.taken().last().unwrap().detail["number"], 2);
    assert_eq!(table.list_events(&caller("ann"), &id, 0, 10).await.unwrap().events.len(), 2);
}

#[tokio::test]
async fn an_organization_whose_item_is_broken_is_purged_when_it_is_removed() {
    let (table, bus, id) = recorded().await;
    write(&table, &id, "name", AttributeValue::Bool(true)).await;
    let removed = table.expire_organization(&id).await;
    assert_eq!(handle(&table.store, &bus, &[removed], TIME).await, done());
    assert_eq!((table.member_item("ann", &id).await, table.membership_item("ann", &id).await), (None, None));
    assert_eq!(number(&table.user_item("ann").await.unwrap(), "organizations"), 0);
}

/// docs/operations.md: what to do after the record of a removal was lost.
#[tokio::test]
async fn an_item_with_its_creator_alone_that_is_put_and_removed_has_the_rest_purged() {
    let (table, bus, id) = recorded().await;
    let creator = table.organization_item(&id).await["createdBy"].clone();
    table.expire_organization(&id).await;
    let key = text(&format!("ORG#{}", id.as_str()));
    let least = [("pk", key.clone()), ("sk", key), ("createdBy", creator)];
    table.put(HashMap::from(least.map(|(name, value)| (name.to_owned(), value)))).await;
    let put = table.organization_records(&id).await.pop().unwrap();
    let removed = table.expire_organization(&id).await;
    assert_eq!(handle(&table.store, &bus, &[put, removed], TIME).await, done());
    assert_eq!((table.member_item("ann", &id).await, table.membership_item("ann", &id).await), (None, None));
    assert_eq!(number(&table.user_item("ann").await.unwrap(), "organizations"), 0);
}

/// While a deployment shifts requests, the old release meets what the new one writes.
#[tokio::test]
async fn a_change_of_a_later_release_is_readable_and_recorded_by_that_release_alone() {
    let (table, bus, id) = recorded().await;
    let before = table.organization_item(&id).await;
    let merged = HashMap::from([("type".to_owned(), text("organization.merged"))]);
    let mut item = before.clone();
    item.insert("version".to_owned(), AttributeValue::N("2".to_owned()));
    item.insert("change".to_owned(), AttributeValue::M(merged));
    table.put(item).await;
    let record = table.organization_records(&id).await.pop().unwrap();

    assert_eq!(table.get_organization(&caller("ann"), &id).await.unwrap().version, 2);
    let listed = table.list_events(&caller("ann"), &id, 0, 10).await.unwrap();
    let numbers: Vec<_> = listed.events.iter().map(|event| event.number).collect();
    assert_eq!((numbers, listed.version, listed.more), (vec![1], 2, false));
    let log = Log::start();
    assert_eq!(handle(&table.store, &bus, std::slice::from_ref(&record), TIME).await, failed(&record));
    let [line] = log.lines().try_into().unwrap();
    assert_eq!(line["cause"], "the item does not say what happened");
    limit(table.store.clone(), id.clone(), 5).await;
    assert_eq!(table.get_organization(&caller("ann"), &id).await.unwrap().version, 3);
}

#[tokio::test]
async fn a_failure_is_logged_with_its_record_even_behind_a_purge_that_goes_on() {
    let (table, bus, id) = recorded().await;
    let other = table.create(&caller("ann"), acme(), None).await.unwrap().organization.id;
    let created = table.organization_records(&other).await.pop().unwrap();
    table.delete_organization(&caller("ann"), &id, &ANY).await.unwrap();
    table.record(&bus).await;
    let removed = table.expire_organization(&id).await;
    let proxy = Proxy::start(bus.url()).await;
    let recorder = Recorder::new(table.store.clone(), bus.client_at(proxy.url()));
    let invoke = async |records: &[&Value], time| {
        let batch = serde_json::from_value(json!({ "Records": records })).unwrap();
        serde_json::to_value(recorder.invoke(batch, "a request", time).await).unwrap()
    };
    let log = Log::start();
    proxy.inject("PutEvents", [Fault::exception("AccessDeniedException")]);
    assert_eq!(invoke(&[&created], TIME).await, failed(&created));
    // Not enough for a request to the bus, nor for the purge.
    assert_eq!(invoke(&[&removed, &created], Duration::from_secs(9)).await, failed(&removed));

    for (line, record, cause) in [
        (0, &created, "EventBridge answered AccessDeniedException AccessDeniedException"),
        (1, &removed, "no time is left for a request to EventBridge"),
    ] {
        let line = &log.lines()[line];
        assert_eq!((&line["level"], &line["cause"]), (&json!("ERROR"), &json!(cause)), "{line}");
        assert_eq!(line["failed_record"], record["dynamodb"]["SequenceNumber"], "{line}");
    }
}
