//! The command line.

mod values;

use crate::console::Console;
use clap::{Args, ColorChoice, Parser, Subcommand};
use local::{Database, LOG, Options, TOKEN_LIFETIME, default_data_dir};
use std::{
    ffi::OsString,
    path::{PathBuf, absolute},
};
use values::{parse_endpoint, parse_lifetime, parse_scopes, parse_user};

/// The API's default port.
const PORT: u16 = 9000;

/// Run the Organizations API on this machine: an embedded DynamoDB with the table of template.yaml,
/// and all functions behind `cargo lambda watch`. Needs no installation and no configuration.
///
/// All ports are on 127.0.0.1. Ctrl-C stops everything, with exit code 0.
#[derive(Debug, Parser)]
#[command(
    bin_name = "cargo local",
    color = ColorChoice::Never,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_help = "The functions restart when their source changes. AWS_LAMBDA_LOG_LEVEL sets their log level.\n\
                  docs/local.md tells how to run them separately and send them events by hand."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    run: Run,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print an access token for a user, even if the API is not running
    #[command(color = ColorChoice::Never)]
    Token(Token),
    /// Add demo data to the running API: organizations of the users alice, bob and carol
    #[command(color = ColorChoice::Never)]
    Seed(Seed),
    /// Delete the data of the embedded DynamoDB; tokens stay valid
    #[command(color = ColorChoice::Never)]
    Reset(DataDir),
    /// Run a command, and kill it and all its descendants when standard input ends
    #[command(hide = true)]
    Supervise {
        /// The command and its arguments
        #[arg(required = true, last = true)]
        command: Vec<OsString>,
    },
}

#[derive(Debug, Args)]
struct Run {
    /// Port of the API
    #[arg(long, value_name = "PORT", default_value_t = PORT, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// Port of the embedded DynamoDB
    #[arg(long, value_name = "PORT", default_value_t = 8000, value_parser = clap::value_parser!(u16).range(1..))]
    dynamodb_port: u16,
    /// Port of the API reference, a web page that shows openapi.yaml and sends requests to the API
    #[arg(long, value_name = "PORT", default_value_t = 9010, value_parser = clap::value_parser!(u16).range(1..))]
    reference_port: u16,
    /// Use the DynamoDB at this URL instead of the embedded one, with the credentials in
    /// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN if they are set
    #[arg(long, value_name = "URL", value_parser = parse_endpoint, conflicts_with_all = ["dynamodb_port", "in_memory"])]
    dynamodb_endpoint: Option<String>,
    /// Keep all data in memory; it is lost when the API stops
    #[arg(long)]
    in_memory: bool,
    #[command(flatten)]
    data_dir: DataDir,
    /// Instances per function, each of which handles one request at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// Print JSON for programs: one object a line, with its type in the field `event`
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Token {
    /// The user id, which becomes the token's `sub`: 1 to 255 printable ASCII characters without spaces
    #[arg(value_parser = parse_user)]
    pub(crate) user: String,
    /// How long the token is valid, at most 24h: seconds, or a duration such as 90s, 15m or 8h
    #[arg(long = "ttl", value_name = "TIME", default_value_t = TOKEN_LIFETIME.into(), value_parser = parse_lifetime)]
    pub(crate) lifetime: humantime::Duration,
    /// The token's scopes, separated by spaces; '' for none
    /// [default: both scopes of the API]
    #[arg(long = "scope", value_name = "SCOPES", value_parser = parse_scopes)]
    pub(crate) scopes: Option<String>,
    #[command(flatten)]
    pub(crate) data_dir: DataDir,
}

#[derive(Debug, Args)]
pub(crate) struct Seed {
    /// Port of the API
    #[arg(long, value_name = "PORT", default_value_t = PORT, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) data_dir: DataDir,
}

#[derive(Debug, Args)]
pub(crate) struct DataDir {
    /// Directory for the signing key, the environment file and the database; one per instance
    /// [default: target/local]
    #[arg(long = "data-dir", value_name = "DIR")]
    path: Option<PathBuf>,
}

impl DataDir {
    pub(crate) fn path(&self) -> PathBuf {
        self.path.clone().unwrap_or_else(default_data_dir)
    }

    /// The option that chooses the same data directory from any working directory, quoted for a shell.
    pub(crate) fn option(&self) -> String {
        let Some(path) = &self.path else { return String::new() };
        let path = absolute(path).unwrap_or_else(|_| path.clone());
        format!(" --data-dir '{}'", path.display().to_string().replace('\'', r"'\''"))
    }
}

impl Cli {
    pub(crate) fn data_dir(&self) -> &DataDir {
        &self.run.data_dir
    }

    /// The option that another command needs to find the API, or nothing for the default port.
    pub(crate) fn port_option(&self) -> String {
        if self.run.port == PORT { String::new() } else { format!(" --port {}", self.run.port) }
    }

    pub(crate) fn reference_port(&self) -> u16 {
        self.run.reference_port
    }

    pub(crate) fn console(&self) -> Console {
        Console::new(self.run.json)
    }

    pub(crate) fn options(&self) -> Options {
        let port = self.run.dynamodb_port;
        Options {
            port: self.run.port,
            database: match &self.run.dynamodb_endpoint {
                Some(endpoint) => Database::External { endpoint: endpoint.clone() },
                None if self.run.in_memory => Database::InMemory { port },
                None => Database::File { port },
            },
            data_dir: self.run.data_dir.path(),
            concurrency: self.run.concurrency.into(),
            ignore_changes: false,
            log: Some(self.run.data_dir.path().join(LOG)),
        }
    }
}

/// Puts clap's message on one line.
pub(crate) fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let message: Vec<_> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    format!("{}; see `cargo local --help`", message.join(" "))
}

#[cfg(test)]
mod tests {
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
            &["--prot", "9000"],
            &["--port", "9001", "token", "alice"],
            &["token"],
            &["token", "a b"],
            &["token", ""],
            &["token", &"x".repeat(256)],
            &["token", ".."],
            &["token", "alice", "--scope", "a\"b"],
            &["token", "alice", "--scope", "a\tb"],
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
    fn the_printed_option_is_quoted() {
        let cli = parse(&["--data-dir", "/it's here"]).unwrap();
        assert_eq!(cli.data_dir().option(), r" --data-dir '/it'\''s here'");
        assert_eq!(parse(&[]).unwrap().data_dir().option(), "");
    }
}
