use super::*;
use local::BusEvent;
use serde_json::{Value, json};

fn request(status: u16) -> Request {
    Request {
        time: "10:18:48".into(),
        operation: "getOrganization".into(),
        method: "GET".into(),
        route: "/organization/{organization_id}".into(),
        status,
        code: (status >= 400).then(|| "organization_not_found".into()),
        milliseconds: 3.512,
        dynamodb_requests: 1,
        request_id: "8476a536".into(),
        cause: None,
    }
}

fn plain(event: &Event<'_>) -> String {
    anstream::adapter::strip_str(&event.to_string()).to_string()
}

#[test]
fn a_request_is_a_line_of_columns() {
    assert_eq!(
        plain(&Event::Request(request(404))),
        "10:18:48  GET    /organization/{organization_id}                404      3.5 ms  \
         1 DynamoDB request  organization_not_found"
    );
}

fn bus_event(detail_type: &str, detail: Value) -> BusEvent {
    BusEvent {
        source: "local".to_owned(),
        detail_type: detail_type.to_owned(),
        time: "2026-11-27T10:18:48Z".to_owned(),
        detail,
    }
}

#[test]
fn an_event_is_a_line_with_its_organization_and_number() {
    let detail = json!({ "organizationId": "org_1", "number": 7, "actor": { "kind": "user", "id": "ann" } });
    let change = || Event::Change(Change::of(&bus_event("member.added", detail.clone())));
    let (kind, padding) = ("member.added", " ".repeat(34));
    assert_eq!(plain(&change()), format!("10:18:48  event  {kind}{padding} org_1  7 by a user"));
    let expected = json!({
        "event": "change", "time": "10:18:48", "type": kind, "organizationId": "org_1", "number": 7,
        "actorKind": "user",
    });
    assert_eq!(serde_json::to_value(change()).unwrap(), expected);
}

#[test]
fn a_threshold_is_a_line_with_its_period() {
    let detail = json!({ "organizationId": "org_1", "period": "2026-11", "threshold": 80 });
    let change = || Event::Change(Change::of(&bus_event("usage.threshold_reached", detail.clone())));
    assert!(plain(&change()).ends_with(" org_1  80 % of 2026-11"), "{}", change());
    let json = serde_json::to_value(change()).unwrap();
    assert_eq!((&json["period"], &json["threshold"]), (&"2026-11".into(), &80.into()));
    let unknown = Event::Change(Change::of(&bus_event("other", json!({}))));
    assert_eq!(plain(&unknown).split_whitespace().collect::<Vec<_>>(), ["10:18:48", "event", "other"]);
}

#[test]
fn in_json_each_event_has_its_name() {
    let json = serde_json::to_value(Event::Request(request(200))).unwrap();
    assert_eq!(
        (&json["event"], &json["status"], &json["dynamodbRequests"]),
        (&"request".into(), &200.into(), &1.into())
    );
    assert_eq!(serde_json::to_string(&Event::Stopped).unwrap(), r#"{"event":"stopped"}"#);
}

#[test]
fn the_summary_is_a_box() {
    let ready = Ready {
        api_url: "http://127.0.0.1:9000".into(),
        reference_url: "http://127.0.0.1:9010".into(),
        dynamodb_url: "http://127.0.0.1:8000".into(),
        data: None,
        log: "/a/long/path/to/target/local/functions.log".into(),
        data_dir_option: String::new(),
        port_option: String::new(),
        token: "a.b.c".into(),
    };
    let text = plain(&Event::Ready(ready));
    let widths: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with(['╭', '│', '╰']))
        .map(|line| line.chars().count())
        .collect();
    assert!(widths.len() > 5 && widths.iter().all(|width| *width == widths[0]), "{text}");
}
