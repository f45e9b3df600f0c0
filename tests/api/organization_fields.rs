//! Every answer that holds an organization has the same fields, with the same values.

use crate::{
    client::Response,
    create_organization::ORGANIZATION_FIELDS,
    organizations::{Organization, assert_fields, percent_encode},
    stack,
};
use reqwest::Method;
use serde_json::{Value, json};

/// The organization with this id in an answer: itself, or one of a list.
#[track_caller]
fn found(response: &Response, id: &str) -> Value {
    let body = response.expect(response.status.as_u16());
    assert!(response.status.is_success(), "{response}");
    let listed = body.as_array().map(|list| list.iter().find(|listed| listed["id"] == id).cloned());
    listed.map_or(body, |listed| listed.unwrap_or_else(|| panic!("{id} is not in {response}")))
}

#[tokio::test]
async fn every_answer_that_holds_an_organization_has_its_plan_external_id_and_metadata() {
    let [alice, bob] = ["alice", "bob"].map(stack::user);
    let (service, external_id) = (stack::service(), stack::fresh("acme-"));
    let metadata = json!({ "crm": "17", "note": "" });
    let body = json!({
        "organizationName": "Acme",
        "domain": "acme.example",
        "owner": alice.id,
        "externalId": external_id,
        "metadata": metadata,
    });
    let created = service.post("/organization", body).send().await;
    let id = created.expect(201)["id"].as_str().unwrap().to_owned();
    let organization = Organization::from_id(&id);
    let mut expected = json!({
        "name": "Acme",
        "domain": "acme.example",
        "maxOverages": 0,
        "includedUnits": 0,
        "maxMembers": null,
        "externalId": external_id,
        "metadata": metadata,
        "createdBy": service.id,
    });
    let check = |response: &Response, expected: &Value| {
        let found = found(response, &id);
        let deletion = ["deletedAt", "purgeAt"].into_iter().filter(|field| found.get(field).is_some());
        assert_fields(&found, &ORGANIZATION_FIELDS.into_iter().chain(deletion).collect::<Vec<_>>());
        for (field, value) in expected.as_object().unwrap() {
            assert_eq!(&found[field], value, "{field}: {response}");
        }
    };
    check(&created, &expected);

    let plan = json!({ "includedUnits": 5000, "maxMembers": 10 });
    service.patch(format!("{}/plan", organization.path), plan).send().await.expect(200);
    let overages = alice.patch(organization.max_overages(), json!({ "maxOverages": null }));
    overages.send().await.expect(200);
    expected["includedUnits"] = json!(5000);
    expected["maxMembers"] = json!(10);
    expected["maxOverages"] = json!(null);
    organization.add(&bob.id, "member").await;
    let list = "/organization/list";
    let by_user = format!("{list}?userId={}", percent_encode(&alice.id));
    let by_external_id = format!("{list}?externalId={}", percent_encode(&external_id));
    for request in [
        alice.get(&organization.path),
        bob.get(&organization.path),
        service.get(&organization.path),
        service.get(&by_external_id),
        alice.put(&organization.path, json!({ "domain": "acme.example" })),
        service.put(&organization.path, json!({ "name": "Acme" })),
        // A member who leaves gets the organization, too.
        bob.delete(organization.member(&bob.id)),
        alice.delete(&organization.path),
        // The deleted organization, and a deletion that has nothing to do.
        alice.delete(&organization.path),
        alice.get(&organization.path),
        service.get(&by_external_id),
        alice.request(Method::POST, format!("{}/restore", organization.path)),
        service.request(Method::POST, format!("{}/restore", organization.path)),
    ] {
        check(&request.send().await, &expected);
    }
    // Lists may have many pages against a deployed stack.
    for (caller, path) in [(&alice, list), (&service, &*by_user)] {
        let listed = caller.pages(path).await.concat();
        let listed = listed.iter().find(|listed| listed["id"] == id).unwrap();
        assert_fields(listed, &ORGANIZATION_FIELDS);
        assert_eq!(listed, &alice.organization(&organization).await, "{}", caller.id);
    }
    let found = alice.organization(&organization).await;
    assert_eq!((&found["memberCount"], &found["version"]), (&json!(1), &json!(9)), "{found}");
}
