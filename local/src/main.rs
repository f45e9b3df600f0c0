//! `cargo local`: runs the API on this machine. See `cargo local --help`.

mod cli;
mod console;
mod log_line;
mod seed;

use clap::Parser as _;
use cli::{Cli, Command, Token};
use console::{Change, Console, Event, Ready};
use local::{
    DATABASE, Database, Error, Identity, LOG, Output, Reference, Stack, TOKEN_LIFETIME, follow_events,
    openapi, process, supervisor,
};
use log_line::Routes;
use std::{
    io::{self, Write as _},
    process::ExitCode,
    sync::Arc,
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
        Some(Command::Seed(options)) => seed_demo_data(options).await,
        Some(Command::Events(data_dir)) => events(data_dir).await,
        Some(Command::Reset(data_dir)) => reset(data_dir),
        Some(Command::Supervise { command }) => supervisor::supervise(command).await,
    };
    result.unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "error: {error}");
        ExitCode::FAILURE
    })
}

/// Runs the stack until Ctrl-C, which is its normal end, with exit code 0.
async fn run(cli: &Cli) -> Result<ExitCode, Error> {
    let console = cli.console();
    console.progress("Starting the Organizations API on this machine; Ctrl-C stops it");
    let mut shutdown = ShutdownSignals::listen()?;
    process::adopt_orphans();
    let result = tokio::select! {
        biased;
        () = shutdown.received() => Ok(()),
        result = serve(cli, console) => result,
    };
    // The stack has stopped. A compiler may still run, if the build was interrupted.
    process::end_descendants(&[]);
    match &result {
        Ok(()) => console.report(&Event::Stopped),
        Err(error) if console.is_json() => console.report(&Event::Error { message: &error.to_string() }),
        Err(_) => {}
    }
    result.map(|()| ExitCode::SUCCESS)
}

/// Starts the stack and serves until it fails. Dropping the future stops the stack.
async fn serve(cli: &Cli, console: Console) -> Result<(), Error> {
    // Fail on a busy port before the build, which can take minutes.
    let reference = Reference::listen(cli.reference_port())?;
    let options = cli.options();
    let file = matches!(options.database, Database::File { .. }).then(|| options.data_dir.join(DATABASE));
    let log = options.data_dir.join(LOG);
    let routes = Arc::new(Routes::of(openapi::operations()?));
    let progress = |step: &str| console.progress(step);
    let report = move |output: Output<'_>| match output {
        Output::Line(line) => console.report_line(routes.parse(line)),
        Output::Event(event) => console.report(&Event::Change(Change::of(event))),
        Output::Notice(notice) => console.report_notice(&notice),
    };
    let mut stack = Stack::start_with_output(options, &cli.settings(), progress, report).await?;
    console.report(&Event::Ready(Ready {
        api_url: stack.api_url.clone(),
        reference_url: reference.url(),
        dynamodb_url: stack.dynamodb_url.clone(),
        data: file.map(|file| file.display().to_string()),
        log: log.display().to_string(),
        data_dir_option: cli.data_dir().option(),
        port_option: cli.port_option(),
        token: stack.identity.token("alice", TOKEN_LIFETIME),
    }));
    let (api_url, identity) = (stack.api_url.clone(), stack.identity.clone());
    let error = tokio::select! {
        error = stack.stopped() => error,
        never = reference.serve(api_url, identity) => match never {},
    };
    stack.stop().await?;
    Err(error)
}

fn print_token(token: &Token) -> Result<ExitCode, Error> {
    let identity = Identity::load_or_create(&token.data_dir.path())?;
    // clap requires a user or a service.
    let user = token.user.as_deref().unwrap_or_default();
    let printed = match (&token.service, &token.scopes) {
        (Some(service), _) => identity.service_token(service, *token.lifetime),
        (None, Some(scopes)) => identity.token_with_scopes(user, scopes, *token.lifetime),
        (None, None) => identity.token(user, *token.lifetime),
    };
    Ok(print(&printed))
}

async fn seed_demo_data(options: &cli::Seed) -> Result<ExitCode, Error> {
    let identity = Identity::load_or_create(&options.data_dir.path())?;
    let api = format!("http://127.0.0.1:{}", options.port);
    seed::seed(&api, &identity, |line| {
        print(line);
    })
    .await?;
    let option = options.data_dir.option();
    Ok(print(&format!(
        "\ncurl {api}/organization/list -H \"Authorization: Bearer $(cargo -q local token alice{option})\""
    )))
}

/// Prints events until Ctrl-C, which is the normal end.
async fn events(data_dir: &cli::DataDir) -> Result<ExitCode, Error> {
    let mut shutdown = ShutdownSignals::listen()?;
    let path = data_dir.path();
    let print = |event: &str| writeln!(io::stdout(), "{event}").is_ok();
    tokio::select! {
        biased;
        () = shutdown.received() => Ok(ExitCode::SUCCESS),
        followed = follow_events(&path, print) => followed.map(|()| ExitCode::SUCCESS),
    }
}

fn reset(data_dir: &cli::DataDir) -> Result<ExitCode, Error> {
    let path = data_dir.path();
    let deleted = local::forget(&path)?;
    Ok(print(&if deleted.is_empty() {
        format!("There is no data in {}", path.display())
    } else {
        format!(
            "Deleted {} in {}; the signing key stays, so tokens stay valid",
            deleted.join(", "),
            path.display()
        )
    }))
}

fn print(line: &str) -> ExitCode {
    let printed = writeln!(io::stdout(), "{line}");
    if printed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The signals that a developer, a terminal or a service manager sends to stop a program.
struct ShutdownSignals([Signal; 3]);

impl ShutdownSignals {
    fn listen() -> Result<Self, Error> {
        let listen = |kind| {
            signal(kind).map_err(|source| Error::Program { program: "cargo local".to_owned(), source })
        };
        Ok(Self([
            listen(SignalKind::interrupt())?,
            listen(SignalKind::terminate())?,
            listen(SignalKind::hangup())?,
        ]))
    }

    async fn received(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
