//! Follows README.md as a newcomer would: runs its commands, and checks that each prints the output shown
//! below it.
//!
//! Only the ports and the directory differ, so that the test does not disturb other programs.

mod configuration;
mod instance;
mod text;

use instance::Instance;
use text::{answers, blocks, without_what_differs};

/// The start of each of README's shell blocks, and how to run the block.
const BLOCKS: [(&str, Run); 5] = [
    ("cargo local   #", Run::Instance),
    ("cargo local seed", Run::Administration),
    ("API=", Run::Session),
    ("api -H \"$ANN\" $ORG -X PUT -H 'If-Match", Run::Session),
    // Deploys to AWS, so this test does not run it. tests/template deploys to a local stand-in, and
    // `.ci/artifacts` runs `sam build`.
    ("sam build && sam deploy", Run::Elsewhere),
];

#[derive(Debug, PartialEq)]
enum Run {
    /// Starts the instance that the other blocks use. Also runs the tests; this test skips that, because it
    /// is one of them.
    Instance,
    /// Seeds an instance, resets it, and prints the help.
    Administration,
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

    let administration = of(Run::Administration);
    let [seed, reset, help] = administration.lines().collect::<Vec<_>>().try_into().expect("three commands");
    let seeded = instance.shell(seed).await;
    assert!(["Acme", "Globex", "Initech"].iter().all(|name| seeded.contains(name)), "{seeded}");
    let organizations = |seeded: &str| without_what_differs(seeded).lines().count();
    assert_eq!(organizations(&instance.shell(seed).await), organizations(&seeded));
    let stopped = instance.stop().await;
    let deleted = stopped.shell(reset).await;
    assert!(deleted.starts_with("Deleted ") && deleted.contains("dynamodb.sqlite3"), "{deleted}");
    assert!(stopped.shell(help).await.contains("--dynamodb-endpoint"));
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
