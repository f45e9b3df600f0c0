//! The order of errors, when a request has several: 401; 403 for the scope; 413, 415, 400, 403 for a field, 422;
//! 404, 409 for a deleted organization, 403, 412; then business rules.

use crate::{
    client::Request,
    examples::{Place, is_a_write, is_on_an_organization, request, sender},
    organizations::{Organization, percent_encode, team},
    stack,
};
use functions::Operation;
use reqwest::Method;
use serde_json::{Value, json};

const TOO_LARGE: usize = 64 * 1024 + 1;

fn plain(request: Request, body: String) -> Request {
    request.header("content-type", "text/plain").body(body)
}

fn json_body(request: Request, body: String) -> Request {
    request.header("content-type", "application/json").body(body)
}

#[tokio::test]
async fn a_missing_token_is_reported_before_any_other_error() {
    let nobody = stack::anonymous();
    let post = || nobody.request(Method::POST, "/organization");
    let path = Organization::from_id("org_").path;
    for request in [
        plain(post(), "x".repeat(TOO_LARGE)),
        plain(post(), "{}".to_owned()),
        json_body(post(), "garbage".to_owned()),
        json_body(post(), "{\"organizationName\":\"\"}".to_owned()),
        nobody.get("/organization/list?limit=0"),
        nobody.get("/organization/list?cursor=garbage"),
        nobody.put(&path, json!({ "name": "" })).if_match("garbage"),
        nobody.delete(format!("{path}/member/%ff")),
    ] {
        request.send().await.expect_error(401, "unauthorized");
    }
}

#[tokio::test]
async fn the_size_is_checked_before_the_media_type_and_the_media_type_before_the_content() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let put = || alice.request(Method::PUT, &organization.path);
    let too_large = plain(put(), "x".repeat(TOO_LARGE)).if_match("garbage");
    too_large.send().await.expect_error(413, "payload_too_large");
    let no_json = plain(put(), "garbage".to_owned()).if_match("garbage");
    no_json.send().await.expect_error(415, "unsupported_media_type");
}

#[tokio::test]
async fn the_syntax_of_a_request_is_checked_before_its_values() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let response = alice.put(&organization.path, json!({ "name": "", "colour": "red" })).send();
    response.await.expect_invalid_request("colour");
    let response = alice.put(&organization.path, json!({ "name": "" })).if_match("1").send();
    response.await.expect_invalid_request("If-Match");
    let body = json!({ "userId": "", "role": 5 });
    stack::service().post(organization.members(), body).send().await.expect_invalid_request("role");
    let body = json!({ "email": "", "role": "king", "expiresInDays": "5" });
    let invite = alice.post(format!("{}/invitation", organization.path), body);
    invite.send().await.expect_invalid_request("expiresInDays");
    let service = stack::service();
    let plan = service.patch(organization.plan(), json!({ "includedUnits": -1, "maxMembers": "5" }));
    plan.send().await.expect_invalid_request("maxMembers");
    let plan = service.patch(organization.plan(), json!({ "includedUnits": -1 })).if_match("1");
    plan.send().await.expect_invalid_request("If-Match");
    let report = |body: Value| service.post(organization.usage(), body);
    let body = json!({ "units": 0, "period": "x", "overLimit": 5 });
    report(body).send().await.expect_invalid_request("overLimit");
    let report = report(json!({ "units": 0 })).header("idempotency-key", "\"");
    report.send().await.expect_invalid_request("Idempotency-Key");
}

#[tokio::test]
async fn a_request_is_validated_before_the_organization_is_looked_up() {
    let stranger = stack::user("dave");
    for organization in ["org_00000000000000000000000000", "org_"].map(Organization::from_id) {
        let request = stranger.put(&organization.path, json!({ "name": 5 }));
        request.send().await.expect_invalid_request("name");
        let request = stranger.put(&organization.path, json!({ "name": "" }));
        request.send().await.expect_validation_failed("name");
        let request = stranger.get(format!("{}?limit=0", organization.members()));
        request.send().await.expect_invalid_request("limit");
        let request = stranger.get(format!("{}?cursor=garbage", organization.members()));
        request.send().await.expect_error(400, "invalid_cursor");
        let request = stranger.delete(organization.member("somebody")).if_match("1");
        request.send().await.expect_invalid_request("If-Match");
        let request = stranger.request(Method::PATCH, organization.max_overages());
        let request = plain(request, "{\"maxOverages\":5}".to_owned());
        request.send().await.expect_error(415, "unsupported_media_type");
        let request = stranger.get(format!("{}?period=x", organization.usage()));
        request.send().await.expect_validation_failed("period");
        let request = stranger.get(format!("{}?after=x", organization.events()));
        request.send().await.expect_invalid_request("after");
        let request = stranger.get(organization.events()).if_match("1");
        request.send().await.expect_invalid_request("If-Match");
        let request = stack::service().post(organization.usage(), json!({ "units": 0 }));
        request.send().await.expect_validation_failed("units");
        let request = stack::service().patch(organization.plan(), json!({ "includedUnits": -1 }));
        request.send().await.expect_validation_failed("includedUnits");
    }
}

#[tokio::test]
async fn a_request_is_validated_before_the_role_is_checked() {
    let team = team().await;
    let request = team.member.put(&team.organization.path, json!({ "name": "" }));
    request.send().await.expect_validation_failed("name");
    let request = team.member.patch(team.organization.max_overages(), json!({}));
    request.send().await.expect_invalid_request("maxOverages");
    let request = team.member.delete(&team.organization.path).if_match("1");
    request.send().await.expect_invalid_request("If-Match");
    let body = json!({ "expiresInDays": 31 });
    let request = team.member.post(format!("{}/invitation", team.organization.path), body);
    request.send().await.expect_validation_failed("expiresInDays");
}

/// A user id that is not the caller's own is not looked at further.
#[tokio::test]
async fn another_user_is_reported_after_the_syntax_and_before_the_values_and_the_rules() {
    let team = team().await;
    let erase = |user: &str| format!("/user/{}", percent_encode(user));
    for other in [&team.owner.id, "nobody", "no id", "service:a"] {
        let unknown = team.member.delete(format!("{}?force=true", erase(other)));
        unknown.send().await.expect_invalid_request("force");
        let refused = team.member.delete(erase(other)).send().await;
        assert_eq!(refused.expect_error(403, "forbidden"), Value::Null, "{refused}");
    }
    team.service.delete(erase("no id")).send().await.expect_validation_failed("user_id");
    let unknown = team.service.delete(format!("{}?force=true", erase("no id")));
    unknown.send().await.expect_invalid_request("force");
}

/// A malformed field is reported first, since the body must be read to find a field that is not the caller's to
/// send.
#[tokio::test]
async fn a_field_that_only_services_send_is_reported_after_the_syntax_and_before_the_values() {
    let alice = stack::user("alice");
    let create = |body: Value| alice.post("/organization", body).send();
    let owner = json!({ "organizationName": "", "owner": "" });
    assert_eq!(create(owner).await.expect_error(403, "forbidden")["field"], "owner");
    let colour = json!({ "organizationName": "Acme", "owner": "bob", "colour": "red" });
    create(colour).await.expect_invalid_request("colour");
    create(json!({ "organizationName": "Acme", "owner": 5 })).await.expect_invalid_request("owner");
    let list = |query: &str| alice.get(format!("/organization/list?{query}")).send();
    assert_eq!(list("userId=").await.expect_error(403, "forbidden")["field"], "userId");
    list("userId=bob&limit=0").await.expect_invalid_request("limit");
    list("userId=bob&deleted=no").await.expect_invalid_request("deleted");
    list("userId=bob&colour=red").await.expect_invalid_request("colour");
}

/// Roles do not matter here: only owners and services know of the organization, and no role forbids them anything.
#[tokio::test]
async fn deletion_is_reported_before_the_version_and_the_target() {
    let team = team().await;
    let place = Place::of(&team).await;
    team.owner.delete(&team.organization.path).send().await.expect(200);
    let waives = |operation: Operation| {
        matches!(operation, Operation::DeleteOrganization | Operation::RestoreOrganization)
    };
    let mut nowhere = place.about("nobody");
    "inv_00000000000000000000000000".clone_into(&mut nowhere.ids.invitation);
    let mut malformed = place.about("no body");
    "inv_".clone_into(&mut malformed.ids.invitation);
    let writes = Operation::ALL.iter().copied().filter(|operation| {
        is_on_an_organization(*operation) && is_a_write(*operation) && !waives(*operation)
    });
    for operation in writes {
        for place in [&place, &nowhere, &malformed] {
            let by_user = request(operation, sender(operation, &team), place).if_match("\"7\"");
            by_user.send().await.expect_error(409, "organization_deleted");
            let by_service = request(operation, &team.service, place).if_match("\"7\"");
            by_service.send().await.expect_error(409, "organization_deleted");
        }
    }
}

#[tokio::test]
async fn the_target_is_looked_up_before_the_role_is_checked() {
    let team = team().await;
    let path = team.organization.member(&team.stranger.id);
    let update = team.member.patch(&path, json!({ "role": "owner" }));
    update.send().await.expect_error(404, "member_not_found");
    team.member.delete(&path).send().await.expect_error(404, "member_not_found");
}

#[tokio::test]
async fn existence_and_role_are_checked_before_the_version() {
    let team = team().await;
    let (organization, place) = (&team.organization, Place::of(&team).await);
    for (user, status, code) in
        [(&team.stranger, 404, "organization_not_found"), (&team.member, 403, "forbidden")]
    {
        for request in [
            user.put(&organization.path, json!({ "name": "Mine" })),
            user.patch(organization.max_overages(), json!({ "maxOverages": 5 })),
            user.post(format!("{}/invitation", organization.path), json!({})),
            user.delete(format!("{}/invitation/{}", organization.path, place.ids.invitation)),
            user.delete(&organization.path),
            user.post(format!("{}/restore", organization.path), json!({})),
            user.patch(organization.member(&team.admin.id), json!({ "role": "member" })),
            user.delete(organization.member(&team.admin.id)),
            user.get(organization.events()),
        ] {
            request.if_match("\"7\"").send().await.expect_error(status, code);
        }
    }
    let nobody = organization.member(&team.stranger.id);
    let request = team.owner.delete(nobody).if_match("\"7\"");
    request.send().await.expect_error(404, "member_not_found");
}

#[tokio::test]
async fn the_version_is_checked_before_business_rules() {
    let team = team().await;
    let (organization, owner) = (&team.organization, &team.owner);
    let requests = || {
        let existing = json!({ "userId": team.member.id });
        [
            (team.service.post(organization.members(), existing), 409, "member_already_exists"),
            (owner.delete(organization.member(&owner.id)), 422, "last_owner"),
            (owner.patch(organization.member(&owner.id), json!({ "role": "admin" })), 422, "last_owner"),
        ]
    };
    for (request, _, _) in requests() {
        let details = request.if_match("\"7\"").send().await.expect_error(412, "precondition_failed");
        assert_eq!(details["currentVersion"], Value::from(3));
    }
    for (request, status, code) in requests() {
        request.if_match("\"3\"").send().await.expect_error(status, code);
    }
}

#[tokio::test]
async fn the_role_is_checked_before_business_rules() {
    let team = team().await;
    let path = team.organization.member(&team.owner.id);
    team.admin.delete(&path).send().await.expect_forbidden("owner");
    let update = team.admin.patch(&path, json!({ "role": "member" }));
    update.send().await.expect_forbidden("owner");
}
