//! `metadata`: a client's own notes about an organization, in createOrganization and updateOrganization.

use crate::{
    client::{Response, User},
    invitations::settled,
    organizations::{Organization, team},
    stack,
};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The answers to a creation and to an update with this metadata, which is sent as it is written.
async fn sent(user: &User, organization: &Organization, metadata: &str) -> [Response; 2] {
    let send = async |method, path: &str, others: &str| {
        let request = user.request(method, path).header("content-type", "application/json");
        request.body(format!("{{{others}\"metadata\":{metadata}}}")).send().await
    };
    [
        send(Method::POST, "/organization", "\"organizationName\":\"Acme\",").await,
        send(Method::PUT, &organization.path, "").await,
    ]
}

/// Asserts that a creation and an update with this metadata are refused as malformed, with this message.
async fn expect_malformed(user: &User, organization: &Organization, metadata: &str, message: &str) {
    for response in sent(user, organization, metadata).await {
        response.expect_invalid_request("metadata");
        assert_eq!(response.expect(400)["message"], message, "{response}");
    }
}

/// This many pairs with empty values.
fn pairs(count: usize) -> Value {
    (0..count).map(|index| (format!("key-{index}"), json!(""))).collect::<serde_json::Map<_, _>>().into()
}

#[tokio::test]
async fn metadata_is_kept_as_it_was_sent() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    for metadata in [
        json!({}),
        json!({ "crm": "17" }),
        json!({ "a": "", "A": "a", "_": " leading and trailing ", "-": "{\"json\":1}", "0": "null" }),
        json!({ "composed": "\u{e9}", "decomposed": "e\u{301}", "emoji": "\u{1f9d1}\u{200d}\u{1f680}" }),
        json!({ "__proto__": "x", "constructor": "y", "name": "z", "separator": "a\u{2028}b" }),
    ] {
        let [created, updated] = sent(&alice, &organization, &metadata.to_string()).await;
        let created = created.expect(201);
        assert_eq!(created["metadata"], metadata);
        assert_eq!(
            alice.organization(&Organization::from_id(created["id"].as_str().unwrap())).await,
            created
        );
        let updated = updated.expect(200);
        assert_eq!(updated["metadata"], metadata);
        assert_eq!(alice.organization(&organization).await, updated);
        let listed = alice.pages("/organization/list").await.concat();
        assert!(listed.contains(&created) && listed.contains(&updated), "{metadata}");
    }
}

#[tokio::test]
async fn an_update_replaces_the_whole_and_an_empty_object_clears_it() {
    let alice = stack::user("alice");
    let path = alice.create_organization("Acme").await.path;
    for (body, expected) in [
        (json!({ "metadata": { "a": "1", "b": "2" } }), json!({ "a": "1", "b": "2" })),
        (json!({ "metadata": { "b": "3", "c": "4" } }), json!({ "b": "3", "c": "4" })),
        // What an update does not send stays.
        (json!({ "name": "Emca" }), json!({ "b": "3", "c": "4" })),
        (json!({ "domain": "acme.example" }), json!({ "b": "3", "c": "4" })),
        (json!({ "name": "Acme", "domain": null, "metadata": { "b": "" } }), json!({ "b": "" })),
        (json!({ "metadata": {} }), json!({})),
        (json!({ "metadata": {} }), json!({})),
        (json!({ "metadata": { "a": "5" } }), json!({ "a": "5" })),
    ] {
        let before = alice.get(&path).send().await.expect(200);
        let updated = alice.put(&path, body.clone()).send().await.expect(200);
        let mut after = before.clone();
        after["metadata"] = expected;
        for field in ["name", "domain"] {
            body.get(field).into_iter().for_each(|value| after[field] = value.clone());
        }
        after["version"] = json!(before["version"].as_u64().unwrap() + 1);
        after["updatedAt"] = updated["updatedAt"].clone();
        assert_eq!(updated, after, "{body}");
        assert_eq!(alice.get(&path).send().await.expect(200), after, "{body}");
    }
}

#[tokio::test]
async fn other_changes_leave_it_unchanged() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let metadata = json!({ "a": "1" });
    alice.put(&organization.path, json!({ "metadata": metadata })).send().await.expect(200);
    alice.patch(organization.max_overages(), json!({ "maxOverages": 5 })).send().await.expect(200);
    organization.add(&stack::unique("bob"), "admin").await;
    assert_eq!(alice.organization(&organization).await["metadata"], metadata);
    let deleted = alice.delete(&organization.path).send().await.expect(200);
    assert_eq!(deleted["metadata"], metadata);
    let restore = alice.request(Method::POST, format!("{}/restore", organization.path));
    assert_eq!(restore.send().await.expect(200)["metadata"], metadata);
}

#[tokio::test]
async fn it_must_be_an_object_of_strings() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let before = alice.organization(&organization).await;
    for value in ["null", "5", "true", "\"a\"", "[]", "[\"a\"]", "[[\"a\",\"b\"]]"] {
        let message = "The field \"metadata\" must be an object of strings.";
        expect_malformed(&alice, &organization, value, message).await;
        let in_a_value = format!("{{\"a\":\"1\",\"b\":{value}}}");
        if value != "\"a\"" {
            expect_malformed(&alice, &organization, &in_a_value, message).await;
        }
    }
    for value in ["{\"a\":{}}", "{\"a\":{\"b\":\"c\"}}", "{\"a\":1e999}"] {
        let message = "The field \"metadata\" must be an object of strings.";
        expect_malformed(&alice, &organization, value, message).await;
    }
    assert_eq!(alice.organization(&organization).await, before);
}

#[tokio::test]
async fn a_key_may_be_sent_once() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    for metadata in [r#"{"a":"1","a":"1"}"#, r#"{"a":"1","b":"2","\u0061":"3"}"#, r#"{"":"1","":"2"}"#] {
        let message = "The field \"metadata\" has a key twice. Send it once.";
        expect_malformed(&alice, &organization, metadata, message).await;
    }
    let request = alice.request(Method::PUT, &organization.path).header("content-type", "application/json");
    let twice = request.body(r#"{"metadata":{"a":"1"},"metadata":{"a":"1"}}"#).send().await;
    twice.expect_invalid_request("metadata");
    assert_eq!(twice.expect(400)["message"], "Duplicate field \"metadata\". Send it once.");
    // Keys that differ in case are two.
    let [created, updated] = sent(&alice, &organization, r#"{"a":"1","A":"2"}"#).await;
    assert_eq!(created.expect(201)["metadata"], json!({ "a": "1", "A": "2" }));
    assert_eq!(updated.expect(200)["version"], 2);
}

#[tokio::test]
async fn an_unpaired_surrogate_is_refused_and_the_error_says_so() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    for half in [r"\ud800", r"\udc00", r"a\ud800b", r"\ud800\ud800", r"\udc00\ud800"] {
        for metadata in [format!(r#"{{"a":"{half}"}}"#), format!(r#"{{"{half}":"a"}}"#)] {
            let message =
                "The field \"metadata\" contains an unpaired surrogate, such as \\ud800. Send valid Unicode.";
            expect_malformed(&alice, &organization, &metadata, message).await;
        }
    }
    let [created, updated] = sent(&alice, &organization, r#"{"a":"\ud83d\ude00 \\ud800"}"#).await;
    for metadata in [&created.expect(201)["metadata"], &updated.expect(200)["metadata"]] {
        assert_eq!(metadata, &json!({ "a": "\u{1f600} \\ud800" }));
    }
}

const KEY: &str = "A key in metadata must have 1 to 40 characters: letters A-Z and a-z, digits, _ and -.";
const VALUE: &str = "A value in metadata must have at most 256 bytes in UTF-8.";
const CONTROL: &str = "A value in metadata must not contain control characters or line breaks.";

#[tokio::test]
async fn the_error_names_the_rule_that_metadata_breaks() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let before = alice.organization(&organization).await;
    let with_key = |key: &str| json!({ "other": "1", key: "2" });
    let with_value = |value: &str| json!({ "other": "1", "key": value });
    let long = "v".repeat(255);
    let mut cases = vec![
        (pairs(11), "pairs", "metadata must have at most 10 keys."),
        (pairs(100), "pairs", "metadata must have at most 10 keys."),
        (with_value(&"v".repeat(257)), "value_length", VALUE),
        // 129 characters of 2 bytes.
        (with_value(&"\u{e9}".repeat(129)), "value_length", VALUE),
        (
            json!({ "a": long, "b": long, "c": long, "dd": long }),
            "length",
            "The keys and values in metadata must have at most 1024 bytes together.",
        ),
    ];
    let long = "k".repeat(41);
    let keys =
        ["", " ", "a b", " a", "a.b", "a:b", "a/b", "a#b", "\u{e9}", "\u{ff21}", "a\n", "\u{0}", &long];
    cases.extend(keys.map(|key| (with_key(key), "key", KEY)));
    let values = ["\n", "\r\n", "\t", "a\u{0}b", "\u{1b}[0m", "\u{7f}", "\u{85}", "\u{9f}"];
    cases.extend(values.map(|value| (with_value(value), "control_character", CONTROL)));
    for (metadata, rule, message) in cases {
        for response in sent(&alice, &organization, &metadata.to_string()).await {
            let details = response.expect_error(422, "validation_failed");
            assert_eq!(details, json!({ "field": "metadata", "rule": rule }), "{response}");
            assert_eq!(response.expect(422)["message"], message, "{response}");
        }
    }
    assert_eq!(alice.organization(&organization).await, before);
}

#[tokio::test]
async fn the_largest_metadata_is_accepted() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let (key, value) = ("k".repeat(40), "v".repeat(255));
    for metadata in [
        pairs(10),
        json!({ key: "" }),
        json!({ "k": "v".repeat(256) }),
        json!({ "k": "\u{e9}".repeat(128) }),
        json!({ "k": "\u{1f600}".repeat(64) }),
        // 4 times 1 and 255 bytes.
        json!({ "a": value, "b": value, "c": value, "d": value }),
    ] {
        for response in sent(&alice, &organization, &metadata.to_string()).await {
            let status = if response.status == 201 { 201 } else { 200 };
            assert_eq!(response.expect(status)["metadata"], metadata, "{response}");
        }
        assert_eq!(alice.organization(&organization).await["metadata"], metadata);
    }
}

#[tokio::test]
async fn owners_admins_and_services_set_it_and_every_member_sees_it() {
    let team = team().await;
    let path = &team.organization.path;
    for (index, caller) in [&team.owner, &team.admin, &team.service].into_iter().enumerate() {
        let metadata = json!({ "set-by": index.to_string() });
        let set = caller.put(path, json!({ "metadata": metadata })).send().await;
        assert_eq!(set.expect(200)["metadata"], metadata, "{set}");
        for reader in [&team.owner, &team.admin, &team.member, &team.service] {
            assert_eq!(reader.organization(&team.organization).await["metadata"], metadata);
        }
    }
    let before = team.owner.organization(&team.organization).await;
    let set = |caller: &User| caller.put(path, json!({ "metadata": {} })).send();
    set(&team.member).await.expect_forbidden("admin");
    set(&team.stranger).await.expect_error(404, "organization_not_found");
    let stale = team.owner.put(path, json!({ "metadata": {} })).if_match("\"5\"").send().await;
    stale.expect_error(412, "precondition_failed");
    assert_eq!(team.owner.organization(&team.organization).await, before);

    // A service sets it at creation, too.
    let body = json!({ "organizationName": "Acme", "owner": team.owner.id, "metadata": { "a": "1" } });
    let created = team.service.post("/organization", body).send().await.expect(201);
    assert_eq!(created["metadata"], json!({ "a": "1" }));
}

#[tokio::test]
async fn it_is_a_part_of_the_request_that_a_key_repeats() {
    let alice = stack::user("alice");
    let key = stack::fresh("key ");
    let create = |others: &str| {
        let request = alice.request(Method::POST, "/organization").header("idempotency-key", &key);
        let request = request.header("content-type", "application/json");
        request.body(format!("{{\"organizationName\":\"Acme\"{others}}}")).send()
    };
    let first = create(r#","metadata":{"a":"1","b":"2"}"#).await;
    assert_eq!(first.expect(201)["metadata"], json!({ "a": "1", "b": "2" }));
    let again = create(r#", "metadata": {"\u0062": "2", "a": "1"}"#).await;
    assert_eq!((again.content(), again.is_replayed()), (first.content(), true), "{again}");
    for others in ["", r#","metadata":{}"#, r#","metadata":{"a":"1"}"#, r#","metadata":{"a":"2","b":"1"}"#] {
        create(others).await.expect_error(422, "idempotency_key_reused");
    }
    // The first answer is repeated even if the metadata has changed.
    let path = format!("/organization/{}", first.expect(201)["id"].as_str().unwrap());
    alice.put(path, json!({ "metadata": {} })).send().await.expect(200);
    let again = create(r#","metadata":{"a":"1","b":"2"}"#).await;
    assert_eq!((again.content(), again.is_replayed()), (first.content(), true), "{again}");
}

#[tokio::test]
async fn concurrent_updates_are_not_mixed() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let notes: Vec<_> = (0..8).map(|index| BTreeMap::from([(format!("key-{index}"), "1")])).collect();
    let update = |metadata| {
        let (alice, path) = (&alice, &organization.path);
        settled(move || alice.put(path, json!({ "metadata": metadata })))
    };
    for response in join_all(notes.iter().map(update)).await {
        response.expect(200);
    }
    let found = alice.organization(&organization).await;
    assert_eq!(found["version"], 9);
    assert!(notes.iter().any(|metadata| found["metadata"] == json!(metadata)), "{found}");
}
