//! The local stack, shared by all tests of a run.
//!
//! `cargo test` runs the tests as threads of one process, and the stack runs in another thread. Under nextest
//! each test is a process. The first one starts a host: this binary again, running only the test [`host`].
//! The host runs the stack, and ends when nextest does.

use crate::{failing, stack::report};
use functions::record_events::{self, Recorder};
use local::{Database, EventSourceMapping, Identity, MappingOptions, Options, TABLE_NAME};
use rustix::process::{Pid, getppid, test_kill_process};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    env,
    fs::{self, File},
    os::unix::{fs::DirBuilderExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};
use support::bus::Bus;

/// Set by nextest, to a different value in each run.
const NEXTEST_RUN_ID: &str = "NEXTEST_RUN_ID";
/// The variable with a host's directory.
const DIRECTORY: &str = "API_TESTS_HOST_DIRECTORY";
/// The variable with the process id of nextest.
const RUNNER: &str = "API_TESTS_HOST_RUNNER";

/// How often processes poll for changes.
const INTERVAL: Duration = Duration::from_millis(50);

/// The local stack.
pub(crate) struct Local {
    pub(crate) api_url: String,
    pub(crate) dynamodb_url: String,
    pub(crate) identity: Arc<Identity>,
}

/// The addresses that a host passes to the other processes.
#[derive(Serialize, Deserialize)]
struct Addresses {
    api_url: String,
    dynamodb_url: String,
}

/// The run's stack. Starts it if it is not running.
pub(crate) fn local() -> Result<Local, String> {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    match env::var(NEXTEST_RUN_ID) {
        Ok(run) => hosted(&tmp.join(format!("api-{run}"))).map_err(|error| error.to_string())?,
        Err(_) => start(tmp.join("api")),
    }
}

/// The stack of the host in this directory.
fn hosted(directory: &Path) -> std::io::Result<Result<Local, String>> {
    // The host's stack refuses a data directory that others can read.
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let lock = File::create(directory.join("starting"))?;
    // Held until the host has published its addresses, so that only one host starts.
    lock.lock()?;
    let addresses = addresses(directory);
    if !addresses.exists() {
        let log = File::create(directory.join("host.log"))?;
        let mut host = Command::new(env::current_exe()?);
        host.args(["--exact", "host::host", "--ignored", "--nocapture"]);
        host.env(DIRECTORY, directory).env(RUNNER, Pid::as_raw(getppid()).to_string());
        host.env_remove(NEXTEST_RUN_ID);
        host.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).process_group(0);
        let mut host = host.spawn()?;
        while !addresses.exists() {
            if let Some(status) = host.try_wait()? {
                let log = directory.join("host.log");
                return Ok(Err(format!("its host exited with {status}; see {}", log.display())));
            }
            thread::sleep(INTERVAL);
        }
    }
    let published: Result<Addresses, String> = serde_json::from_slice(&fs::read(addresses)?)?;
    Ok(published.and_then(|Addresses { api_url, dynamodb_url }| {
        let identity = Identity::load_or_create(directory).map_err(|error| error.to_string())?;
        Ok(Local { api_url, dynamodb_url, identity: Arc::new(identity) })
    }))
}

/// The file in which a host publishes its addresses, or why the stack did not start.
fn addresses(directory: &Path) -> PathBuf {
    directory.join("addresses.json")
}

#[test]
#[ignore = "not a test: runs the stack for nextest, and is started by the first test"]
fn host() {
    let (Some(directory), Ok(runner)) = (env::var_os(DIRECTORY), env::var(RUNNER)) else { return };
    let (directory, runner) = (PathBuf::from(directory), Pid::from_raw(runner.parse().unwrap()).unwrap());
    let local = start(directory.clone());
    let published = local.map(|Local { api_url, dynamodb_url, .. }| Addresses { api_url, dynamodb_url });
    let draft = directory.join("addresses.draft");
    fs::write(&draft, serde_json::to_vec(&published).unwrap()).unwrap();
    fs::rename(draft, addresses(&directory)).unwrap();
    while test_kill_process(runner).is_ok() {
        thread::sleep(INTERVAL);
    }
    fs::remove_dir_all(directory).unwrap();
}

/// Records the stream of the stack's table, as `record-events` does, until the process ends.
async fn record(dynamodb_url: &str) {
    let bus = Bus::start().await;
    let recorder = Recorder::new(support::database::store(dynamodb_url.to_owned()).await, bus.client());
    let invoke = async |event: Value| {
        let batch = serde_json::from_value(event)?;
        serde_json::to_value(recorder.invoke(batch, "a request", record_events::TIMEOUT).await)
    };
    let options = MappingOptions::of_template().expect("the mapping in template.yaml");
    // Some tests break items. Their records must not hold up those of other tests.
    let options = MappingOptions { max_retries: Some(1), ..options };
    let mapping = EventSourceMapping::new(dynamodb_url, TABLE_NAME, options, invoke).expect("a mapping");
    let never = mapping.run(|notice| report(&format!("record-events: {notice:?}"))).await;
    match never {}
}

/// Starts the stack in a thread with its own runtime, since a test's runtime ends with the test. The stack
/// stops with this process.
fn start(data_dir: PathBuf) -> Result<Local, String> {
    let (started, result) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        runtime.expect("a runtime for the stack").block_on(async {
            let dynamodb = local::start_in_memory().await.expect("an embedded DynamoDB");
            let proxy = failing::start(dynamodb.url()).await;
            let options = Options {
                port: 0,
                database: Database::External { endpoint: proxy.url() },
                log: Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("api-functions.log")),
                data_dir,
                concurrency: 4,
                ignore_changes: true,
            };
            let stack = local::Stack::start(options, report).await.map_err(|error| error.to_string());
            let local = stack.as_ref().map_err(Clone::clone).map(|stack| Local {
                api_url: stack.api_url.trim_end_matches('/').to_owned(),
                dynamodb_url: stack.dynamodb_url.clone(),
                identity: stack.identity.clone(),
            });
            let _ = started.send(local);
            record(&dynamodb.url()).await;
        });
    });
    result.recv().map_err(|_| "the stack's thread has ended".to_owned())?
}
