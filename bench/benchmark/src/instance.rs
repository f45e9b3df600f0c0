//! One process of a subject, from start to end.

use crate::throttle::{Group, Throttle};
use anyhow::{Context as _, Result, anyhow};
use serde::Deserialize;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use support::runtime_api::RuntimeApi;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How much of a subject's output an error shows.
const TAIL: usize = 2000;
/// Maximum time until an instance exits after the Runtime API has closed its connections.
const EXIT_TIMEOUT: Duration = Duration::from_secs(30);

/// How instances are started.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    /// The wrapper program with its arguments; empty for none.
    pub(crate) under: Vec<OsString>,
    /// The subject's binary.
    pub(crate) binary: PathBuf,
    /// DynamoDB's URL.
    pub(crate) dynamodb: String,
    /// The URL of EventBridge.
    pub(crate) bus: String,
    /// The root certificates.
    pub(crate) roots: PathBuf,
    /// The file for its output, shown if it fails.
    pub(crate) log: PathBuf,
    /// The CPU limit, from its first poll on.
    pub(crate) throttle: Option<Throttle>,
}

/// A running instance. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Instance {
    /// From process start to first poll.
    pub(crate) init: Duration,
    process: Child,
    api: RuntimeApi,
    log: PathBuf,
    /// True if it has already asked for its next event.
    polled: bool,
    // Dropped after the process: a cgroup can be removed only once its processes have ended.
    group: Option<Group>,
}

/// The answer of an instance, and the time since it was handed the event.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The HTTP status, or that which corresponds to a batch's answer.
    pub(crate) status: u16,
    /// The body, for an error message.
    pub(crate) body: String,
    /// From event to answer.
    pub(crate) took: Duration,
}

/// What a function answers.
#[derive(Debug, Deserialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Response {
    /// A response in payload format 2.0.
    Http {
        status_code: u16,
        #[serde(default)]
        body: Option<String>,
    },
    /// The records of a batch that failed.
    Batch { batch_item_failures: Vec<serde_json::Value> },
}

impl Launch {
    /// Starts an instance and waits for its first poll.
    pub(crate) async fn start(&self) -> Result<Instance> {
        let mut api = RuntimeApi::start().await?;
        let group = self.throttle.as_ref().map(Throttle::group).transpose()?;
        let log = File::create(&self.log).context("create a log file")?;
        let mut words = self.under.iter().cloned().chain([self.binary.clone().into()]);
        let mut command = Command::new(words.next().context("there is nothing to start")?);
        command.args(words).env_clear().envs(self.environment(&api)).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);

        let started = Instant::now();
        let process = command.spawn().with_context(|| format!("start {}", self.binary.display()))?;
        let polled = api.polled().await.with_context(|| output(&self.log))?;
        if let (Some(group), Some(id)) = (&group, process.id()) {
            group.admit(id)?;
        }
        let init = polled - started;
        Ok(Instance { init, process, api, log: self.log.clone(), polled: true, group })
    }

    /// The variables that Lambda and template.yaml set.
    fn environment(&self, api: &RuntimeApi) -> impl Iterator<Item = (&'static str, OsString)> {
        let lambda = [
            ("AUTH_SERVICE_SCOPE", local::SERVICE_SCOPE),
            ("AWS_ACCESS_KEY_ID", "benchmark"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_FUNCTION_NAME", "benchmark"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/benchmark"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/31/[$LATEST]0"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_SECRET_ACCESS_KEY", "benchmark"),
            ("EVENT_BUS_NAME", "benchmark"),
            ("EVENT_SOURCE", "benchmark"),
            ("LANG", "en_US.UTF-8"),
            ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
            ("RELEASE", "0123abc"),
            ("TABLE_NAME", local::TABLE_NAME),
            ("TZ", ":UTC"),
        ];
        let own = [
            ("AWS_ENDPOINT_URL_DYNAMODB", self.dynamodb.clone().into()),
            ("AWS_ENDPOINT_URL_EVENTBRIDGE", self.bus.clone().into()),
            ("AWS_LAMBDA_RUNTIME_API", api.address().to_string().into()),
            // The length of a real session token, which is signed and sent with each request to DynamoDB.
            ("AWS_SESSION_TOKEN", "x".repeat(900).into()),
            ("SSL_CERT_FILE", self.roots.clone().into()),
        ];
        lambda.into_iter().map(|(name, value)| (name, value.into())).chain(own)
    }
}

impl Instance {
    /// Hands it an event once it asks for one.
    pub(crate) async fn invoke(&mut self, event: String) -> Result<Answer> {
        self.ready().await?;
        self.polled = false;
        let (answer, took) = self.api.invoke(event).await.with_context(|| output(&self.log))?;
        let response: Response = serde_json::from_slice(&answer).with_context(|| {
            format!("its answer is neither a response nor a batch's: {}", String::from_utf8_lossy(&answer))
        })?;
        let (status, body) = match response {
            Response::Http { status_code, body } => (status_code, body.unwrap_or_default()),
            Response::Batch { batch_item_failures } if batch_item_failures.is_empty() => (200, String::new()),
            // They are delivered again.
            Response::Batch { .. } => (503, String::from_utf8_lossy(&answer).into_owned()),
        };
        Ok(Answer { status, body, took })
    }

    /// Waits until it asks for an event. Before that it may still be busy with the previous one.
    pub(crate) async fn ready(&mut self) -> Result<()> {
        if !self.polled {
            self.api.polled().await.with_context(|| output(&self.log))?;
            self.polled = true;
        }
        Ok(())
    }

    /// Its peak memory in bytes, including its binary's pages.
    pub(crate) fn peak_memory(&self) -> Result<u64> {
        let id = self.process.id().context("the process has ended")?;
        let status = fs::read_to_string(format!("/proc/{id}/status")).context("read its memory")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        Ok(kibibytes.context("this system does not report a process's peak memory")? * 1024)
    }

    /// Kills it and removes its cgroup.
    pub(crate) async fn kill(mut self) -> Result<()> {
        self.process.kill().await?;
        drop(self.group.take());
        Ok(())
    }

    /// Closes its connections, so that it ends by itself. The wrapper program can then write its counts.
    pub(crate) async fn end(self) -> Result<()> {
        let Self { api, mut process, .. } = self;
        drop(api);
        timeout(EXIT_TIMEOUT, process.wait())
            .await
            .context("the instance did not exit after the Runtime API closed its connections")??;
        Ok(())
    }
}

impl Answer {
    /// The latency, if the answer is a success.
    pub(crate) fn success(self) -> Result<Duration> {
        match self.status {
            200..=299 => Ok(self.took),
            status => Err(anyhow!("it answered {status}: {}", self.body)),
        }
    }
}

fn output(log: &Path) -> String {
    let output = fs::read_to_string(log).unwrap_or_default();
    let start = output.char_indices().rev().nth(TAIL).map_or(0, |(index, _)| index);
    format!("it failed; its output: {}", output.get(start..).unwrap_or_default())
}
