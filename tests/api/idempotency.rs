//! `POST /organization` with an `Idempotency-Key`: a repeated request gets the same answer and creates
//! nothing.

use crate::{
    client::{Request, User},
    failing,
    organizations::Organization,
    stack,
};
use futures_util::future::join_all;
use serde_json::{Value, json};

pub(crate) const HEADER: &str = "Idempotency-Key";

/// A key that no other run has used. A deployed stack remembers keys for a day.
pub(crate) fn fresh_key() -> String {
    stack::fresh("key ")
}

fn create(user: &User, key: &str, name: &str) -> Request {
    user.post("/organization", json!({ "organizationName": name })).header(HEADER, key)
}

/// The ids of the user's organizations that have this key in their name. Against a deployed stack, the user
/// has organizations of other tests, too.
async fn named_after(key: &str, user: &User) -> Vec<String> {
    let listed = user.pages("/organization/list").await.concat();
    let named = listed.iter().filter(|organization| organization["name"].as_str().unwrap().contains(key));
    named.map(|organization| organization["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_answer_and_creates_nothing() {
    let alice = stack::user("alice");
    let key = fresh_key();
    let name = format!("Acme {key}");
    let first = create(&alice, &key, &name).send().await;
    let id = first.expect(201)["id"].as_str().unwrap().to_owned();

    let again = create(&alice, &key, &name).send().await;

    assert_eq!(again.content(), first.content());
    assert_eq!((first.is_replayed(), again.is_replayed()), (false, true), "{again}");
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    assert_eq!(named_after(&key, &alice).await, [id]);
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_even_if_the_organization_has_changed() {
    let [alice, bob] = ["alice", "bob"].map(stack::user);
    let key = fresh_key();
    let first = create(&alice, &key, "Acme").send().await;
    let organization = Organization::from_id(first.expect(201)["id"].as_str().unwrap());
    alice.put(&organization.path, json!({ "name": "Renamed" })).send().await.expect(200);
    assert_eq!(create(&alice, &key, "Acme").send().await.content(), first.content());

    organization.add(&bob.id, "owner").await;
    alice.delete(organization.member(&alice.id)).send().await.expect(200);
    assert_eq!(create(&alice, &key, "Acme").send().await.content(), first.content());
    alice.get(&organization.path).send().await.expect_error(404, "organization_not_found");
    assert_eq!(bob.organization(&organization).await["name"], "Renamed");
}

#[tokio::test]
async fn the_same_values_in_another_spelling_are_the_same_request() {
    let alice = stack::user("alice");
    let key = fresh_key();
    let post = |body: &str| {
        let request = alice.request(reqwest::Method::POST, "/organization").header(HEADER, &key);
        request.header("content-type", "application/json").body(body).send()
    };
    let first = post(r#"{"organizationName": "Acme", "domain": "acme.example"}"#).await;
    first.expect(201);
    for body in [
        r#"{ "domain": "acme.example", "organizationName": "Acme" }"#,
        r#"{"name": "Acme", "domain": "acme.example"}"#,
        r#"{"organizationName": " \u0041cme ", "domain": "ACME.Example."}"#,
    ] {
        assert_eq!(post(body).await.content(), first.content(), "{body}");
    }
}

#[tokio::test]
async fn a_different_request_with_the_same_key_is_refused() {
    let alice = stack::user("alice");
    let key = fresh_key();
    let post = |body: Value| alice.post("/organization", body).header(HEADER, &key).send();
    let name = format!("Acme {key}");
    post(json!({ "organizationName": name })).await.expect(201);
    for body in [
        json!({ "organizationName": format!("acme {key}") }),
        json!({ "organizationName": name, "domain": "acme.example" }),
        json!({ "organizationName": format!("{name}, null") }),
    ] {
        let refused = post(body).await;
        refused.expect_error(422, "idempotency_key_reused");
        assert!(!refused.is_replayed(), "{refused}");
    }
    // Errors in the request itself come first.
    post(json!({ "organizationName": "" })).await.expect_validation_failed("organizationName");
    post(json!({})).await.expect_invalid_request("organizationName");
    assert_eq!(named_after(&key, &alice).await.len(), 1);
}

#[tokio::test]
async fn keys_of_different_callers_are_independent() {
    let [alice, bob] = ["alice", "bob"].map(stack::user);
    let key = fresh_key();
    let of_alice = create(&alice, &key, "Acme").send().await.expect(201);
    let of_bob = create(&bob, &key, "Acme").send().await.expect(201);
    assert_ne!(of_alice["id"], of_bob["id"]);
    assert_eq!(of_bob["createdBy"], json!(bob.id));
    let other = create(&bob, &fresh_key(), "Other").send().await;
    other.expect(201);
    assert!(!other.is_replayed(), "{other}");
}

#[tokio::test]
async fn a_refused_request_does_not_use_up_its_key() {
    let alice = stack::user("alice");
    let key = fresh_key();
    create(&alice, &key, "").send().await.expect_validation_failed("organizationName");
    create(&alice, &key, "Acme").send().await.expect(201);
}

#[tokio::test]
async fn a_key_is_the_same_with_and_without_quotes() {
    let alice = stack::user("alice");
    let key = format!("{} \\ ~", fresh_key());
    let quoted = format!("\"{}\"", key.replace('\\', "\\\\"));
    let first = create(&alice, &key, "Acme").send().await;
    first.expect(201);
    assert_eq!(create(&alice, &quoted, "Acme").send().await.content(), first.content());
}

#[tokio::test]
async fn keys_of_1_and_255_characters_are_accepted() {
    let alice = stack::user("alice");
    let long = format!("{:~<255}", fresh_key());
    let first = create(&alice, &long, "Acme").send().await;
    first.expect(201);
    assert_eq!(create(&alice, &format!("\"{long}\""), "Acme").send().await.content(), first.content());
    if stack::is_local() {
        create(&alice, "k", "Acme").send().await.expect(201);
        create(&alice, "l", "Acme").send().await.expect(201);
    }
}

#[tokio::test]
async fn an_invalid_key_is_refused_and_the_error_names_the_header() {
    let alice = stack::user("alice");
    let (long, unused) = ("k".repeat(256), fresh_key());
    let name = format!("Acme {unused}");
    for value in
        ["", "  ", &long, &format!("\"{long}\""), "a\tb", "é", "\"", "\"\"", "\"a", "\"a\\b\"", "\"a\"b"]
    {
        let response = create(&alice, value, &name).send().await;
        response.expect_invalid_request(HEADER);
    }
    // A gateway joins repeated headers with a comma.
    create(&alice, "\"a\", \"b\"", &name).send().await.expect_invalid_request(HEADER);
    create(&alice, "", "").send().await.expect_invalid_request(HEADER);
    assert!(named_after(&unused, &alice).await.is_empty());
}

#[tokio::test]
async fn concurrent_requests_with_the_same_key_create_one_organization() {
    let alice = stack::user("alice");
    for _ in 0..8 {
        let key = fresh_key();
        let name = format!("Race {key}");
        let responses = join_all((0..8).map(|_| create(&alice, &key, &name).send())).await;
        let answered = create(&alice, &key, &name).send().await;
        answered.expect(201);
        let first = responses.iter().filter(|response| response.status == 201 && !response.is_replayed());
        assert_eq!((first.count(), answered.is_replayed()), (1, true), "{answered}");
        for response in responses {
            if response.status == 201 {
                assert_eq!(response.content(), answered.content());
            } else {
                response.expect_error(409, "idempotency_in_progress");
            }
        }
        assert_eq!(named_after(&key, &alice).await.len(), 1);
    }
}

#[tokio::test]
async fn different_concurrent_requests_with_the_same_key_create_one_organization() {
    let alice = stack::user("alice");
    for _ in 0..8 {
        let key = fresh_key();
        let names = ["a", "b", "c", "d", "a", "b", "c", "d"].map(|name| format!("{name} {key}"));
        let responses = join_all(names.iter().map(|name| create(&alice, &key, name).send())).await;
        let created: Vec<_> = responses.iter().filter(|response| response.status == 201).collect();
        assert!(!created.is_empty());
        assert!(created.iter().all(|response| response.content() == created[0].content()));
        let name = created[0].expect(201)["name"].clone();
        for (response, sent) in responses.iter().zip(names) {
            match response.status.as_u16() {
                201 => assert_eq!(name, sent),
                409 => drop(response.expect_error(409, "idempotency_in_progress")),
                _ => {
                    assert_ne!(name, sent);
                    response.expect_error(422, "idempotency_key_reused");
                }
            }
        }
        assert_eq!(named_after(&key, &alice).await.len(), 1);
    }
}

#[tokio::test]
async fn a_creation_with_a_key_is_reported_as_in_progress_if_every_attempt_conflicts() {
    let Some(_) = stack::local_only("a real DynamoDB has no conflicts on demand") else { return };
    let contended = stack::user(failing::CONTENDED);
    create(&contended, "k", "Acme").send().await.expect_error(409, "idempotency_in_progress");
}

#[tokio::test]
async fn the_record_of_a_key_is_read_if_dynamodb_does_not_return_it() {
    let Some(_) = stack::local_only("a real DynamoDB returns the record") else { return };
    let user = stack::user(failing::UNEXPLAINED);
    let first = create(&user, "k", "Acme").send().await;
    first.expect(201);
    let again = create(&user, "k", "Acme").send().await;
    assert_eq!((again.content(), again.is_replayed()), (first.content(), true), "{again}");
    create(&user, "k", "Other").send().await.expect_error(422, "idempotency_key_reused");
}
