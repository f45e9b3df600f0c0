//! `POST /organization`

use crate::{
    organizations::{Organization, assert_fields, assert_timestamp},
    stack,
};
use serde_json::json;

pub(crate) const ORGANIZATION_FIELDS: [&str; 14] = [
    "id",
    "name",
    "domain",
    "maxOverages",
    "includedUnits",
    "maxMembers",
    "externalId",
    "metadata",
    "memberCount",
    "role",
    "createdBy",
    "createdAt",
    "updatedAt",
    "version",
];

#[tokio::test]
async fn creating_returns_the_organization_its_location_and_its_etag() {
    let alice = stack::user("alice");
    let body = json!({ "organizationName": "Acme", "domain": "acme.example.com" });
    let response = alice.post("/organization", body).send().await;

    let organization = response.expect(201);
    assert_fields(&organization, &ORGANIZATION_FIELDS);
    assert_eq!(organization["name"], "Acme");
    assert_eq!(organization["domain"], "acme.example.com");
    assert_eq!(organization["memberCount"], 1);
    assert_eq!(organization["role"], "owner");
    assert_eq!(organization["createdBy"], alice.id);
    assert_eq!(organization["version"], 1);
    assert_timestamp(&organization["createdAt"]);
    assert_eq!(organization["updatedAt"], organization["createdAt"]);

    let id = organization["id"].as_str().unwrap();
    let ulid = id.strip_prefix("org_").unwrap_or_else(|| panic!("{id}"));
    let crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    assert!(ulid.len() == 26 && ulid.chars().all(|c| crockford.contains(c)), "{id}");
    assert_eq!(response.header("location"), Some(format!("organization/{id}").as_str()));
    assert_eq!(response.header("etag"), Some("\"1\""), "{response}");

    for location in [format!("/organization/{id}"), response.location()] {
        assert_eq!(alice.get(location).send().await.expect(200), organization);
    }
}

#[tokio::test]
async fn a_new_organization_has_nothing_but_a_name_and_allows_no_overages() {
    let alice = stack::user("alice");
    let body = json!({ "organizationName": "Acme" });
    let organization = alice.post("/organization", body).send().await.expect(201);
    assert_fields(&organization, &ORGANIZATION_FIELDS);
    for field in ["domain", "maxMembers", "externalId"] {
        assert_eq!(organization[field], json!(null), "{field}");
    }
    for field in ["maxOverages", "includedUnits"] {
        assert_eq!(organization[field], json!(0), "{field}");
    }
    assert_eq!(organization["metadata"], json!({}));
}

#[tokio::test]
async fn the_creator_is_the_owner_and_only_member() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    alice.expect_members(&organization, &[(&alice.id, "owner")]).await;
}

#[tokio::test]
async fn name_is_accepted_in_place_of_organization_name() {
    let alice = stack::user("alice");
    let organization = alice.post("/organization", json!({ "name": "Acme" })).send().await;
    assert_eq!(organization.expect(201)["name"], "Acme");
}

#[tokio::test]
async fn name_and_organization_name_together_are_refused_even_if_equal() {
    let alice = stack::user("alice");
    let body = json!({ "organizationName": "Acme", "name": "Acme" });
    alice.post("/organization", body).send().await.expect_error(400, "invalid_request");
}

#[tokio::test]
async fn two_organizations_may_have_the_same_name_and_domain() {
    let alice = stack::user("alice");
    let body = json!({ "organizationName": "Acme", "domain": "acme.example.com" });
    let first = alice.post("/organization", body.clone()).send().await.expect(201);
    let second = alice.post("/organization", body).send().await.expect(201);
    assert_ne!(first["id"], second["id"]);
}

#[tokio::test]
async fn the_error_names_a_missing_name() {
    let alice = stack::user("alice");
    for body in [json!({}), json!({ "domain": "acme.example.com" })] {
        let response = alice.post("/organization", body).send().await;
        response.expect_invalid_request("organizationName");
    }
}

#[tokio::test]
async fn the_error_names_a_field_of_the_wrong_type() {
    let alice = stack::user("alice");
    for value in [json!(null), json!(5), json!(true), json!(["Acme"]), json!({ "name": "Acme" })] {
        let body = json!({ "organizationName": value });
        let response = alice.post("/organization", body).send().await;
        response.expect_invalid_request("organizationName");
    }
    for value in [json!(5), json!(false), json!(["acme.example.com"]), json!({})] {
        let body = json!({ "organizationName": "Acme", "domain": value });
        alice.post("/organization", body).send().await.expect_invalid_request("domain");
    }
}

#[tokio::test]
async fn the_error_names_an_unknown_field() {
    let alice = stack::user("alice");
    for field in
        ["colour", "id", "role", "maxOverages", "includedUnits", "maxMembers", "organizationname", ""]
    {
        let body = json!({ "organizationName": "Acme", field: "x" });
        alice.post("/organization", body).send().await.expect_invalid_request(field);
    }
}

#[tokio::test]
async fn a_refused_creation_creates_nothing() {
    let Some(_) = stack::local_only("an empty list needs a new user") else { return };
    let alice = stack::user("alice");
    for body in [
        json!({ "organizationName": "" }),
        json!({ "organizationName": "Acme", "domain": "co.uk" }),
        json!({ "organizationName": "Acme", "colour": "red" }),
    ] {
        let status = alice.post("/organization", body).send().await.status;
        assert!(status.is_client_error(), "{status}");
    }
    assert_eq!(alice.get("/organization/list").send().await.expect(200), json!([]));
}

#[tokio::test]
async fn every_response_has_its_own_request_id() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let mut ids = Vec::new();
    for path in [organization.path, Organization::from_id("org_none").path] {
        for _ in 0..2 {
            let response = alice.get(&path).send().await;
            ids.push(response.header("x-request-id").unwrap().to_owned());
        }
    }
    let total = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), total, "{ids:?}");
}
