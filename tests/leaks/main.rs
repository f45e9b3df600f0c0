//! Client data never gets into a log, nor into a response to another client. Every log line names the release.
//!
//! The functions run as they do in Lambda. Every value that a client chooses contains `canary`: tokens,
//! names, domains, ids, headers, paths, queries and bodies. So do the answers of a failing DynamoDB.

mod events;
mod record;
mod world;

use events::{event, no_request, wrong};
use functions::Operation;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use shared::model::{InvitationId, InvitationToken, OrganizationId};
use std::fs;
use support::database::Database;
use support::event::Request;
use support::example::{MEMBER, Place};
use support::instance::Instance;
use world::{AN_HOUR, RELEASE, Run, World, changed, log_file};

/// The default level and the more verbose ones. A TRACE line could contain whole events.
const LEVELS: [&str; 3] = ["TRACE", "DEBUG", "INFO"];

/// The number of instances that run at the same time.
const AT_ONCE: usize = 8;

#[tokio::test]
async fn every_log_line_is_json_and_contains_no_client_data() {
    let world = World::new().await;
    let all =
        LEVELS.iter().flat_map(|level| Operation::ALL.iter().map(move |operation| (*operation, *level)));
    let world = &world;
    let run = |(operation, level): (Operation, &'static str)| async move {
        let Run { log, answers, secrets } = match operation {
            // It erases the member of all places in its world.
            Operation::DeleteUser => World::new().await.run(operation, level).await,
            _ => world.run(operation, level).await,
        };
        let lines = lines(&log);
        let of = format!("{} at {level}", operation.id());
        assert!(
            lines.iter().any(|(line, _)| line.contains("check what invokes the function")),
            "{of}: {log}"
        );
        assert!(!lines.iter().any(|(line, _)| line.contains("panicked")), "{of}: {log}");
        for secret in secrets {
            let leak = lines.iter().find(|(line, level)| level != "TRACE" && line.contains(&secret));
            assert!(leak.is_none(), "{of} logs {secret}: {leak:?}");
        }
        expect_a_token_only_of_an_invitation(operation, answers);
    };
    stream::iter(all).for_each_concurrent(AT_ONCE, run).await;
}

/// An invitation's token is in no answer but that to the request that made or renewed it, and there only in its
/// field. No error contains an address.
fn expect_a_token_only_of_an_invitation(operation: Operation, answers: Vec<Value>) {
    for mut answer in answers {
        let is_success = answer["statusCode"].as_u64().is_some_and(|status| status < 300);
        if is_success && operation == Operation::CreateInvitation {
            let mut body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
            let token = body.as_object_mut().unwrap().remove("token");
            assert!(token.is_some_and(|token| token.as_str().unwrap().starts_with("invt_")), "{answer}");
            answer["body"] = body;
        }
        let text = answer.to_string();
        assert!(!text.contains("invt_"), "{} answers with a token: {text}", operation.id());
        assert!(
            is_success || !text.contains("@canary"),
            "{} answers with an address: {text}",
            operation.id()
        );
    }
}

#[tokio::test]
async fn no_response_contains_data_of_another_client() {
    let world = World::new().await;
    let stranger = world.identity.token("wren", AN_HOUR);
    world.create("wren", "Wren", "wren.example").await;
    // Who has an invitation's token may see it. The stranger has guessed where the invitation is.
    let place = forged(world.place().await);
    let (world, place, stranger) = (&world, &place, &stranger);
    let run = |&operation: &'static Operation| async move {
        let log = log_file(operation, "strangers");
        let mut instance = world.instance(operation, "INFO", &world.database.url(), &log).await;
        for (pointer, value) in [vec![("/isBase64Encoded", json!(false))], wrong(), no_request()].concat() {
            // An answer may repeat values from the stranger's own request. So these contain `wren`, not
            // `canary`.
            let event = changed(event(operation, place, stranger), pointer, value);
            let event = event.to_string().replace("canary", "wren").replace("Canary", "Wren");
            let mut event: Value = serde_json::from_str(&event).unwrap();
            if let Some(user) = event.pointer_mut("/pathParameters/user_id") {
                *user = json!(MEMBER);
            }
            if let Some(key) = event.pointer_mut("/headers/idempotency-key") {
                *key = json!("canary");
            }
            let response = instance.invoke(&event).await;
            let answer = response.to_string().to_lowercase();
            assert!(!answer.contains("canary"), "{} {pointer}: {answer}", operation.id());
        }
    };
    stream::iter(Operation::ALL).for_each_concurrent(AT_ONCE, run).await;
}

/// The same place with another token: with the right organization and invitation, and a wrong secret.
fn forged(place: Place) -> Place {
    let organization = OrganizationId::parse(&place.organization).unwrap();
    let invitation = InvitationId::parse(&place.invitation).unwrap();
    let token = InvitationToken::generate(&organization, &invitation).unwrap().to_text();
    Place { token, ..place }
}

/// Lambda and its emulators start a function that has ended again and again. `cargo lambda watch` lets the
/// request wait meanwhile.
#[tokio::test]
async fn a_function_that_cannot_run_answers_500_and_logs_what_is_missing() {
    let tokens = |scope| {
        vec![
            ("AUTH_JWKS", "{}"),
            ("AUTH_ISSUER", "canary"),
            ("AUTH_AUDIENCE", "canary"),
            ("AUTH_WRITE_SCOPE", "canary"),
            ("AUTH_READ_SCOPE", scope),
        ]
    };
    for (variables, cause) in [
        (vec![("TABLE_NAME", "")], "TABLE_NAME is not set"),
        (vec![("AWS_REGION", "")], "AWS_REGION is not set"),
        (vec![("AWS_ENDPOINT_URL_DYNAMODB", "not a URL")], "endpoint is not a URL"),
        (vec![("AUTH_SERVICE_SCOPE", "")], "AUTH_SERVICE_SCOPE is not set"),
        (vec![("AUTH_SERVICE_SCOPE", "two scopes")], "AUTH_SERVICE_SCOPE must be one scope"),
        (vec![("MAX_ORGANIZATIONS_PER_USER", "0")], "must be an integer from 1 to 1000000"),
        (vec![("DELETED_ORGANIZATION_DAYS", "canary")], "must be an integer from 1 to 365"),
        (vec![("AUTH_JWKS", "{}"), ("AUTH_ISSUER", "")], "AUTH_ISSUER is not set"),
        (tokens(""), "AUTH_READ_SCOPE is not set"),
        (tokens("two scopes"), "AUTH_READ_SCOPE must be one scope"),
    ] {
        let (name, _) = *variables.last().unwrap();
        let file = log_file(Operation::GetOrganization, name);
        let variables = variables.into_iter().chain([("RELEASE", RELEASE)]);
        let variables = variables.map(|(name, value)| (name, value.to_owned()));
        let mut instance = Instance::logging(Operation::GetOrganization, variables, &file).await;
        instance.ready().await;
        for _ in 0..2 {
            let event =
                Request::new(Operation::GetOrganization, "ann").of("organization_id", "org_1").event();
            let answer = instance.invoke(&event).await;
            assert_eq!(answer["statusCode"], 500, "{name}: {answer}");
            let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
            assert_eq!(body["code"], "internal_error", "{name}: {answer}");
            assert!(!answer.to_string().contains(name), "{answer}");
        }
        instance.kill().await;
        let log = fs::read_to_string(file).unwrap();
        let lines: Vec<Value> =
            lines(&log).iter().map(|(line, _)| serde_json::from_str(line).unwrap()).collect();
        // One line at the start, so that it alarms before a request does, and one for each request.
        assert_eq!(lines.len(), 3, "{log}");
        assert!(lines[0]["message"].as_str().unwrap().contains("cargo local"), "{log}");
        for line in lines {
            assert_eq!(line["level"], "error", "{log}");
            assert!(line["cause"].as_str().unwrap().contains(&cause.to_lowercase()), "{log}");
        }
    }
}

#[tokio::test]
async fn a_function_that_ends_at_its_start_logs_the_reason_as_json() {
    let (database, file) = (Database::start().await, log_file(Operation::GetOrganization, "ends"));
    let variables = [
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "canary".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", database.url()),
        ("RELEASE", RELEASE.to_owned()),
    ];
    let instance = Instance::logging(Operation::GetOrganization, variables, &file).await;
    assert_ne!(instance.exit_code().await, Some(0));
    let log = fs::read_to_string(file).unwrap();
    let lines = lines(&log);
    assert!(lines.len() == 1 && log.contains("panicked") && !log.contains("canary"), "{log}");
    assert_eq!(lines[0].1, "ERROR");
}

#[tokio::test]
async fn no_line_names_a_release_if_there_is_none() {
    let file = log_file(Operation::GetOrganization, "no-release");
    let mut instance =
        Instance::logging(Operation::GetOrganization, [("AUTH_JWKS", "{}".to_owned())], &file).await;
    instance.ready().await;
    instance.kill().await;
    let line: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert!(line["level"] == "ERROR" && line.get("release").is_none(), "{line}");
}

/// Each line of a log, in lower case, and its level. Asserts that it names the release: an alarm that stops a
/// deployment counts the errors of the new release.
fn lines(log: &str) -> Vec<(String, String)> {
    let line = |line: &str| {
        let json: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(json["release"], RELEASE, "{line}");
        (line.to_lowercase(), json["level"].as_str().unwrap().to_owned())
    };
    log.lines().map(line).collect()
}
