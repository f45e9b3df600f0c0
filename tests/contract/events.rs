//! docs/events.md and docs/events.schema.json describe what `record-events` sends to the bus.
//!
//! [`history`] makes every type of event with the real functions.

mod history;
mod schema;

use crate::places::read;
use history::{changes, with_variants};
use schema::Schema;
use serde_json::{Map, Value, json};
use shared::model::EventType;
use std::collections::{BTreeMap, BTreeSet};
use support::bus::Entry;

const DOCUMENT: &str = "docs/events.md";

/// The one type that is no change of an organization.
const THRESHOLD: &str = "usage.threshold_reached";

#[tokio::test]
async fn every_type_has_the_example_that_is_sent() {
    let entries = changes().await;
    let mut ids = Vec::new();
    let documented: Vec<_> =
        examples().into_iter().map(|(kind, detail)| (kind, canonical(&detail, &mut ids))).collect();
    let mut ids = Vec::new();
    for (kind, documented) in documented {
        let sent = &entries.iter().find(|entry| entry.detail_type == kind).unwrap().detail;
        let example = canonical(sent, &mut ids);
        assert_eq!(documented, example, "{DOCUMENT} must show of {kind}:\n{sent:#}");
    }
}

#[tokio::test]
async fn the_example_of_a_delivery_has_the_fields_of_eventbridge() {
    let [delivery] = &blocks("## What is delivered")[..] else { panic!("one example") };
    let fields: BTreeSet<_> = delivery.as_object().unwrap().keys().map(String::as_str).collect();
    // https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
    let expected =
        ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"];
    assert_eq!(fields, BTreeSet::from(expected));
    let (_, created) = &examples()[0];
    assert_eq!((&delivery["detail-type"], &delivery["detail"]), (&json!("organization.created"), created));
    Schema::strict().check(delivery).unwrap();
}

#[test]
fn document_and_schema_have_every_type() {
    let types = EventType::ALL.iter().map(|kind| serde_json::to_value(kind).unwrap());
    let types: BTreeSet<_> =
        types.chain([json!(THRESHOLD)]).map(|kind| kind.as_str().unwrap().to_owned()).collect();
    assert_eq!(examples().into_iter().map(|(kind, _)| kind).collect::<BTreeSet<_>>(), types);
    assert_eq!(Schema::types(), types);
}

#[tokio::test]
async fn the_schema_describes_every_field_that_is_sent() {
    let (published, strict) = (Schema::published(), Schema::strict());
    let entries = with_variants().await;
    for entry in &entries {
        let delivery = delivered(&entry.detail_type, &entry.detail);
        strict.check(&delivery).unwrap_or_else(|error| panic!("{error}\n{delivery:#}"));
        published.check(&delivery).unwrap();
    }
    let examples = examples().into_iter().map(|(kind, detail)| delivered(&kind, &detail));
    for example in examples {
        strict.check(&example).unwrap_or_else(|error| panic!("{error}\n{example:#}"));
    }
}

#[tokio::test]
async fn the_schema_refuses_a_missing_field_a_wrong_type_and_a_token() {
    let published = Schema::published();
    let types = Schema::types();
    for (kind, detail) in examples() {
        for (path, without) in without_one_field(&kind, &detail) {
            published.check(&delivered(&kind, &without)).expect_err(&format!("{kind} without {path}"));
        }
        for other in types.iter().filter(|other| **other != kind) {
            published.check(&delivered(other, &detail)).expect_err(&format!("{kind} as {other}"));
        }
        // A reader must accept the fields of later releases. The tests here do not.
        let mut more = detail.clone();
        more["token"] = json!("invt_");
        published.check(&delivered(&kind, &more)).unwrap();
        Schema::strict().check(&delivered(&kind, &more)).expect_err(&format!("{kind} with a token"));
    }
}

/// The source and the bus are those of the function's configuration, and the time is that of the change.
#[tokio::test]
async fn an_event_is_sent_with_source_bus_and_time() {
    for Entry { bus, source, detail_type, time, detail } in changes().await {
        assert_eq!((&*bus, &*source), (support::bus::NAME, support::bus::SOURCE));
        let at = detail["at"].as_str().map(|at| {
            let seconds = serde_json::from_value::<shared::model::Timestamp>(json!(at)).unwrap().as_seconds();
            i64::try_from(seconds).unwrap()
        });
        assert_eq!(time.map(|time| time / 1000), at, "{detail_type}");
        assert_eq!(at.is_none(), detail_type == THRESHOLD);
    }
}

/// The examples of the document: each type with its `detail`.
fn examples() -> Vec<(String, Value)> {
    let document = read(DOCUMENT);
    let headings = document.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'));
    let types: Vec<_> = headings.map(str::to_owned).collect();
    let detail = |kind: String| {
        let [detail] = &blocks(&format!("### `{kind}`"))[..] else { panic!("{kind} must have one example") };
        (kind.clone(), detail.clone())
    };
    types.into_iter().map(detail).collect()
}

/// The blocks of JSON between a heading of the document and the next one.
fn blocks(heading: &str) -> Vec<Value> {
    let document = read(DOCUMENT);
    let below = document.lines().skip_while(|line| *line != heading).skip(1);
    let section: Vec<_> =
        below.take_while(|line| !line.starts_with("## ") && !line.starts_with("### ")).collect();
    let section = section.join("\n");
    let blocks = section.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks
        .map(|block| serde_json::from_str(block).unwrap_or_else(|error| panic!("{error}: {block}")))
        .collect()
}

/// An event as a rule's target gets it, in the fields that the schema describes.
fn delivered(kind: &str, detail: &Value) -> Value {
    json!({ "detail-type": kind, "source": "organizations", "time": "2026-11-27T07:40:13Z", "detail": detail })
}

/// The detail without each of its fields, and without each field of the objects in it, with the field's path. But
/// `changes` has only what changed, except the role of one who joins or leaves.
fn without_one_field(kind: &str, detail: &Value) -> Vec<(String, Value)> {
    let names = |at: &str| {
        let fields = detail.pointer(at).and_then(Value::as_object);
        fields.into_iter().flat_map(Map::keys).map(|name| format!("{at}/{name}")).collect::<Vec<_>>()
    };
    let is_role_there = kind.starts_with("member.") || kind == "invitation.accepted";
    let mut paths = [names(""), names("/actor"), names("/target")].concat();
    for change in names("/changes") {
        paths.extend(names(&change));
        paths.extend((is_role_there && kind != "member.role_changed").then_some(change));
    }
    let without = |path: String| {
        let (parent, field) = path.rsplit_once('/').unwrap();
        let mut less = detail.clone();
        less.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(field);
        (path, less)
    };
    paths.into_iter().map(without).collect()
}

/// The value with every time and period replaced by a word, and every id by its place in `ids`.
fn canonical(value: &Value, ids: &mut Vec<String>) -> Value {
    match value {
        Value::String(text) => {
            let parts: Vec<_> = text.split('#').map(|part| canonical_part(part, ids)).collect();
            Value::String(parts.join("#"))
        }
        Value::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.iter().collect();
            let fields = fields.into_iter().map(|(name, value)| (name.clone(), canonical(value, ids)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

fn canonical_part(part: &str, ids: &mut Vec<String>) -> String {
    let is_date =
        |text: &str| text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if part.len() == 30 && (part.starts_with("org_") || part.starts_with("inv_")) {
        let place = ids.iter().position(|id| id == part).unwrap_or_else(|| {
            ids.push(part.to_owned());
            ids.len() - 1
        });
        format!("{} {place}", &part[..3])
    } else if part.len() == 24 && is_date(&part[..10]) && part.ends_with('Z') {
        "time".to_owned()
    } else if is_date(part) {
        "period".to_owned()
    } else {
        part.to_owned()
    }
}
