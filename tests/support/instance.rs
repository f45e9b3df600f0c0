//! A function's binary as a process that polls the Lambda Runtime API for events.

use crate::runtime_api::RuntimeApi;
use functions::Operation;
use heck::ToKebabCase as _;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::OnceCell;
use tokio::time::timeout;

/// Maximum time until an instance that fails to start has exited.
const EXIT_TIMEOUT: Duration = Duration::from_secs(30);

fn binary(operation: Operation) -> String {
    operation.id().to_kebab_case()
}

/// A running instance. Killed when dropped.
#[derive(Debug)]
pub struct Instance {
    process: Child,
    api: RuntimeApi,
}

impl Instance {
    /// Starts the operation's function on the table of the DynamoDB at `url`, and waits for its first poll.
    pub async fn start(operation: Operation, url: &str) -> Self {
        let variables = [("AWS_ENDPOINT_URL_DYNAMODB", url.to_owned())];
        let mut instance =
            Self::spawn(&binary(operation), variables, (Stdio::null(), Stdio::inherit())).await;
        instance.ready().await;
        instance
    }

    /// Starts an instance with these variables, and writes its output to a new file. The instance may fail to
    /// start.
    pub async fn logging(
        operation: Operation,
        variables: impl IntoIterator<Item = (&'static str, String)>,
        log: &Path,
    ) -> Self {
        Self::logging_function(&binary(operation), variables, log).await
    }

    /// The same for a function that may be of no operation, by its binary.
    pub async fn logging_function(
        binary: &str,
        variables: impl IntoIterator<Item = (&'static str, String)>,
        log: &Path,
    ) -> Self {
        let log = File::create(log).unwrap();
        Self::spawn(binary, variables, (log.try_clone().unwrap().into(), log.into())).await
    }

    async fn spawn(
        binary: &str,
        variables: impl IntoIterator<Item = (&'static str, String)>,
        (stdout, stderr): (Stdio, Stdio),
    ) -> Self {
        let api = RuntimeApi::start().await.unwrap();
        let mut command = Command::new(directory().await.join(binary));
        command.env_clear().envs([
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_FUNCTION_NAME", binary),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "test"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "test"),
            ("AWS_LAMBDA_RUNTIME_API", &api.address().to_string()),
            ("AWS_REGION", "eu-central-1"),
            ("AUTH_SERVICE_SCOPE", local::SERVICE_SCOPE),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("TABLE_NAME", local::TABLE_NAME),
        ]);
        command.envs(variables).stdin(Stdio::null()).stdout(stdout).stderr(stderr);
        Self { process: command.kill_on_drop(true).spawn().unwrap(), api }
    }

    /// Waits for its first poll. Call this only once; [`Self::start`] has already done so.
    pub async fn ready(&mut self) {
        self.api.polled().await.unwrap();
    }

    /// Kills it.
    pub async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }

    /// Waits until it exits by itself, and returns its exit code.
    pub async fn exit_code(mut self) -> Option<i32> {
        timeout(EXIT_TIMEOUT, self.process.wait())
            .await
            .expect("the instance did not exit in time")
            .unwrap()
            .code()
    }

    /// Its answer to an event: a response in payload format 2.0.
    pub async fn invoke(&mut self, event: &Value) -> Value {
        let (response, _) = self.api.invoke(event.to_string()).await.unwrap();
        // Until it polls again, it may still be busy with this event.
        self.api.polled().await.unwrap();
        serde_json::from_slice(&response).unwrap()
    }

    /// Stops the process, as Lambda freezes an instance between events.
    pub fn freeze(&self) {
        kill_process(self.pid(), Signal::STOP).unwrap();
        waitid(WaitId::Pid(self.pid()), WaitIdOptions::STOPPED).unwrap();
    }

    /// Resumes the process.
    pub fn thaw(&self) {
        kill_process(self.pid(), Signal::CONT).unwrap();
    }

    /// Its process id.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.process.id().unwrap().try_into().unwrap()).unwrap()
    }
}

/// The directory of the functions' binaries. Builds them first.
async fn directory() -> &'static PathBuf {
    static DIRECTORY: OnceCell<PathBuf> = OnceCell::const_new();
    let build =
        || async { local::build(&local::workspace_root()).await.unwrap().parent().unwrap().to_owned() };
    DIRECTORY.get_or_init(build).await
}
