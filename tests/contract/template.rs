//! template.yaml requires a token verified by API Gateway on every route. Its time-out, and the log message that
//! it filters, are those in the code.

use crate::places::{all_functions, functions, read, yaml};
use functions::record_events;
use serde_json::{Value, json};
use shared::edge::FUNCTION_TIMEOUT;
use shared::settings::Settings;

const API: &str = "OrganizationsApi";

/// With `AUTH_JWKS`, a function would trust keys from the template.
#[test]
fn no_function_gets_auth_jwks() {
    let text = read("template.yaml");
    assert!(text.contains("TABLE_NAME"), "template.yaml sets no variables");
    assert!(!text.contains("AUTH_JWKS"));
}

#[test]
fn the_api_verifies_tokens_by_default() {
    let template = yaml("template.yaml");
    let auth = &template["Resources"][API]["Properties"]["Auth"];
    let authorizer = &auth["Authorizers"][auth["DefaultAuthorizer"].as_str().expect("a default authorizer")];
    assert_eq!(authorizer["IdentitySource"], "$request.header.Authorization");
    assert_eq!(authorizer["AuthorizationScopes"], json!(["WriteScope", "ServiceScope"]));
    // The operands of `!If`: the stack's own user pool, or the given provider.
    let jwt = &authorizer["JwtConfiguration"];
    assert_eq!(jwt["issuer"], json!(["CreateUserPool", "UserPool.ProviderURL", "JwtIssuer"]));
    let clients = json!(["AppClient", ["CreateMachineClient", "CommandLineClient", "AWS::NoValue"]]);
    assert_eq!(jwt["audience"], json!(["CreateUserPool", clients, ["JwtAudience"]]));
}

#[test]
fn no_route_bypasses_the_default_authorizer() {
    let template = yaml("template.yaml");
    for (id, resource) in template["Resources"].as_object().unwrap() {
        let kind = resource["Type"].as_str().unwrap();
        let is_a_way_in = kind.contains("Api") || kind == "AWS::Lambda::Url";
        assert!(!is_a_way_in || id == API, "{id} is a second entry point, which bypasses the authorizer");
    }
    assert!(template["Globals"]["Function"].get("FunctionUrlConfig").is_none());
    for (id, function) in all_functions(&template) {
        let url = function["Properties"].get("FunctionUrlConfig");
        assert!(url.is_none(), "{id} has a function URL, which bypasses the authorizer");
    }
    for (id, function) in functions(&template) {
        let events = function["Properties"]["Events"].as_object().unwrap();
        assert_eq!(events.len(), 1, "{id} must have exactly one route");
        for event in events.values() {
            assert_eq!(event["Type"], "HttpApi", "{id}");
            assert_eq!(event["Properties"]["ApiId"], API, "{id}");
            // A route without scopes of its own has those of the authorizer. `names` compares them all with the code.
            let auth = event["Properties"].get("Auth").and_then(Value::as_object);
            let only_scopes = auth.is_none_or(|auth| auth.keys().eq(["AuthorizationScopes"]));
            assert!(only_scopes, "{id} has an authorizer of its own");
        }
    }
}

/// It trusts what it is invoked with.
#[test]
fn only_the_stream_of_the_table_invokes_the_function_that_records_events() {
    let template = yaml("template.yaml");
    let function = &template["Resources"]["RecordEventsFunction"];
    let events: Vec<_> = function["Properties"]["Events"].as_object().unwrap().values().collect();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["Type"], "DynamoDB");
    let stream = json!(["CreateStream", "OrganizationsTable.StreamArn", "ExistingTableStream"]);
    assert_eq!(events[0]["Properties"]["Stream"], stream);
}

/// API Gateway decodes a path before it looks for a route, and a user id may contain a slash.
#[test]
fn a_user_id_in_a_path_is_the_rest_of_the_path() {
    let mut paths = Vec::new();
    for (_, function) in functions(&yaml("template.yaml")) {
        let events = function["Properties"]["Events"].as_object().unwrap();
        paths.extend(events.values().map(|event| event["Properties"]["Path"].as_str().unwrap().to_owned()));
    }
    let with_user: Vec<_> = paths.iter().filter(|path| path.contains("{user_id")).collect();
    assert!(!with_user.is_empty() && with_user.iter().all(|path| path.ends_with("/{user_id+}")), "{paths:?}");
}

#[test]
fn the_scopes_of_cargo_local_are_the_default_ones() {
    let template = yaml("template.yaml");
    for (parameter, scope) in [
        ("ReadScope", local::READ_SCOPE),
        ("WriteScope", local::WRITE_SCOPE),
        ("ServiceScope", local::SERVICE_SCOPE),
    ] {
        assert_eq!(template["Parameters"][parameter]["Default"], scope);
    }
}

#[test]
fn the_settings_of_cargo_local_are_the_default_ones() {
    let template = yaml("template.yaml");
    let local::Settings {
        max_organizations_per_user,
        deleted_organization_days,
        invitation_url,
        invitee_email_claim,
    } = local::Settings::default();
    for (parameter, default) in [
        ("MaxOrganizationsPerUser", json!(max_organizations_per_user)),
        ("DeletedOrganizationDays", json!(deleted_organization_days)),
        ("InvitationUrl", json!(invitation_url)),
        ("InviteeEmailClaim", json!(invitee_email_claim)),
    ] {
        assert_eq!(template["Parameters"][parameter]["Default"], default, "{parameter}");
    }
}

/// An alarm counts the lines with this message.
#[test]
fn the_filter_for_omitted_rows_matches_the_message_in_the_code() {
    let template = yaml("template.yaml");
    let pattern = template["Resources"]["OmittedRowsFilter"]["Properties"]["FilterPattern"].as_str().unwrap();
    let message = pattern.strip_prefix("{ $.message = ").and_then(|rest| rest.strip_suffix(" }")).unwrap();
    let code = read("shared/src/store/items/mod.rs");
    assert!(code.contains(&format!(", {message})")), "no line of items/mod.rs has the message {message}");
}

#[test]
fn every_function_has_the_timeout_that_the_code_expects() {
    let template = yaml("template.yaml");
    assert_eq!(template["Globals"]["Function"]["Timeout"], FUNCTION_TIMEOUT.as_secs());
    for (id, function) in functions(&template) {
        assert!(function["Properties"].get("Timeout").is_none(), "{id} has a time-out of its own");
    }
    let recording = &template["Resources"]["RecordEventsFunction"]["Properties"]["Timeout"];
    for expected in [record_events::TIMEOUT, local::CONSUMER_TIMEOUT] {
        assert_eq!(*recording, expected.as_secs());
    }
}

#[test]
fn events_are_kept_as_long_by_default_as_the_template_says() {
    let template = yaml("template.yaml");
    let days = Settings::default().event_retention_days;
    assert_eq!(template["Parameters"]["EventRetentionDays"]["Default"], days);
}
