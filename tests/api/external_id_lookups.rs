//! `GET /organization/list?externalId=`: a service finds the organization that has an external id.

use crate::{
    client::{Response, User},
    deleted_organizations::purge,
    external_ids::{create, creating},
    invitations::{delete, restore},
    organizations::percent_encode,
    stack,
    table::{REASON, Table},
};
use serde_json::{Value, json};

const LIST: &str = "/organization/list";

/// The answer to a lookup.
async fn look_up(service: &User, external_id: &str) -> Value {
    let response = service.get(format!("{LIST}?externalId={}", percent_encode(external_id))).send().await;
    assert_eq!(response.next_page(), None, "{response}");
    response.expect(200)
}

/// Expects a malformed request, with this field and this message.
#[track_caller]
fn expect_message(response: &Response, field: &str, message: &str) {
    response.expect_invalid_request(field);
    assert_eq!(response.expect(400)["message"], message, "{response}");
}

#[tokio::test]
async fn a_new_organization_is_found_at_once() {
    let services = [stack::service(), stack::service()];
    for _ in 0..5 {
        let external_id = stack::fresh("acme-");
        assert_eq!(look_up(&services[0], &external_id).await, json!([]));
        let created = creating(&services[0], &stack::unique("owner"), &external_id).send().await;
        for service in &services {
            assert_eq!(look_up(service, &external_id).await, json!([created.expect(201)]));
        }
    }
}

#[tokio::test]
async fn a_change_is_seen_at_once() {
    let (service, external_id) = (stack::service(), stack::fresh("acme-"));
    let organization = create(&service, &external_id).await;
    service.put(&organization.path, json!({ "name": "Emca" })).send().await.expect(200);
    let bob = stack::unique("bob");
    organization.add(&bob, "owner").await;
    let found = look_up(&service, &external_id).await;
    assert_eq!((&found[0]["name"], &found[0]["memberCount"]), (&json!("Emca"), &json!(2)));
    assert_eq!((&found[0]["role"], &found[0]["version"]), (&json!(null), &json!(3)));
    assert_eq!(found, json!([service.organization(&organization).await]));
}

#[tokio::test]
async fn an_id_is_found_by_its_exact_characters_alone() {
    let (service, plain) = (stack::service(), stack::fresh("acme-"));
    let external_id = format!("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{{|}}~{plain}");
    let organization = create(&service, &external_id).await;
    let found = look_up(&service, &external_id).await;
    assert_eq!((found[0]["id"].as_str(), found.as_array().unwrap().len()), (Some(&*organization.id), 1));
    for other in [&plain, &external_id[1..], &external_id.to_uppercase(), &format!("{external_id}x")] {
        assert_eq!(look_up(&service, other).await, json!([]), "{other}");
    }
    // An organization's own id is no external id.
    assert_eq!(look_up(&service, &organization.id).await, json!([]));
}

#[tokio::test]
async fn a_deleted_organization_is_found_until_it_cannot_be_restored() {
    let (service, external_id) = (stack::service(), stack::fresh("acme-"));
    let organization = create(&service, &external_id).await;
    delete(&service, &organization).await;
    let deleted = look_up(&service, &external_id).await;
    assert_eq!(deleted, json!([service.organization(&organization).await]));
    assert!(deleted[0]["deletedAt"].is_string() && deleted[0]["purgeAt"].is_string(), "{deleted}");
    restore(&service, &organization).await;
    let restored = look_up(&service, &external_id).await;
    assert_eq!((restored[0].get("deletedAt"), &restored[0]["version"]), (None, &json!(3)), "{restored}");

    let Some(local) = stack::local_only(REASON) else { return };
    delete(&service, &organization).await;
    purge(&Table::of(local), &organization).await;
    assert_eq!(look_up(&service, &external_id).await, json!([]));
    let next = create(&service, &external_id).await;
    assert_eq!(look_up(&service, &external_id).await[0]["id"], next.id);
    Table::of(local).remove(&next).await;
    assert_eq!(look_up(&service, &external_id).await, json!([]));
}

#[tokio::test]
async fn a_malformed_external_id_is_refused() {
    let service = stack::service();
    let length = "externalId must have 1 to 128 characters.";
    let characters = "externalId must be printable ASCII without spaces.";
    let long = "x".repeat(129);
    for (id, message) in [
        ("", length),
        (&*long, length),
        ("%20", characters),
        ("a%20b", characters),
        ("a%0A", characters),
        ("a%00", characters),
        ("%7F", characters),
        ("%C3%A9", characters),
    ] {
        let response = service.get(format!("{LIST}?externalId={id}")).send().await;
        expect_message(&response, "externalId", message);
    }
    let undecodable = service.get(format!("{LIST}?externalId=%ff")).send().await;
    undecodable.expect_invalid_request("externalId");
    assert_eq!(look_up(&service, &"x".repeat(128)).await, json!([]));
}

#[tokio::test]
async fn a_service_sends_it_without_user_id_deleted_and_cursor() {
    let (service, owner) = (stack::service(), stack::unique("owner"));
    let external_id = stack::fresh("acme-");
    let organization = create(&service, &external_id).await;
    for _ in 0..2 {
        let body = json!({ "organizationName": "Acme", "owner": owner });
        service.post("/organization", body).send().await.expect(201);
    }
    let of_owner = format!("userId={}", percent_encode(&owner));
    let next = service.get(format!("{LIST}?{of_owner}&limit=1")).send().await.next_page().unwrap();
    let cursor = next.split(['?', '&']).find(|parameter| parameter.starts_with("cursor=")).unwrap();

    let id = percent_encode(&external_id);
    let list = |others: &str| service.get(format!("{LIST}?externalId={id}{others}")).send();
    for limit in ["", "&limit=1", "&limit=1000"] {
        let found = list(limit).await;
        assert_eq!(found.expect(200)[0]["id"], organization.id, "{found}");
        assert_eq!((found.expect(200).as_array().unwrap().len(), found.next_page()), (1, None), "{found}");
    }
    let both = "Send either userId or externalId, not both.";
    let deleted = "Send deleted with userId only, not with externalId.";
    for (others, field, message) in [
        (&*format!("&{of_owner}"), "externalId", both),
        (&format!("&{of_owner}&deleted=true"), "externalId", both),
        ("&userId=", "externalId", both),
        ("&userId=a%20b", "externalId", both),
        ("&deleted=true", "deleted", deleted),
        (&format!("&deleted=true&{cursor}"), "deleted", deleted),
        ("&deleted=false", "deleted", "deleted must be true, or absent."),
        (&format!("&{of_owner}&deleted="), "deleted", "deleted must be true, or absent."),
        ("&externalId=other", "externalId", "Duplicate parameter externalId. Send it once."),
        ("&externalid=other", "externalid", "Unknown query parameter \"externalid\". Remove it."),
    ] {
        expect_message(&list(others).await, field, message);
    }
    for others in [&format!("&{cursor}"), "&cursor=garbage", "&cursor=", "&cursor=garbage&limit=5"] {
        list(others).await.expect_error(400, "invalid_cursor");
    }
    for others in ["&limit=0", "&limit=0&deleted=true", &format!("&limit=x&{of_owner}")] {
        list(others).await.expect_invalid_request("limit");
    }
}

#[tokio::test]
async fn a_user_cannot_look_up_an_external_id() {
    let (alice, service, external_id) = (stack::user("alice"), stack::service(), stack::fresh("acme-"));
    creating(&service, &alice.id, &external_id).send().await.expect(201);
    let id = percent_encode(&external_id);
    for (query, field) in [
        (&*format!("externalId={id}"), "externalId"),
        (&format!("externalId={id}&deleted=true"), "externalId"),
        (&format!("externalId={id}&limit=5"), "externalId"),
        ("externalId=", "externalId"),
        ("externalId=a%20b", "externalId"),
        (&format!("externalId={id}&userId={}", percent_encode(&alice.id)), "userId"),
        (&format!("externalId={id}&userId="), "userId"),
    ] {
        let response = alice.get(format!("{LIST}?{query}")).send().await;
        assert_eq!(response.expect_error(403, "forbidden"), json!({ "field": field }), "{response}");
        let message = format!("Only a service may send {field}. Remove it.");
        assert_eq!(response.expect(403)["message"], message, "{response}");
    }
    for (query, field) in [("limit=0", "limit"), ("deleted=no", "deleted"), ("colour=red", "colour")] {
        let response = alice.get(format!("{LIST}?externalId={id}&{query}")).send().await;
        response.expect_invalid_request(field);
    }
}
