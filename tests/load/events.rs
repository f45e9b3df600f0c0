//! `cargo load --events`: how long after the answer to a write its event reaches the bus, in the local stack. One client
//! writes, and waits for each event before the next write.

use crate::{Options, data_dir};
use local::{Database, EVENTS, Identity, Stack, TOKEN_LIFETIME, http_client};
use serde_json::{Value, json};
use std::fs;
use std::time::{Duration, Instant};
use support::statistics::{load_average, machine, milliseconds, percentile};

/// How long an event may take.
const LIMIT: Duration = Duration::from_secs(30);

/// How often the file with the events is read.
const PAUSE: Duration = Duration::from_millis(1);

/// Measures for as many seconds as the options say, and returns the figures.
pub(crate) async fn run(options: &Options) -> String {
    let load_before = load_average();
    let data_dir = data_dir();
    let _ = fs::remove_file(data_dir.join(EVENTS));
    let stack = local::Options {
        port: 0,
        database: Database::InMemory { port: 0 },
        log: Some(data_dir.join("functions.log")),
        data_dir: data_dir.clone(),
        concurrency: 1,
        ignore_changes: true,
    };
    let stack = Stack::start(stack, |line| eprintln!("{line}")).await.unwrap();
    let token = Identity::load_or_create(&data_dir).unwrap().token("ann", TOKEN_LIFETIME);
    let client = http_client();
    let body = json!({ "name": "Acme" });
    let create = client.post(format!("{}/organization", stack.api_url)).bearer_auth(&token).json(&body);
    let organization: Value = create.send().await.unwrap().json().await.unwrap();
    let id = organization["id"].as_str().unwrap();
    let path = format!("{}/organization/{id}", stack.api_url);
    // The first event starts the function.
    arrival(id, 1).await;
    let mut delays = Vec::new();
    let end = Instant::now() + Duration::from_secs(options.seconds.into());
    while Instant::now() < end {
        let put = client.put(&path).bearer_auth(&token).json(&body).send().await.unwrap();
        let written = Instant::now();
        let version = put.json::<Value>().await.unwrap()["version"].as_u64().unwrap();
        arrival(id, version).await;
        delays.push(written.elapsed());
    }
    stack.stop().await.unwrap();
    let [p50, p99, max] = [50, 99, 100].map(|percent| milliseconds(percentile(&delays, percent)));
    format!(
        "| events | p50, ms | p99, ms | max, ms |\n|---:|---:|---:|---:|\n| {} | {p50:.1} | {p99:.1} | {max:.1} |\n\n\
         {}, load average {load_before} before and {} after.",
        delays.len(),
        machine(),
        load_average(),
    )
}

/// Waits until the bus has the event.
async fn arrival(organization: &str, number: u64) {
    let id = format!("\"{organization}#{number}\"");
    let file = data_dir().join(EVENTS);
    let start = Instant::now();
    while !fs::read_to_string(&file).is_ok_and(|events| events.contains(&id)) {
        assert!(start.elapsed() < LIMIT, "event {number} did not reach the bus");
        tokio::time::sleep(PAUSE).await;
    }
}
