//! The events in the table, as JSON.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Number, Value};
use std::collections::BTreeMap;
use support::database::{Database, Item, items};

/// The attributes of an event's item that listEvents shows.
const SHOWN: [&str; 6] = ["number", "type", "actor", "at", "target", "changes"];

/// The stored events by organization and number.
pub type Events = BTreeMap<String, BTreeMap<u64, Value>>;

/// Reads all events, with the numbers in their keys.
pub async fn events(database: &Database) -> Events {
    let mut events = Events::new();
    for item in items(&database.client).await {
        let key = |name: &str| item[name].as_s().unwrap().clone();
        if let (Some(id), Some(number)) = (key("pk").strip_prefix("ORG#"), key("sk").strip_prefix("EVENT#")) {
            events.entry(id.to_owned()).or_default().insert(number.parse().unwrap(), event(&item));
        }
    }
    events
}

fn event(item: &Item) -> Value {
    let shown = SHOWN.iter().filter_map(|name| Some(((*name).to_owned(), json(item.get(*name)?))));
    Value::Object(shown.collect())
}

fn json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::S(text) => text.as_str().into(),
        AttributeValue::N(number) => number.parse::<Number>().unwrap().into(),
        AttributeValue::M(fields) => Value::Object(
            fields.iter().map(|(name, value)| (name.clone(), json(value))).collect::<Map<_, _>>(),
        ),
        other => panic!("an event has no {other:?}"),
    }
}
