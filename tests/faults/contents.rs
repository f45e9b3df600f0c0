//! The whole content of a table, for comparisons.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Value, json};
use shared::model::{InvitationId, InvitationToken, OrganizationId, Timestamp};
use std::collections::BTreeSet;
use support::database::{Item, items};

/// Begins the text that stands for a binary attribute.
const BYTES: &str = "bytes ";

/// All items, sorted.
pub async fn read(client: &Client) -> Value {
    let mut items: Vec<_> = items(client).await.iter().map(|item| json!(object(item))).collect();
    items.sort_by_cached_key(Value::to_string);
    Value::Array(items)
}

fn object(item: &Item) -> Map<String, Value> {
    item.iter().map(|(name, value)| (name.clone(), attribute(value))).collect()
}

fn attribute(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!(text),
        AttributeValue::N(number) => serde_json::from_str(number).unwrap(),
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::B(bytes) => json!(format!("{BYTES}{:?}", bytes.as_ref())),
        AttributeValue::Bs(set) => json!(set.iter().map(AsRef::<[u8]>::as_ref).collect::<BTreeSet<_>>()),
        AttributeValue::L(list) => list.iter().map(attribute).collect(),
        AttributeValue::M(map) => Value::Object(object(map)),
        other => panic!("the store writes no attribute of this type: {other:?}"),
    }
}

/// True if a table contains the hash of an invitation's token.
pub fn holds(contents: &Value, token: &str) -> bool {
    let token = InvitationToken::parse(token).expect("a token");
    let hash = json!(format!("{BYTES}{:?}", token.hash().as_bytes()));
    contents.as_array().unwrap().iter().any(|item| item["secretHash"] == hash)
}

/// Masks the values that differ from run to run: ids, tokens and their hashes, and times. Keeps the texts in
/// `known`. Then sorts lists of items.
pub fn masked(value: &Value, known: &BTreeSet<String>) -> Value {
    match value {
        Value::String(text) if !known.contains(text) => json!(mask(text)),
        Value::Number(number) if number.as_u64().is_some_and(is_moment) => json!("<moment>"),
        Value::Array(items) => {
            let mut items: Vec<_> = items.iter().map(|item| masked(item, known)).collect();
            if items.iter().all(|item| item.get("pk").is_some()) {
                items.sort_by_cached_key(Value::to_string);
            }
            Value::Array(items)
        }
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), masked(value, known))).collect())
        }
        other => other.clone(),
    }
}

/// All strings in a value.
pub fn texts(value: &Value) -> BTreeSet<String> {
    match value {
        Value::String(text) => BTreeSet::from([text.clone()]),
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => BTreeSet::new(),
    }
}

/// True for seconds since 1970: no other number is that large.
fn is_moment(number: u64) -> bool {
    number > 1_500_000_000
}

fn mask(text: &str) -> String {
    let id = |prefix| text.find(prefix).map(|at| text.split_at(at));
    if let Some((before, id)) = id("org_")
        && OrganizationId::parse(id).is_some()
    {
        format!("{before}<id>")
    } else if let Some((before, id)) = id("inv_")
        && InvitationId::parse(id).is_some()
    {
        format!("{before}<invitation>")
    } else if InvitationToken::parse(text).is_some() {
        "<token>".to_owned()
    } else if text.starts_with(BYTES) {
        "<hash>".to_owned()
    } else if text.ends_with('Z') && text.len() == Timestamp::now().as_str().len() {
        "<moment>".to_owned()
    } else if OrganizationId::parse(&format!("org_{text}")).is_some() {
        "<report>".to_owned()
    } else if text.len() == 16 && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) {
        "<write>".to_owned()
    } else {
        text.to_owned()
    }
}
