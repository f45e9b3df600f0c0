//! openapi.yaml documents the answers of the code.

use crate::places::{operations, yaml};
use serde_json::{Value, json};
use shared::edge::Error;
use shared::error::Error as OperationError;
use shared::model::{Event, EventType, Limit, MaxOverages, OrganizationId, Period, Precondition, Role};
use std::collections::{BTreeMap, BTreeSet};

/// One error of each kind, with the details in openapi.yaml's examples.
fn one_of_each() -> Vec<Error> {
    let invalid = MaxOverages::units(-1).unwrap_err();
    let acme = OrganizationId::parse("org_01KG9YS7G07V9X2B3C5D8F0GHK").unwrap();
    let operation = [
        OperationError::Forbidden { required: Role::Admin },
        OperationError::Forbidden { required: Role::Owner },
        OperationError::OnlyServicesSend { field: "owner" },
        OperationError::OnlyServicesSend { field: "userId" },
        OperationError::OnlyServicesSend { field: "externalId" },
        OperationError::OnlyUsers,
        OperationError::AnotherUser,
        OperationError::OrganizationNotFound,
        OperationError::OrganizationDeleted,
        OperationError::MemberNotFound,
        OperationError::MemberAlreadyExists,
        OperationError::InvitationNotFound,
        OperationError::InvitationExpired,
        OperationError::InvitationForAnotherEmail,
        OperationError::Conflict,
        OperationError::IdempotencyInProgress,
        OperationError::IdempotencyKeyReused,
        Precondition::IfMatch.error_at(5),
        Precondition::WeakIfMatch.error_at(5),
        Precondition::IfNoneMatch.error_at(5),
        OperationError::ValidationFailed { field: "maxOverages", invalid },
        OperationError::LastOwner,
        OperationError::OnlyOwner { organizations: vec![acme] },
        OperationError::TooManyAdmins,
        OperationError::TooManyMembers { max: 50 },
        OperationError::ExternalIdTaken,
        OperationError::OveragesExhausted { remaining: 4750 },
        OperationError::TooManyInvitations,
        OperationError::TooManyOrganizations { max: 100 },
        OperationError::Internal("a cause".into()),
        OperationError::ServiceUnavailable("a cause".into()),
    ];
    let mut errors = vec![
        Error::invalid("limit", "limit must be an integer from 1 to 1000."),
        Error::InvalidCursor,
        Error::Unauthorized,
        Error::InsufficientScope,
        Error::PayloadTooLarge,
        Error::UnsupportedMediaType { is_patch: false },
        Error::UnsupportedCoding { is_patch: false },
    ];
    errors.extend(operation.map(Error::from));
    // This match does not compile if a kind of error is missing. Add a new kind to the list above, too.
    for error in &errors {
        match error {
            Error::InvalidRequest { .. } | Error::InvalidCursor | Error::Unauthorized => {}
            Error::InsufficientScope | Error::PayloadTooLarge => {}
            Error::UnsupportedMediaType { .. } | Error::UnsupportedCoding { .. } => {}
            Error::Operation(error) => match error {
                OperationError::Forbidden { .. } | OperationError::OnlyServicesSend { .. } => {}
                OperationError::OnlyUsers | OperationError::AnotherUser => {}
                OperationError::OrganizationNotFound | OperationError::OnlyOwner { .. } => {}
                OperationError::OrganizationDeleted | OperationError::MemberNotFound => {}
                OperationError::MemberAlreadyExists | OperationError::InvitationNotFound => {}
                OperationError::InvitationExpired | OperationError::InvitationForAnotherEmail => {}
                OperationError::Conflict | OperationError::PreconditionFailed { .. } => {}
                OperationError::IdempotencyInProgress | OperationError::IdempotencyKeyReused => {}
                OperationError::ValidationFailed { .. } | OperationError::LastOwner => {}
                OperationError::TooManyAdmins | OperationError::TooManyInvitations => {}
                OperationError::TooManyMembers { .. } | OperationError::ExternalIdTaken => {}
                OperationError::OveragesExhausted { .. } | OperationError::Internal(_) => {}
                OperationError::TooManyOrganizations { .. } | OperationError::ServiceUnavailable(_) => {}
            },
        }
    }
    errors
}

#[test]
fn openapi_lists_exactly_the_error_codes_of_the_code() {
    let codes: BTreeSet<_> = one_of_each().iter().map(|error| error.code().to_owned()).collect();
    let responses = responses(&yaml("openapi.yaml"));
    let documented: BTreeSet<_> = responses.iter().flat_map(|(.., response)| codes_of(response)).collect();
    assert_eq!(documented, codes);
}

#[test]
fn a_response_has_an_example_of_each_of_its_codes() {
    for (operation, status, response) in responses(&yaml("openapi.yaml")) {
        let codes: BTreeSet<_> = codes_of(&response).into_iter().collect();
        let exemplified: BTreeSet<_> =
            examples(&response).iter().filter_map(|example| string(&example["code"])).collect();
        assert_eq!(exemplified, codes, "{operation} {status}");
    }
}

#[test]
fn every_example_of_an_error_equals_what_the_code_returns() {
    let errors = one_of_each();
    // The messages of these two vary.
    let fixed: BTreeMap<_, _> = errors
        .iter()
        .filter(|error| !["invalid_request", "validation_failed"].contains(&error.code()))
        .map(|error| (error.to_string(), error))
        .collect();
    let mut compared = BTreeSet::new();
    for (operation, status, response) in responses(&yaml("openapi.yaml")) {
        for example in examples(&response) {
            let Some(code) = string(&example["code"]) else { continue };
            let allowed = codes_of(&response).contains(&code);
            assert!(allowed, "{operation} {status} has an example of {code}, which its schema forbids");
            if fixed.values().any(|error| error.code() == code) {
                let message = string(&example["message"]).unwrap();
                let error = fixed.get(&message).unwrap_or_else(|| panic!("{operation} {status}: {message}"));
                assert_eq!(code, error.code(), "{operation} {status}");
                assert_eq!(example.get("details").cloned(), error.details(), "{operation} {status}");
                compared.insert(message);
            }
        }
    }
    assert_eq!(compared, fixed.into_keys().collect());
}

/// An example shows what the code makes of its total and its limit.
#[test]
fn every_example_of_usage_adds_up() {
    let mut compared = 0;
    for (operation, status, response) in responses(&yaml("openapi.yaml")) {
        for example in examples(&response).into_iter().filter(|example| example.get("used").is_some()) {
            let limit = Limit {
                included_units: serde_json::from_value(example["includedUnits"].clone()).unwrap(),
                max_overages: serde_json::from_value(example["maxOverages"].clone()).unwrap(),
            };
            let id = OrganizationId::parse(example["organizationId"].as_str().unwrap()).unwrap();
            let period = Period::parse(example["period"].as_str().unwrap()).unwrap();
            let recorded = example.get("recorded").map(|recorded| recorded.as_i64().unwrap());
            let usage = limit.usage(id, period, example["used"].as_u64().unwrap(), recorded);
            assert_eq!(example, json!(usage), "{operation} {status}");
            compared += 1;
        }
    }
    assert!(compared >= 4, "only {compared} examples of usage");
}

#[test]
fn the_largest_total_is_that_of_the_code() {
    let openapi = yaml("openapi.yaml");
    assert_eq!(openapi["components"]["schemas"]["Units"]["maximum"], Limit::MAX_USED);
}

#[test]
fn the_types_of_events_are_those_of_the_code() {
    let openapi = yaml("openapi.yaml");
    assert_eq!(openapi["components"]["schemas"]["EventType"]["enum"], json!(EventType::ALL));
}

/// The code writes what it has read: an example has no field that the code does not know, and lacks none.
#[test]
fn every_example_of_an_event_is_one_that_the_code_makes() {
    let mut compared = 0;
    for (operation, status, response) in responses(&yaml("openapi.yaml")) {
        for example in examples(&response).iter().filter_map(Value::as_array).flatten() {
            if example.get("number").is_none() {
                continue;
            }
            let event: Event = serde_json::from_value(example.clone()).unwrap();
            assert_eq!(*example, json!(event), "{operation} {status}");
            let fields = &yaml("openapi.yaml")["components"]["schemas"]["EventChanges"]["properties"];
            let unknown: Vec<_> = event.changes.keys().filter(|name| fields.get(*name).is_none()).collect();
            assert!(unknown.is_empty(), "{operation} {status} changes {unknown:?}");
            compared += 1;
        }
    }
    assert!(compared >= 5, "only {compared} examples of events");
}

#[test]
fn every_operation_may_answer_401_and_500_and_503() {
    for (path, method, operation) in operations(&yaml("openapi.yaml")) {
        for status in ["401", "500", "503"] {
            assert!(operation["responses"].get(status).is_some(), "{method} {path} has no {status}");
        }
        assert!(operation.get("security").is_none(), "{method} {path} has an access rule of its own");
    }
    assert_eq!(yaml("openapi.yaml")["security"], json!([{ "bearerAuth": [] }]));
}

#[test]
fn every_operation_documents_the_answers_of_api_gateway() {
    let openapi = yaml("openapi.yaml");
    let line = |operation: &str, status: &str, body: &Value| format!("{operation} {status} {body}");
    let mut documented = BTreeSet::new();
    for (operation, status, response) in responses(&openapi) {
        let own = examples(&response).into_iter().filter(is_from_gateway);
        documented.extend(own.map(|body| line(&operation, &status, &body)));
    }
    let answers = [
        ("401", "Unauthorized"),
        ("403", "Forbidden"),
        ("429", "Too Many Requests"),
        ("500", "Internal Server Error"),
        ("503", "Service Unavailable"),
    ];
    let mut expected = BTreeSet::new();
    for (.., operation) in operations(&openapi) {
        let id = string(&operation["operationId"]).unwrap();
        expected.extend(answers.map(|(status, message)| line(&id, status, &json!({ "message": message }))));
    }
    assert_eq!(documented, expected);
}

#[test]
fn every_response_carries_the_headers_of_its_status() {
    for (operation, status, response) in responses(&yaml("openapi.yaml")) {
        let examples = examples(&response);
        if !examples.is_empty() && examples.iter().all(is_from_gateway) {
            continue;
        }
        let mut expected = vec!["Cache-Control", "Vary", "x-request-id"];
        match status.as_str() {
            "201" => expected.push("Location"),
            "304" => expected.push("ETag"),
            "401" | "403" => expected.push("WWW-Authenticate"),
            "415" => expected.extend(["Accept-Encoding", "Accept-Patch"]),
            "503" => expected.push("Retry-After"),
            _ => {}
        }
        for header in expected {
            assert!(response["headers"].get(header).is_some(), "{operation} {status} has no {header}");
        }
    }
}

/// Operation, status and content of each response, with references resolved.
fn responses(openapi: &Value) -> Vec<(String, String, Value)> {
    let mut responses = Vec::new();
    for (.., operation) in operations(openapi) {
        let id = string(&operation["operationId"]).unwrap();
        for (status, response) in operation["responses"].as_object().unwrap() {
            responses.push((id.clone(), status.clone(), follow(openapi, response)));
        }
    }
    assert!(responses.len() > 50, "only {} responses", responses.len());
    responses
}

/// `value` with every reference replaced by its target.
fn follow(openapi: &Value, value: &Value) -> Value {
    match value {
        Value::Object(fields) => match string(&value["$ref"]) {
            Some(reference) => {
                let found = reference.strip_prefix('#').and_then(|pointer| openapi.pointer(pointer));
                follow(openapi, found.unwrap_or_else(|| panic!("{reference} has no target")))
            }
            None => fields.iter().map(|(name, field)| (name.clone(), follow(openapi, field))).collect(),
        },
        Value::Array(items) => items.iter().map(|item| follow(openapi, item)).collect(),
        other => other.clone(),
    }
}

/// The codes that the schema of a response allows.
fn codes_of(response: &Value) -> Vec<String> {
    let schema = &response["content"]["application/json"]["schema"];
    let parts = schema["allOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
    let enums = parts.iter().filter_map(|part| part["properties"]["code"]["enum"].as_array());
    enums.flatten().filter_map(string).collect()
}

fn examples(response: &Value) -> Vec<Value> {
    let examples = response["content"]["application/json"]["examples"].as_object();
    examples.into_iter().flatten().map(|(_, example)| example["value"].clone()).collect()
}

/// API Gateway's own errors have only a message.
fn is_from_gateway(body: &Value) -> bool {
    body.as_object().is_some_and(|body| body.keys().eq(["message"]))
}

fn string(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
