//! `PUT /organization/{organization_id}`

use crate::{
    organizations::{Organization, team},
    stack,
};
use serde_json::json;

#[tokio::test]
async fn renaming_returns_the_updated_organization() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let before = alice.organization(&organization).await;

    let response = alice.put(&organization.path, json!({ "name": "Emca" })).send().await;
    let after = response.expect(200);
    assert_eq!(response.header("etag"), Some("\"2\""), "{response}");
    let (was, is) = (before["updatedAt"].as_str(), after["updatedAt"].as_str());
    assert!(was <= is, "{was:?} {is:?}");
    let mut expected = before;
    expected["name"] = json!("Emca");
    expected["version"] = json!(2);
    expected["updatedAt"] = after["updatedAt"].clone();
    assert_eq!(after, expected);
    assert_eq!(alice.organization(&organization).await, after);
}

#[tokio::test]
async fn an_admin_can_rename_the_organization_and_sees_their_own_role() {
    let team = team().await;
    let update = team.admin.put(&team.organization.path, json!({ "name": "Emca" }));
    let updated = update.send().await.expect(200);
    assert_eq!((&updated["name"], &updated["role"]), (&json!("Emca"), &json!("admin")));
}

#[tokio::test]
async fn a_member_cannot_rename_the_organization() {
    let team = team().await;
    let update = team.member.put(&team.organization.path, json!({ "name": "Mine" }));
    update.send().await.expect_forbidden("admin");
    let organization = team.owner.organization(&team.organization).await;
    assert_eq!((&organization["name"], &organization["version"]), (&json!("Team"), &json!(3)));
}

#[tokio::test]
async fn an_absent_field_is_unchanged_and_a_null_domain_is_removed() {
    let alice = stack::user("alice");
    let path = alice.create_organization("Acme").await.path;
    for (body, name, domain) in [
        (json!({ "domain": "acme.example.com" }), "Acme", json!("acme.example.com")),
        (json!({ "name": "Emca" }), "Emca", json!("acme.example.com")),
        (json!({ "domain": null }), "Emca", json!(null)),
        (json!({ "domain": null }), "Emca", json!(null)),
        (json!({ "name": "Both", "domain": "example.com" }), "Both", json!("example.com")),
    ] {
        let updated = alice.put(&path, body).send().await.expect(200);
        assert_eq!((&updated["name"], &updated["domain"]), (&json!(name), &domain), "{updated}");
        assert_eq!(alice.get(&path).send().await.expect(200), updated);
    }
}

#[tokio::test]
async fn the_name_cannot_be_cleared() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let update = alice.put(&organization.path, json!({ "name": null }));
    update.send().await.expect_invalid_request("name");
    assert_eq!(alice.organization(&organization).await["name"], "Acme");
}

#[tokio::test]
async fn an_organization_from_a_get_can_be_edited_and_put_back() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let mut edited = alice.organization(&organization).await;
    edited["name"] = json!("Emca");
    edited["metadata"]["crm"] = json!("17");
    let updated = alice.put(&organization.path, edited.clone()).if_match("\"1\"").send().await.expect(200);
    edited["version"] = json!(2);
    edited["updatedAt"] = updated["updatedAt"].clone();
    assert_eq!(updated, edited);
}

/// The plan and the external id are a service's to set, so what a client sends back of them is not looked at.
#[tokio::test]
async fn an_organization_with_a_plan_and_an_external_id_can_be_edited_and_put_back() {
    let [alice, bob] = ["alice", "bob"].map(stack::user);
    let service = stack::service();
    let body = json!({
        "organizationName": "Acme",
        "owner": alice.id,
        "externalId": stack::fresh("acme-"),
        "metadata": { "crm": "17", "colour": "red" },
    });
    let created = service.post("/organization", body).send().await.expect(201);
    let organization = Organization::from_id(created["id"].as_str().unwrap());
    organization.add(&bob.id, "admin").await;
    let plan = json!({ "includedUnits": 5000, "maxMembers": 10 });
    service.patch(format!("{}/plan", organization.path), plan).send().await.expect(200);
    for (caller, version) in [(&alice, 4), (&bob, 5), (&service, 6)] {
        let mut edited = caller.organization(&organization).await;
        assert_eq!((&edited["includedUnits"], &edited["maxMembers"]), (&json!(5000), &json!(10)));
        edited["metadata"]["crm"] = json!(version.to_string());
        let put = caller.put(&organization.path, edited.clone()).if_match(&format!("\"{}\"", version - 1));
        let updated = put.send().await.expect(200);
        edited["version"] = json!(version);
        edited["updatedAt"] = updated["updatedAt"].clone();
        assert_eq!(updated, edited, "{}", caller.id);
        assert_eq!(caller.organization(&organization).await, edited, "{}", caller.id);
    }
}

#[tokio::test]
async fn read_only_fields_are_accepted_and_ignored() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let mut expected = alice.organization(&organization).await;
    let body = json!({
        "name": "Emca",
        "id": "org_00000000000000000000000000",
        "maxOverages": 1000,
        "includedUnits": 1000,
        "maxMembers": 2,
        "externalId": "acme",
        "memberCount": 7,
        "role": "member",
        "createdBy": "somebody",
        "createdAt": "2001-01-01T00:00:00Z",
        "updatedAt": "2001-01-01T00:00:00Z",
        "version": 99,
        "deletedAt": "2001-01-01T00:00:00Z",
        "purgeAt": "2001-01-01T00:00:00Z",
    });
    let updated = alice.put(&organization.path, body).send().await.expect(200);
    expected["name"] = json!("Emca");
    expected["version"] = json!(2);
    expected["updatedAt"] = updated["updatedAt"].clone();
    assert_eq!(updated, expected);
    assert_ne!(updated["updatedAt"], "2001-01-01T00:00:00Z");
}

#[tokio::test]
async fn a_duplicate_field_is_refused_even_if_it_is_ignored() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let request = alice.request(reqwest::Method::PUT, &organization.path);
    let body = r#"{"name":"Emca","version":1,"version":1}"#;
    let response = request.header("content-type", "application/json").body(body).send().await;
    response.expect_invalid_request("version");
}

#[tokio::test]
async fn an_update_without_changes_is_refused() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    for body in [
        json!({}),
        json!({ "version": 1, "maxOverages": 5 }),
        json!({ "includedUnits": 5, "maxMembers": 5, "externalId": "acme" }),
    ] {
        let update = alice.put(&organization.path, body).send().await;
        update.expect_invalid_request("name");
        let message = "There is nothing to update. Send name, domain or metadata.";
        assert_eq!(update.expect(400)["message"], message, "{update}");
    }
    assert_eq!(alice.organization(&organization).await["version"], 1);
}

#[tokio::test]
async fn the_error_names_an_unknown_field() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    for field in ["colour", "organizationName", "Name", "owners"] {
        let update = alice.put(&organization.path, json!({ "name": "Emca", field: "x" }));
        update.send().await.expect_invalid_request(field);
    }
    assert_eq!(alice.organization(&organization).await["version"], 1);
}

#[tokio::test]
async fn the_error_names_a_field_of_the_wrong_type() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    for value in [json!(5), json!(true), json!(["Acme"]), json!({ "name": 5 })] {
        for field in ["name", "domain", "metadata"] {
            let update = alice.put(&organization.path, json!({ field: value }));
            update.send().await.expect_invalid_request(field);
        }
    }
}
