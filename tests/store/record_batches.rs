//! Batches with records of several organizations. Lambda keeps the order of each item's records alone, and may deliver a
//! record twice.

use crate::recording::{TIME, handle};
use crate::table::{Table, acme, caller};
use crate::usage::limit;
use serde_json::json;
use support::bus::Bus;

#[tokio::test]
async fn each_event_of_several_organizations_is_recorded_and_sent_once_although_records_are_repeated() {
    let (table, bus) = (Table::new().await, Bus::start().await);
    let mut ids = Vec::new();
    let mut records = Vec::new();
    for _ in 0..2 {
        let id = table.create(&caller("ann"), acme(), None).await.unwrap().organization.id;
        limit(table.store.clone(), id.clone(), 5).await;
        records.push(table.organization_records(&id).await);
        ids.push(id);
    }
    let (a, b) = (&records[0], &records[1]);
    let batch = [&a[0], &b[0], &a[0], &b[1], &b[0], &a[1]].map(Clone::clone);

    let answer = handle(&table.store, &bus, &batch, TIME).await;

    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    let sent = bus.taken().into_iter().map(|entry| entry.detail["id"].as_str().unwrap().to_owned());
    let numbered = |id: usize, number: u64| format!("{}#{number}", ids[id].as_str());
    assert_eq!(sent.collect::<Vec<_>>(), [numbered(0, 1), numbered(1, 1), numbered(1, 2), numbered(0, 2)]);
    for id in &ids {
        for number in 1..=2 {
            let item = table.event_item(id, number).await;
            assert_eq!(item["number"].as_n().unwrap(), &number.to_string());
        }
    }
}
