//! Functions whose DynamoDB is unreachable: each must start, and answer 503 in time.

use crate::cli::{Options, Sizes};
use crate::database::Database;
use crate::event::Events;
use crate::instance::{Answer, Launch};
use crate::subject::{self, Subject};
use crate::throttle::{Throttle, throttle};
use anyhow::{Context as _, Result, bail};
use shared::edge::FUNCTION_TIMEOUT;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::Duration;
use support::statistics::milliseconds;
use tokio::net::TcpSocket;
use tokio::task::JoinSet;

/// Upper bound on init, whatever DynamoDB does.
const INIT_TIMEOUT: Duration = Duration::from_secs(2);

/// Starts every function against a closed port, and against one that accepts connections and never answers.
/// Prints the times, and fails if one exceeds its limit.
pub(crate) async fn run(options: &Options, directory: &Path) -> Result<()> {
    let subjects = subject::build(options)?;
    let silent = TcpListener::bind("127.0.0.1:0")?;
    // The kernel accepts connections to a listener, although nothing here serves them. It refuses connections
    // to a socket that does not listen.
    let refusing = TcpSocket::new_v4()?;
    refusing.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    let addresses = [("refused", refusing.local_addr()?.port()), ("silent", silent.local_addr()?.port())];

    println!("| CPU | DynamoDB | function | init, ms | answer, ms | status | |");
    println!("|---:|---|---|---:|---:|---:|---|");
    let mut failed = false;
    for &cpu in &options.cpu {
        let Ok(throttle) = throttle(cpu) else { continue };
        for (state, port) in addresses {
            failed |= !all_in_time(&subjects, options.sizes, cpu, throttle.as_ref(), state, port, directory)
                .await?;
        }
    }
    if failed {
        bail!("not every function started and answered 503 in time without DynamoDB");
    }
    Ok(())
}

async fn all_in_time(
    subjects: &[Subject],
    sizes: Sizes,
    cpu: u8,
    throttle: Option<&Throttle>,
    state: &'static str,
    port: u16,
    directory: &Path,
) -> Result<bool> {
    // A real DynamoDB, for the data that the events need. The functions get another address.
    let database = Database::start(directory).await?;
    let mut instances = JoinSet::new();
    for subject in subjects {
        let event = Events::of(subject, sizes, &database).await?.next().await?;
        let launch = Launch {
            under: Vec::new(),
            binary: subject.binary.clone(),
            dynamodb: format!("https://localhost:{port}"),
            bus: database.bus_url(),
            roots: database.roots(subject),
            log: directory.join(format!("log-{}", subject.name)),
            throttle: throttle.cloned(),
        };
        let name = subject.name.clone();
        instances.spawn(async move {
            let result = start_and_ask(&launch, event).await;
            result.map(|(init, answer)| (name.clone(), init, answer)).with_context(|| format!("run {name}"))
        });
    }
    let mut all = true;
    while let Some(joined) = instances.join_next().await {
        let (name, init, answer) = joined??;
        let in_time = init <= INIT_TIMEOUT && answer.status == 503 && answer.took < FUNCTION_TIMEOUT;
        all &= in_time;
        let (init, took) = (milliseconds(init), milliseconds(answer.took));
        let verdict = if in_time { "in time" } else { "FAILED" };
        println!("| {cpu} % | {state} | {name} | {init:.0} | {took:.0} | {} | {verdict} |", answer.status);
    }
    Ok(all)
}

async fn start_and_ask(launch: &Launch, event: String) -> Result<(Duration, Answer)> {
    let mut instance = launch.start().await?;
    let answer = instance.invoke(event).await?;
    let init = instance.init;
    instance.kill().await?;
    Ok((init, answer))
}
