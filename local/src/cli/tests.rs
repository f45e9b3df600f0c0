use super::*;
use clap::CommandFactory as _;

fn parse(arguments: &[&str]) -> Result<Cli, String> {
    let arguments = ["local"].iter().chain(arguments);
    Cli::try_parse_from(arguments).map_err(|error| one_line(&error))
}

#[test]
fn the_command_line_definition_is_valid() {
    Cli::command().debug_assert();
}

#[test]
fn the_defaults_are_those_of_the_readme() {
    let cli = parse(&[]).unwrap();
    let options = cli.options();
    assert_eq!((options.port, options.concurrency, options.ignore_changes), (9000, 4, false));
    assert_eq!(cli.reference_port(), 9010);
    assert!(matches!(options.database, Database::File { port: 8000 }));
    assert!(options.data_dir.ends_with("target/local"));
}

#[test]
fn each_database_is_chosen_by_its_option() {
    let memory = parse(&["--in-memory", "--dynamodb-port", "8001"]).unwrap().options();
    assert!(matches!(memory.database, Database::InMemory { port: 8001 }));
    let external = parse(&["--dynamodb-endpoint", "http://localhost:4566"]).unwrap().options();
    assert!(
        matches!(external.database, Database::External { endpoint } if endpoint == "http://localhost:4566")
    );
}

#[test]
fn invalid_arguments_are_refused_in_one_line() {
    for arguments in [
        &["--dynamodb-endpoint", "http://localhost:8000", "--in-memory"][..],
        &["--dynamodb-endpoint", "http://localhost:8000", "--dynamodb-port", "8001"],
        &["--dynamodb-endpoint", "localhost:8000"],
        &["--dynamodb-endpoint", "http://localhost:8000/'"],
        &["--port", "0"],
        &["--port", "65536"],
        &["--reference-port", "0"],
        &["--concurrency", "0"],
        &["--max-organizations-per-user", "0"],
        &["--max-organizations-per-user", "1000001"],
        &["--deleted-organization-days", "0"],
        &["--deleted-organization-days", "366"],
        &["--invitation-url", "http://app.example.com"],
        &["--invitee-email-claim", "an address"],
        &["--invitation-url", "https://app.example.com", "seed"],
        &["--prot", "9000"],
        &["--port", "9001", "token", "alice"],
        &["--port", "9001", "events"],
        &["token"],
        &["token", "a b"],
        &["token", ""],
        &["token", &"x".repeat(256)],
        &["token", ".."],
        &["token", "alice", "--scope", "a\"b"],
        &["token", "alice", "--scope", "a\tb"],
        &["token", "alice", "--service", "billing"],
        &["token", "--service", "billing", "--scope", "organizations/read"],
        &["token", "--service"],
        &["token", "--service", "service:billing"],
        &["token", "--service", "a b"],
        &["token", "alice", "--ttl", "0"],
        &["token", "alice", "--ttl", "500ms"],
        &["token", "alice", "--ttl", "86401"],
        &["token", "alice", "--ttl", "30d"],
        &["token", "alice", "--ttl", "8x"],
        &["token", "alice", "--ttl", "-8h"],
        &["tokens", "alice"],
        &["seed", "--port", "0"],
        &["reset", "everything"],
    ] {
        let line = parse(arguments).unwrap_err();
        assert!(
            line.starts_with("error: ") && line.ends_with("see `cargo local --help`"),
            "{arguments:?}: {line}"
        );
        assert!(!line.contains('\n'), "{line}");
    }
}

#[test]
fn user_ids_of_common_providers_are_accepted() {
    for user in ["alice", "auth0|64ab", "google-oauth2|1", "me@example.com", &"x".repeat(255)] {
        assert!(parse(&["token", user]).is_ok(), "{user}");
    }
}

#[test]
fn scopes_are_optional_and_may_be_empty() {
    let scopes = |arguments: &[&str]| match parse(arguments).unwrap().command {
        Some(Command::Token(token)) => token.scopes,
        other => panic!("{other:?}"),
    };
    assert_eq!(scopes(&["token", "alice"]), None);
    for text in ["", "organizations/read", "organizations/read openid"] {
        assert_eq!(scopes(&["token", "alice", "--scope", text]).as_deref(), Some(text));
    }
}

#[test]
fn the_settings_are_those_of_the_options() {
    assert_eq!(parse(&[]).unwrap().settings(), Settings::default());
    let options = [
        ["--max-organizations-per-user", "1000000"],
        ["--deleted-organization-days", "365"],
        ["--invitation-url", "http://localhost:5173/join"],
        ["--invitee-email-claim", "email"],
    ];
    let expected = Settings {
        max_organizations_per_user: 1_000_000,
        deleted_organization_days: 365,
        invitation_url: "http://localhost:5173/join".to_owned(),
        invitee_email_claim: "email".to_owned(),
    };
    assert_eq!(parse(options.as_flattened()).unwrap().settings(), expected);
}

#[test]
fn a_token_is_for_a_user_or_for_a_service() {
    for (arguments, user, service) in [
        (["token", "billing"].as_slice(), Some("billing"), None),
        (&["token", "--service", "billing"], None, Some("billing")),
        (&["token", "--service", "billing", "--ttl", "15m"], None, Some("billing")),
    ] {
        let Some(Command::Token(token)) = parse(arguments).unwrap().command else { panic!("{arguments:?}") };
        assert_eq!((token.user.as_deref(), token.service.as_deref()), (user, service), "{arguments:?}");
    }
}

#[test]
fn the_printed_option_is_quoted() {
    let cli = parse(&["--data-dir", "/it's here"]).unwrap();
    assert_eq!(cli.data_dir().option(), r" --data-dir '/it'\''s here'");
    assert_eq!(parse(&[]).unwrap().data_dir().option(), "");
}
