//! `PATCH /organization/{organization_id}/plan`

use crate::{
    client::Response,
    organizations::{Organization, assert_fields, assert_timestamp},
    stack,
};
use reqwest::Method;
use serde_json::{Value, json};

/// Sets a plan by a body that is not serialized from a value, which may be no body at all.
async fn set(organization: &Organization, body: &str) -> Response {
    let request = stack::service().request(Method::PATCH, organization.plan());
    request.header("content-type", "application/json").body(body).send().await
}

/// Asserts the whole error about a value that is not in a field's range.
#[track_caller]
fn expect_out_of_range(response: &Response, field: &str, message: &str) {
    let details = response.expect_error(422, "validation_failed");
    assert_eq!(details, json!({ "field": field, "rule": "range" }), "{response}");
    assert_eq!(response.expect(422)["message"], message, "{response}");
}

#[tokio::test]
async fn setting_a_plan_returns_it() {
    let (alice, service) = (stack::user("alice"), stack::service());
    let organization = alice.create_organization("Acme").await;
    let body = json!({ "includedUnits": 10_000, "maxMembers": 25 });
    let response = service.patch(organization.plan(), body).send().await;
    let plan = response.expect(200);
    let fields = ["organizationId", "includedUnits", "maxMembers", "updatedAt", "updatedBy", "version"];
    assert_fields(&plan, &fields);
    assert_eq!(plan["organizationId"], organization.id);
    assert_eq!((&plan["includedUnits"], &plan["maxMembers"]), (&json!(10_000), &json!(25)));
    assert_eq!((&plan["updatedBy"], &plan["version"]), (&json!(service.id), &json!(2)));
    assert_timestamp(&plan["updatedAt"]);
    assert_eq!(response.header("etag"), Some("\"2\""), "{response}");

    let organization = alice.organization(&organization).await;
    for field in ["includedUnits", "maxMembers", "updatedAt", "version"] {
        assert_eq!(organization[field], plan[field], "{field}");
    }
}

#[tokio::test]
async fn a_new_organization_has_no_included_units_and_no_limit_of_members() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let found = alice.organization(&organization).await;
    assert_eq!((&found["includedUnits"], &found["maxMembers"]), (&json!(0), &json!(null)));
}

#[tokio::test]
async fn a_plan_may_be_set_limit_by_limit() {
    let (alice, service) = (stack::user("alice"), stack::service());
    let organization = alice.create_organization("Acme").await;
    alice.patch(organization.max_overages(), json!({ "maxOverages": 9 })).send().await.expect(200);
    for (version, body, units, members) in [
        (3, json!({ "includedUnits": 500 }), 500, json!(null)),
        (4, json!({ "maxMembers": 7 }), 500, json!(7)),
        (5, json!({ "includedUnits": 600 }), 600, json!(7)),
        (6, json!({ "maxMembers": null }), 600, json!(null)),
        // A repetition is a new version, too.
        (7, json!({ "includedUnits": 600, "maxMembers": null }), 600, json!(null)),
        (8, json!({ "includedUnits": 0 }), 0, json!(null)),
    ] {
        let plan = service.patch(organization.plan(), body.clone()).send().await.expect(200);
        assert_eq!(plan["version"], version, "{body}");
        for found in [plan, alice.organization(&organization).await] {
            assert_eq!((&found["includedUnits"], &found["maxMembers"]), (&json!(units), &members), "{body}");
        }
    }
    let found = alice.organization(&organization).await;
    assert_eq!((&found["name"], &found["maxOverages"]), (&json!("Acme"), &json!(9)));
}

#[tokio::test]
async fn each_limit_has_a_range() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let huge = format!("1{}", "0".repeat(40));
    let units = "includedUnits must be an integer from 0 to 1000000000.";
    for value in ["-1", "1000000001", "4294967296", "1e10", "-1e999999999", &huge] {
        let response = set(&organization, &format!("{{\"includedUnits\":{value}}}")).await;
        expect_out_of_range(&response, "includedUnits", units);
    }
    let members = "maxMembers must be an integer from 1 to 1000000, or null for no limit.";
    for value in ["0", "-1", "1000001", "4294967297", "1e999999999", "-0.0", &huge] {
        let response = set(&organization, &format!("{{\"maxMembers\":{value}}}")).await;
        expect_out_of_range(&response, "maxMembers", members);
    }
    assert_eq!(alice.organization(&organization).await["version"], 1);
    for (body, field, value) in [
        ("{\"includedUnits\":1000000000}", "includedUnits", json!(1_000_000_000)),
        ("{\"includedUnits\":0}", "includedUnits", json!(0)),
        ("{\"includedUnits\":5e3}", "includedUnits", json!(5000)),
        ("{\"includedUnits\":5000.0}", "includedUnits", json!(5000)),
        ("{\"maxMembers\":1000000}", "maxMembers", json!(1_000_000)),
        ("{\"maxMembers\":1}", "maxMembers", json!(1)),
        ("{\"maxMembers\":1.5e1}", "maxMembers", json!(15)),
    ] {
        let response = set(&organization, body).await;
        assert_eq!(response.expect(200)[field], value, "{response}");
    }
}

#[tokio::test]
async fn a_limit_that_is_not_an_integer_is_refused() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let others = ["5000.5", "\"5\"", "true", "[5]", "{}", "\"\""];
    for value in others.iter().chain(&["null"]) {
        let response = set(&organization, &format!("{{\"includedUnits\":{value}}}")).await;
        response.expect_invalid_request("includedUnits");
        let message = "The field \"includedUnits\" must be an integer.";
        assert_eq!(response.expect(400)["message"], message, "{response}");
    }
    for value in others {
        let response = set(&organization, &format!("{{\"maxMembers\":{value}}}")).await;
        response.expect_invalid_request("maxMembers");
        let message = "The field \"maxMembers\" must be an integer or null.";
        assert_eq!(response.expect(400)["message"], message, "{response}");
    }
    assert_eq!(alice.organization(&organization).await["version"], 1);
}

#[tokio::test]
async fn a_plan_without_a_limit_or_with_another_field_is_refused() {
    let (alice, service) = (stack::user("alice"), stack::service());
    let organization = alice.create_organization("Acme").await;
    let empty = service.patch(organization.plan(), json!({})).send().await;
    empty.expect_invalid_request("includedUnits");
    let message = "There is nothing to set. Send includedUnits, maxMembers or both.";
    assert_eq!(empty.expect(400)["message"], message, "{empty}");
    for field in ["maxOverages", "version", "included_units", "organizationId"] {
        for mut body in [json!({}), json!({ "includedUnits": 5, "maxMembers": 5 })] {
            body[field] = json!(5);
            let response = service.patch(organization.plan(), body).send().await;
            response.expect_invalid_request(field);
        }
    }
    assert_eq!(alice.organization(&organization).await["version"], 1);
}

/// Not even a limit that is valid by itself is set beside one that is not.
#[tokio::test]
async fn a_plan_is_set_as_a_whole_or_not_at_all() {
    let (alice, service) = (stack::user("alice"), stack::service());
    let organization = alice.create_organization("Acme").await;
    for (body, field) in [
        (json!({ "includedUnits": 5, "maxMembers": 0 }), "maxMembers"),
        (json!({ "includedUnits": -5, "maxMembers": 5 }), "includedUnits"),
    ] {
        let response = service.patch(organization.plan(), body).send().await;
        response.expect_validation_failed(field);
    }
    let found = alice.organization(&organization).await;
    let fields: [&Value; 3] = ["includedUnits", "maxMembers", "version"].map(|field| &found[field]);
    assert_eq!(fields, [&json!(0), &json!(null), &json!(1)]);
}

#[tokio::test]
async fn an_owner_cannot_set_the_plan() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let body = json!({ "includedUnits": 1_000_000_000, "maxMembers": null });
    alice.patch(organization.plan(), body).send().await.expect_insufficient_scope();
    let found = alice.organization(&organization).await;
    assert_eq!((&found["includedUnits"], &found["version"]), (&json!(0), &json!(1)));
}
