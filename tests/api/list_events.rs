//! `GET /organization/{organization_id}/event`

use crate::{
    organizations::{assert_timestamp, team},
    stack,
};
use serde_json::json;

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
