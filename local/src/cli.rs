//! The command line.

#[cfg(test)]
mod tests;
mod values;

use crate::console::Console;
use clap::{Args, ColorChoice, Parser, Subcommand};
use local::{Database, LOG, Options, Settings, TOKEN_LIFETIME, default_data_dir};
use std::{
    ffi::OsString,
    path::{PathBuf, absolute},
};
use values::{parse_claim, parse_endpoint, parse_invitation_url, parse_lifetime, parse_scopes, parse_user};

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
    /// Print an access token for a user or a service, even if the API is not running
    #[command(color = ColorChoice::Never)]
    Token(Token),
    /// Add demo data to the running API: organizations of the users alice, bob and carol, and invitations
    #[command(color = ColorChoice::Never)]
    Seed(Seed),
    /// Print the events of the embedded DynamoDB's organizations, those to come too, until Ctrl-C
    ///
    /// Each is a JSON object on a line, with the fields by which a rule of EventBridge selects it: source, detail-type,
    /// time and detail. The function record-events may send an event twice, with the same id in detail.
    #[command(color = ColorChoice::Never)]
    Events(DataDir),
    /// Delete the data of the embedded DynamoDB and its events; tokens stay valid
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
    #[command(flatten)]
    settings: SettingsOptions,
    /// Print JSON for programs: one object a line, with its type in the field `event`
    #[arg(long)]
    json: bool,
}

/// Parameters of template.yaml. docs/configuration.md describes them.
#[derive(Debug, Args)]
struct SettingsOptions {
    /// How many organizations a user may have created
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max_organizations_per_user: u32,
    /// For how many days a deleted organization can be restored
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=365))]
    deleted_organization_days: u32,
    /// The page where users accept invitations; the `url` of a new one is this with the token as its fragment
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true, value_parser = parse_invitation_url)]
    invitation_url: String,
    /// The claim of tokens with the user's address; an invitation to another address is then refused.
    /// `cargo local token` makes no such claim
    #[arg(long, value_name = "CLAIM", default_value = "", hide_default_value = true, value_parser = parse_claim)]
    invitee_email_claim: String,
}

#[derive(Debug, Args)]
pub(crate) struct Token {
    /// The user id, which becomes the token's `sub`: 1 to 255 printable ASCII characters without spaces
    #[arg(value_parser = parse_user, required_unless_present = "service")]
    pub(crate) user: Option<String>,
    /// Print the token of a service of this name instead of a user's. It has the scope of services and no other
    #[arg(long, value_name = "NAME", value_parser = parse_user, conflicts_with_all = ["user", "scopes"])]
    pub(crate) service: Option<String>,
    /// How long the token is valid, at most 24h: seconds, or a duration such as 90s, 15m or 8h
    #[arg(long = "ttl", value_name = "TIME", default_value_t = TOKEN_LIFETIME.into(), value_parser = parse_lifetime)]
    pub(crate) lifetime: humantime::Duration,
    /// The token's scopes, separated by spaces; '' for none
    /// [default: those for reading and writing]
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
    /// Directory for the signing key, the environment file, the database and the events; one per instance
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

    pub(crate) fn settings(&self) -> Settings {
        let settings = &self.run.settings;
        Settings {
            max_organizations_per_user: settings.max_organizations_per_user,
            deleted_organization_days: settings.deleted_organization_days,
            invitation_url: settings.invitation_url.clone(),
            invitee_email_claim: settings.invitee_email_claim.clone(),
        }
    }
}

/// Puts clap's message on one line.
pub(crate) fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let message: Vec<_> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    format!("{}; see `cargo local --help`", message.join(" "))
}
