//! Follows README.md as a newcomer would: runs its commands, and checks that each prints the output shown
//! below it. Runs the reader that catches up in docs/events.md in the same way.
//!
//! Only the ports and the directory differ, so that the test does not disturb other programs.

mod configuration;
mod instance;
mod text;

use functions::Operation;
use futures_util::{StreamExt as _, stream};
use heck::ToKebabCase as _;
use instance::Instance;
use serde_json::{Value, json};
use text::{answers, blocks, without_what_differs};

/// The start of each of README's shell blocks, and how to run the block.
const BLOCKS: [(&str, Run); 8] = [
    ("cargo local   #", Run::Instance),
    ("cargo local seed", Run::Administration),
    ("export PATH=", Run::CargoLambda),
    ("API=", Run::Session),
    ("api -H \"$ANN\" $ORG -X PUT -H 'If-Match", Run::Session),
    ("api -H \"$BACKEND\" $ORG/plan", Run::Session),
    ("api -H \"$ANN\" \"$ORG/event", Run::Session),
    // Deploys to AWS, so this test does not run it. tests/template deploys to a local stand-in, and
    // `.ci/artifacts` runs `sam build`.
    ("sam build && sam deploy", Run::Elsewhere),
];

/// The number of events that are sent at the same time. The emulator and the tool for sending both run cargo first.
const AT_ONCE: usize = 4;

#[derive(Debug, PartialEq)]
enum Run {
    /// Starts the instance that the other blocks use. Also runs the tests; this test skips that, because it
    /// is one of them.
    Instance,
    /// Seeds an instance, resets it, and prints the help.
    Administration,
    /// Two blocks, each for a terminal of its own. The first runs the functions in an emulator. The second sends
    /// an event to one of them there and to one of the instance. Both begin with the same PATH.
    CargoLambda,
    /// Requests with their answers below, in one shell.
    Session,
    Elsewhere,
}

#[tokio::test]
async fn every_command_works_and_prints_what_readme_shows_below_it() {
    let readme = std::fs::read_to_string(local::workspace_root().join("README.md")).unwrap();
    let blocks = blocks(&readme);
    let of = |run: Run| {
        let starts: Vec<_> = BLOCKS.iter().filter(|(_, how)| *how == run).map(|(start, _)| *start).collect();
        blocks
            .iter()
            .filter(|block| starts.iter().any(|start| block.starts_with(start)))
            .map(String::as_str)
            .collect::<String>()
    };
    let instance = Instance::start().await;

    let session = of(Run::Session);
    let answered = instance.shell(&session).await;
    assert_eq!(without_what_differs(&answered), without_what_differs(&answers(&session)));

    let events = std::fs::read_to_string(local::workspace_root().join("docs/events.md")).unwrap();
    let catch_up = text::blocks(&events).into_iter().find(|block| block.contains("catch_up 1")).unwrap();
    assert_eq!(instance.shell(&catch_up).await, answers(&catch_up));

    let cargo_lambda = of(Run::CargoLambda);
    let [path, watch, same_path, invokes @ ..] = &cargo_lambda.lines().collect::<Vec<_>>()[..] else {
        panic!("{cargo_lambda}")
    };
    assert_eq!((path, invokes.len()), (same_path, 2));
    let with_path = |command: &str| format!("{path}\n{command}");
    let invokes: Vec<_> = invokes.iter().map(|invoke| with_path(invoke)).collect();
    expect_answers(&instance, &with_path(watch), &invokes).await;

    let administration = of(Run::Administration);
    let [seed, reset, help] = administration.lines().collect::<Vec<_>>().try_into().expect("three commands");
    let seeded = instance.shell(seed).await;
    assert!(["Acme", "Globex", "Initech"].iter().all(|name| seeded.contains(name)), "{seeded}");
    let before = demo_data(&instance).await;
    for part in
        ["dave@acme.example", r#""userId":"carol""#, r#""used":1200,"includedUnits":1000,"overages":200"#]
    {
        assert!(before.contains(part), "{part}: {before}");
    }
    assert_eq!(instance.shell(seed).await, seeded);
    assert_eq!(demo_data(&instance).await, before, "seeding again changes nothing");
    let deleted = instance.shell(&format!("{OF_ALICE}\ncurl -sS -H \"$ALICE\" $ACME -X DELETE")).await;
    assert!(deleted.contains("deletedAt"), "{deleted}");
    assert_eq!(instance.shell(seed).await, seeded, "a deleted organization is restored");
    let stopped = instance.stop().await;
    let deleted = stopped.shell(reset).await;
    assert!(deleted.starts_with("Deleted ") && deleted.contains("dynamodb.sqlite3"), "{deleted}");
    assert!(stopped.shell(help).await.contains("--dynamodb-endpoint"));
}

/// Sets `ALICE`, a header of the demo user alice, and `ACME`, the organization that she created.
const OF_ALICE: &str = r#"
    ALICE="Authorization: Bearer $(cargo -q local token alice)"
    LIST=$(curl -sS -H "$ALICE" http://127.0.0.1:9000/organization/list)
    ACME=http://127.0.0.1:9000/organization/$(echo "$LIST" | grep -o 'org_[0-9A-Z]*' | head -1)"#;

/// The organizations of alice, with the members, the pending invitations and the usage of the one that she created.
async fn demo_data(instance: &Instance) -> String {
    let read = r#"echo "$LIST"; for of in member invitation usage; do curl -sS -H "$ALICE" $ACME/$of; done"#;
    instance.shell(&format!("{OF_ALICE}\n{read}")).await
}

/// Runs the commands of README that send an event to a function, with the event of each function. Then runs the
/// emulator without its environment, in which no function can work.
async fn expect_answers(instance: &Instance, watch: &str, invokes: &[String]) {
    let port = instance::free_port();
    let at_port = |command: &str| command.replace("--invoke-port 9001", &format!("--invoke-port {port}"));
    let answer = async |command: &str| -> (Value, Value) {
        let answer = instance.shell(&at_port(command)).await;
        let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
        let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        (answer["statusCode"].clone(), body)
    };
    let emulator = instance.start_emulator(&at_port(watch), port).await;
    // Cargo.toml turns off what cargo-lambda allows pages of all origins by default.
    let url = format!("http://127.0.0.1:{port}/organization/list");
    let from_a_page =
        local::http_client().get(url).header("origin", "http://evil.example").send().await.unwrap();
    assert!(from_a_page.headers().get("access-control-allow-origin").is_none(), "{from_a_page:?}");
    let events = invokes.iter().flat_map(|invoke| Operation::ALL.iter().map(move |of| (invoke, of)));
    let check = async |(invoke, operation): (&String, &Operation)| {
        let (status, body) =
            answer(&invoke.replace("create-organization", &operation.id().to_kebab_case())).await;
        // The events name an organization that does not exist.
        let expected = match operation {
            Operation::CreateOrganization => (json!(201), Value::Null),
            Operation::ListOrganizations => (json!(200), Value::Null),
            Operation::PreviewInvitation | Operation::AcceptInvitation => {
                (json!(404), json!("invitation_not_found"))
            }
            // It names ann, who is the only owner of README's organization.
            Operation::DeleteUser => (json!(422), json!("last_owner")),
            _ => (json!(404), json!("organization_not_found")),
        };
        let code = body.get("code").cloned().unwrap_or_default();
        assert_eq!((status, code), expected, "{invoke} {operation:?}: {body}");
    };
    stream::iter(events).for_each_concurrent(AT_ONCE, check).await;
    emulator.stop().await;

    let without = watch.replace("--env-file target/local/env ", "");
    assert_ne!(without, watch);
    let emulator = instance.start_emulator(&at_port(&without), port).await;
    let (status, body) = answer(&invokes[0]).await;
    assert_eq!((status, &body["code"]), (json!(500), &json!("internal_error")), "{body}");
    emulator.stop().await;
}

#[test]
fn every_shell_block_of_readme_is_listed_in_blocks() {
    let readme = std::fs::read_to_string(local::workspace_root().join("README.md")).unwrap();
    let blocks = blocks(&readme);
    let unknown: Vec<_> =
        blocks.iter().filter(|block| !BLOCKS.iter().any(|(start, _)| block.starts_with(start))).collect();
    assert!(unknown.is_empty(), "add these blocks of README to BLOCKS: {unknown:#?}");
    let gone: Vec<_> =
        BLOCKS.iter().filter(|(start, _)| !blocks.iter().any(|block| block.starts_with(start))).collect();
    assert!(gone.is_empty(), "README no longer has these blocks, remove them from BLOCKS: {gone:?}");
    let instance = blocks.iter().find(|block| block.starts_with(BLOCKS[0].0)).unwrap();
    let commands: Vec<_> = instance.lines().map(|line| line.split('#').next().unwrap().trim()).collect();
    assert_eq!(commands, ["cargo local", "cargo test"]);
}
