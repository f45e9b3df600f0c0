//! `GET /organization/{organization_id}/event`

use crate::{
    client::User,
    in_process::Functions,
    invitations::delete,
    organizations::{Organization, assert_timestamp, team},
    stack,
    table::{REASON, Table},
};
use aws_sdk_dynamodb::types::AttributeValue;
use functions::Operation;
use serde_json::{Value, json};
use shared::{model::Timestamp, settings::Settings};
use std::time::Duration;
use support::event::Request;

/// All events of an organization. `record-events` stores all but the newest a moment later.
pub(crate) async fn events(caller: &User, organization: &Organization) -> Vec<Value> {
    let version = caller.organization(organization).await["version"].clone();
    for _ in 0..600 {
        let events = caller.pages(&organization.events()).await.concat();
        if events.last().is_some_and(|event| event["number"] == version) {
            return events;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the events of version {version} are not there after a minute");
}

#[tokio::test]
async fn the_first_event_is_the_creation() {
    let alice = stack::user("alice");
    let body =
        json!({ "organizationName": " Acme ", "domain": "ACME.example", "metadata": { "crm": "8041" } });
    let created = alice.post("/organization", body).send().await.expect(201);
    let path = format!("/organization/{}/event", created["id"].as_str().expect("an id"));
    let response = alice.get(&path).send().await;

    let events = response.expect(200);
    assert_timestamp(&events[0]["at"]);
    let expected = json!([{
        "number": 1,
        "type": "organization.created",
        "actor": { "kind": "user", "id": alice.id },
        "at": created["createdAt"],
        "changes": {
            "name": { "from": null, "to": "Acme" },
            "domain": { "from": null, "to": "acme.example" },
            "metadata": { "from": null, "to": { "crm": "8041" } },
            "maxOverages": { "from": null, "to": 0 },
            "includedUnits": { "from": null, "to": 0 },
        },
    }]);
    assert_eq!(events, expected, "{response}");
    assert_eq!((response.header("etag"), response.next_page()), (Some("\"1\""), None), "{response}");
}

#[tokio::test]
async fn a_service_is_named_by_its_id_without_a_prefix() {
    let (service, owner) = (stack::service(), stack::unique("owner"));
    let external_id = stack::unique("crm");
    let body = json!({ "organizationName": "Acme", "owner": owner, "externalId": external_id });
    let created = service.post("/organization", body).send().await.expect(201);
    let path = format!("/organization/{}/event", created["id"].as_str().expect("an id"));
    let events = service.get(&path).send().await.expect(200);
    let id = service.id.trim_start_matches("service:");
    assert_eq!(events[0]["actor"], json!({ "kind": "service", "id": id }));
    assert_eq!(events[0]["changes"]["externalId"], json!({ "from": null, "to": external_id }));
}

#[tokio::test]
async fn members_cannot_list_events() {
    let team = team().await;
    for user in [&team.owner, &team.admin, &team.service] {
        user.get(team.organization.events()).send().await.expect(200);
    }
    team.member.get(team.organization.events()).send().await.expect_forbidden("admin");
    team.stranger.get(team.organization.events()).send().await.expect_error(404, "organization_not_found");
}

/// The tag says how many there are, even if the page lacks some.
#[tokio::test]
async fn a_page_after_the_newest_event_is_empty_and_has_the_version() {
    let team = team().await;
    for after in ["3", "4", "9007199254740991"] {
        let response = team.owner.get(format!("{}?after={after}", team.organization.events())).send().await;
        assert_eq!(response.expect(200), json!([]), "{response}");
        assert_eq!((response.header("etag"), response.next_page()), (Some("\"3\""), None), "{response}");
    }
    let response = team.owner.get(team.organization.events()).send().await;
    response.expect(200);
    assert_eq!(response.header("etag"), Some("\"3\""), "{response}");
}

#[tokio::test]
async fn numbers_have_digits_only_and_begin_at_0() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let get = |query: &str| alice.get(format!("{}?{query}", organization.events()));
    for after in ["", "-1", "%2B1", "1.0", "1e0", "x", "9007199254740992", "99999999999999999999"] {
        get(&format!("after={after}")).send().await.expect_invalid_request("after");
    }
    for limit in ["", "0", "1001", "-1", "x"] {
        get(&format!("limit={limit}")).send().await.expect_invalid_request("limit");
    }
    let events = get("after=0&limit=1").send().await.expect(200);
    assert_eq!(events[0]["number"], 1);
}

#[tokio::test]
async fn who_has_all_events_gets_304_until_the_next_one() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let get = |tag: &str| alice.get(organization.events()).header("if-none-match", tag);
    let response = get("\"1\"").send().await;
    assert_eq!((response.status.as_u16(), response.body.len()), (304, 0), "{response}");
    assert_eq!(response.header("etag"), Some("\"1\""), "{response}");
    alice.put(&organization.path, json!({ "name": "Emca" })).send().await.expect(200);
    assert_eq!(get("\"1\"").send().await.status, 200);
}

#[tokio::test]
async fn pages_have_all_events_once_in_order() {
    let team = team().await;
    let (owner, organization) = (&team.owner, &team.organization);
    for number in 4..=7 {
        owner.put(&organization.path, json!({ "name": format!("Team {number}") })).send().await.expect(200);
    }
    let all = events(owner, organization).await;
    let numbers: Vec<_> = all.iter().map(|event| event["number"].as_u64().expect("a number")).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
    for limit in 1..=8 {
        let pages = owner.pages(&format!("{}?limit={limit}", organization.events())).await;
        assert_eq!(pages.concat(), all, "pages of {limit}");
        assert!(pages.iter().all(|page| (1..=limit).contains(&page.len())), "pages of {limit}");
    }
    for after in 0..=7 {
        let rest = owner.pages(&format!("{}?after={after}&limit=3", organization.events())).await;
        assert_eq!(rest.concat(), all[after..], "after {after}");
    }
    let first = owner.get(format!("{}?limit=2", organization.events())).send().await;
    assert_eq!(first.header("link"), Some("<?limit=2&after=2>; rel=\"next\""), "{first}");
    assert_eq!(first.header("etag"), Some("\"7\""), "{first}");
}

#[tokio::test]
async fn if_match_must_name_the_version() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let get = |name: &str, tag: &str| alice.get(organization.events()).header(name, tag).send();
    for tag in ["\"1\"", "*", "\"9\", \"1\""] {
        get("if-match", tag).await.expect(200);
    }
    let failed = get("if-match", "\"2\"").await;
    assert_eq!(failed.expect_error(412, "precondition_failed"), json!({ "currentVersion": 1 }), "{failed}");
    assert_eq!(get("if-none-match", "\"2\", \"1\"").await.status, 304);
    get("if-none-match", "\"2\"").await.expect(200);
    get("if-match", "1").await.expect_invalid_request("If-Match");
}

/// Here nothing stores events. An answer that the page has not changed would keep a reader from those that are to come.
#[tokio::test]
async fn a_page_that_still_lacks_events_is_never_not_modified() {
    let functions = Functions::start(Settings::default()).await;
    let id = functions.organization("ann").await;
    let renaming = Request::new(Operation::UpdateOrganization, "ann").of("organization_id", &id);
    for name in ["Acme 2", "Acme 3"] {
        functions.send(&renaming.clone().body(json!({ "name": name }))).await.expect(200);
    }
    let list = Request::new(Operation::ListEvents, "ann").of("organization_id", &id);
    for request in [list.clone(), list.header("if-none-match", "\"3\"")] {
        assert_eq!(functions.send(&request).await.expect(200), &json!([]));
    }
}

#[tokio::test]
async fn only_owners_and_services_read_the_events_of_a_deleted_organization() {
    let team = team().await;
    let organization = &team.organization;
    delete(&team.owner, organization).await;
    for caller in [&team.owner, &team.service] {
        let events = events(caller, organization).await;
        assert_eq!((events.len(), &events[3]["type"]), (4, &json!("organization.deleted")));
    }
    for user in [&team.admin, &team.member, &team.stranger] {
        user.get(organization.events()).send().await.expect_error(404, "organization_not_found");
    }
    // After `purgeAt` it does not exist for anybody, even while its events do.
    let Some(local) = stack::local_only(REASON) else { return };
    let now = AttributeValue::N(Timestamp::seconds_now().to_string());
    Table::of(local).set(organization, "expiresAt", now).await;
    for caller in [&team.owner, &team.service] {
        caller.get(organization.events()).send().await.expect_error(404, "organization_not_found");
    }
}
