//! `cargo local`: the API on this machine. See `cargo local --help`.

mod cli;

use clap::Parser as _;
use cli::{Cli, Command, Token};
use local::{Database, Error, Identity, Stack, process, supervisor};
use std::{
    io::{self, Write as _},
    process::ExitCode,
};
use tokio::signal::unix::{Signal, SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            let _ = writeln!(io::stderr(), "{}", cli::one_line(&error));
            return ExitCode::from(2);
        }
        Err(help) => {
            let _ = help.print();
            return ExitCode::SUCCESS;
        }
    };
    let result = match &cli.command {
        None => run(&cli).await,
        Some(Command::Token(token)) => print_token(token),
        Some(Command::Supervise { command }) => supervisor::supervise(command).await,
    };
    result.unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "error: {error}");
        ExitCode::FAILURE
    })
}

/// Runs the stack until Ctrl-C, which is how it is meant to end: exit code 0.
async fn run(cli: &Cli) -> Result<ExitCode, Error> {
    say("Starting the Organizations API on this machine; Ctrl-C stops it");
    let mut stop = Stop::new()?;
    process::adopt_orphans();
    let result = tokio::select! {
        biased;
        () = stop.requested() => Ok(()),
        result = serve(cli) => result,
    };
    // The stack is gone by now; what may be left is a compiler, if it was still being built.
    process::end_descendants(&[]);
    if result.is_ok() {
        say("Stopped");
    }
    result.map(|()| ExitCode::SUCCESS)
}

/// Starts the stack and serves until it fails. Dropping the future stops it.
async fn serve(cli: &Cli) -> Result<(), Error> {
    let mut stack = Stack::start(cli.options(), say).await?;
    let (api, data_dir) = (&stack.api_url, cli.data_dir());
    let data = match cli.options().database {
        Database::InMemory { .. } => "data is in memory only".to_owned(),
        Database::File { .. } => format!("data is in {}", data_dir.path().display()),
        Database::External { .. } => "data is there".to_owned(),
    };
    say(&format!(
        "\nThe API answers on {api}, DynamoDB on {}; {data}\n\n\
         curl -i {api}/organization -H \"Authorization: Bearer $(cargo -q local token alice{})\" \
         -H 'Content-Type: application/json' -d '{{\"organizationName\": \"Acme\"}}'\n",
        stack.dynamodb_url,
        data_dir.option(),
    ));
    let error = stack.stopped().await;
    stack.stop().await?;
    Err(error)
}

fn print_token(token: &Token) -> Result<ExitCode, Error> {
    let identity = Identity::load_or_create(&token.data_dir.path())?;
    let printed = writeln!(io::stdout(), "{}", identity.token(&token.user, token.ttl));
    Ok(if printed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A line of progress. Whoever closed our standard output does not read it: no error.
fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// The signals by which a developer, a terminal or a service manager ends us.
struct Stop([Signal; 3]);

impl Stop {
    fn new() -> Result<Self, Error> {
        let listen = |kind| {
            signal(kind).map_err(|source| Error::Program { program: "cargo local".to_owned(), source })
        };
        Ok(Self([
            listen(SignalKind::interrupt())?,
            listen(SignalKind::terminate())?,
            listen(SignalKind::hangup())?,
        ]))
    }

    async fn requested(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
