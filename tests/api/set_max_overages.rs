//! `PATCH /organization/{organization_id}/max-overages`

use crate::{
    organizations::{assert_fields, assert_timestamp, team},
    stack,
};
use serde_json::json;

#[tokio::test]
async fn setting_a_limit_returns_the_configuration() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let request = alice.patch(organization.max_overages(), json!({ "maxOverages": 500 }));
    let response = request.send().await;
    let configuration = response.expect(200);
    let fields = ["organizationId", "maxOverages", "updatedAt", "updatedBy", "version"];
    assert_fields(&configuration, &fields);
    assert_eq!(configuration["organizationId"], organization.id);
    assert_eq!(configuration["maxOverages"], json!(500));
    assert_eq!(configuration["updatedBy"], alice.id);
    assert_eq!(configuration["version"], 2);
    assert_timestamp(&configuration["updatedAt"]);
    assert_eq!(response.header("etag"), Some("\"2\""), "{response}");

    let organization = alice.organization(&organization).await;
    assert_eq!(organization["maxOverages"], json!(500));
    assert_eq!(organization["updatedAt"], configuration["updatedAt"]);
    assert_eq!(organization["version"], 2);
}

#[tokio::test]
async fn the_limit_may_be_from_0_to_a_billion_or_null() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    for limit in [json!(1_000_000_000), json!(null), json!(1), json!(null), json!(0)] {
        let body = json!({ "maxOverages": limit });
        let configuration = alice.patch(organization.max_overages(), body).send().await.expect(200);
        assert_eq!(configuration["maxOverages"], limit);
        assert_eq!(alice.organization(&organization).await["maxOverages"], limit);
    }
}

#[tokio::test]
async fn an_admin_can_set_the_limit_and_is_recorded_as_its_author() {
    let team = team().await;
    let body = json!({ "maxOverages": 7 });
    let request = team.admin.patch(team.organization.max_overages(), body);
    assert_eq!(request.send().await.expect(200)["updatedBy"], team.admin.id);
}

#[tokio::test]
async fn a_member_cannot_set_the_limit() {
    let team = team().await;
    let body = json!({ "maxOverages": 7 });
    let request = team.member.patch(team.organization.max_overages(), body);
    request.send().await.expect_forbidden("admin");
    assert_eq!(team.owner.organization(&team.organization).await["maxOverages"], json!(0));
}

#[tokio::test]
async fn a_limit_that_is_not_an_integer_is_refused() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    for value in ["5000.5", "15e-1", "1e-999999999", "-0.5", "\"5\"", "\"5e3\"", "true", "[5]", "{}", "\"\""]
    {
        let request = alice.request(reqwest::Method::PATCH, organization.max_overages());
        let request = request.header("content-type", "application/json");
        let response = request.body(format!("{{\"maxOverages\":{value}}}")).send().await;
        response.expect_invalid_request("maxOverages");
    }
    assert_eq!(alice.organization(&organization).await["version"], 1);
}

#[tokio::test]
async fn an_integer_may_have_a_fraction_of_zeros_or_an_exponent() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    for (value, limit) in [
        ("5000.0", 5000),
        ("5e3", 5000),
        ("1E3", 1000),
        ("0.0", 0),
        ("-0e7", 0),
        ("0e999999999", 0),
        ("1.5e+1", 15),
        ("50000e-1", 5000),
        ("10.00e8", 1_000_000_000),
    ] {
        let request = alice.request(reqwest::Method::PATCH, organization.max_overages());
        let request = request.header("content-type", "application/json");
        let response = request.body(format!("{{\"maxOverages\":{value}}}")).send().await;
        assert_eq!(response.expect(200)["maxOverages"], limit, "{response}");
    }
}

#[tokio::test]
async fn a_limit_out_of_range_is_refused() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let huge = format!("1{}", "0".repeat(30));
    let (above_u64, below_i64) = ("18446744073709551616", "-9223372036854775809");
    for value in
        ["-1", "1000000001", "4294967296", "1e10", "1e999999999", "-1e999999999", above_u64, below_i64, &huge]
    {
        let request = alice.request(reqwest::Method::PATCH, organization.max_overages());
        let request = request.header("content-type", "application/json");
        let response = request.body(format!("{{\"maxOverages\":{value}}}")).send().await;
        response.expect_validation_failed("maxOverages");
    }
    assert_eq!(alice.organization(&organization).await["version"], 1);
}

#[tokio::test]
async fn the_error_names_a_missing_limit_or_an_unknown_field() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    for (body, field) in [
        (json!({}), "maxOverages"),
        (json!({ "maxOverages": 5, "version": 1 }), "version"),
        (json!({ "maxOverages": 5, "max_overages": 5 }), "max_overages"),
    ] {
        let response = alice.patch(organization.max_overages(), body).send().await;
        response.expect_invalid_request(field);
    }
    assert_eq!(alice.organization(&organization).await["version"], 1);
}
