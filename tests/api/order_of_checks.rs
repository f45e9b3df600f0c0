//! The order of errors, when a request has several: 401; 413, 415, 400, 422; 404, 403, 412; then business
//! rules.

use crate::{
    client::Request,
    organizations::{Organization, team},
    stack,
};
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
    alice.post(organization.members(), body).send().await.expect_invalid_request("role");
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
    }
}

#[tokio::test]
async fn a_request_is_validated_before_the_role_is_checked() {
    let team = team().await;
    let request = team.member.put(&team.organization.path, json!({ "name": "" }));
    request.send().await.expect_validation_failed("name");
    let request = team.member.patch(team.organization.max_overages(), json!({}));
    request.send().await.expect_invalid_request("maxOverages");
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
    let organization = &team.organization;
    for (user, status, code) in
        [(&team.stranger, 404, "organization_not_found"), (&team.member, 403, "forbidden")]
    {
        for request in [
            user.put(&organization.path, json!({ "name": "Mine" })),
            user.patch(organization.max_overages(), json!({ "maxOverages": 5 })),
            user.post(organization.members(), json!({ "userId": "somebody" })),
            user.patch(organization.member(&team.admin.id), json!({ "role": "member" })),
            user.delete(organization.member(&team.admin.id)),
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
            (owner.post(organization.members(), existing), 409, "member_already_exists"),
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
    let (organization, body) = (&team.organization, json!({ "userId": team.admin.id }));
    team.member.post(organization.members(), body).send().await.expect_forbidden("admin");
    let path = organization.member(&team.owner.id);
    team.admin.delete(&path).send().await.expect_forbidden("owner");
    let update = team.admin.patch(&path, json!({ "role": "member" }));
    update.send().await.expect_forbidden("owner");
}
