//! Builds the functions with cargo and runs them with `cargo lambda watch`.

use crate::{Error, child_output::ChildOutput, process, supervisor::Supervisor};
use serde::Deserialize;
use std::{
    env,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
};

/// This package's binary, which supervises cargo-lambda.
const SUPERVISOR: &str = "local";

/// Builds all functions and returns the path of the `local` binary, which cargo puts into the same
/// directory.
///
/// Builds the workspace's default members, as cargo-lambda's `cargo run --bin` does. The features are then
/// the same, and cargo-lambda has nothing left to compile.
///
/// # Errors
/// If the functions do not compile.
pub async fn build(root: &Path) -> Result<PathBuf, Error> {
    let mut command = process::command("cargo");
    command.args(["build", "--bins", "--manifest-path", "Cargo.toml"]);
    // cargo still prints progress and diagnostics to standard error as text.
    command.arg("--message-format=json-render-diagnostics");
    let mut child =
        command.current_dir(root).stdout(Stdio::piped()).spawn().map_err(Error::program("cargo"))?;
    let mut supervisor = None;
    if let Some(output) = child.stdout.take() {
        let mut lines = BufReader::new(output).lines();
        while let Some(line) = lines.next_line().await.map_err(Error::program("cargo"))? {
            supervisor = supervisor_path(&line).or(supervisor);
        }
    }
    let status = child.wait().await.map_err(Error::program("cargo"))?;
    if !status.success() {
        return Err(Error::Build(status));
    }
    supervisor.ok_or_else(|| Error::NoBinary { name: SUPERVISOR, root: root.to_owned() })
}

/// The path of [`SUPERVISOR`], if this message of cargo is about it.
fn supervisor_path(message: &str) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Message {
        target: Target,
        executable: Option<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
        kind: Vec<String>,
    }
    let message: Message = serde_json::from_str(message).ok()?;
    let is_supervisor =
        message.target.name == SUPERVISOR && message.target.kind.iter().any(|kind| kind == "bin");
    message.executable.filter(|_| is_supervisor)
}

/// Settings of `cargo lambda watch`.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    pub(crate) cargo_lambda: &'a Path,
    /// Where the emulator listens.
    pub(crate) address: SocketAddr,
    pub(crate) env_file: &'a Path,
    /// True if `env_file` has the functions' credentials. The functions must then inherit none.
    pub(crate) placeholder_credentials: bool,
    pub(crate) concurrency: usize,
    pub(crate) ignore_changes: bool,
}

impl Watch<'_> {
    /// Starts it under `supervisor`, the `local` binary. Without `output`, it inherits this process's.
    pub(crate) fn start(
        &self,
        supervisor: &Path,
        root: &Path,
        output: Option<ChildOutput>,
    ) -> Result<Supervisor, Error> {
        let mut command = process::command(supervisor);
        command.args(["supervise", "--"]).arg(self.cargo_lambda).args(["lambda", "watch"]);
        let (ip, port) = (self.address.ip().to_string(), self.address.port().to_string());
        command.args(["--invoke-address", &ip, "--invoke-port", &port, "--disable-cors"]);
        command.args(["--concurrency", &self.concurrency.to_string(), "--color", "never"]);
        command.arg("--env-file").arg(self.env_file);
        if self.ignore_changes {
            command.arg("--ignore-changes");
        }
        if self.placeholder_credentials {
            remove_aws_variables(&mut command);
        }
        if let Some(ChildOutput { stdout, stderr }) = output {
            command.stdout(stdout).stderr(stderr);
        }
        command.current_dir(root);
        Supervisor::start(command.into_std())
    }
}

/// Removes the developer's AWS variables, such as a session token, profile or region. They must not be
/// combined with the credentials in the environment file.
fn remove_aws_variables(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("AWS_") && name != "AWS_LAMBDA_LOG_LEVEL") {
            command.env_remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_is_found_in_cargos_messages() {
        let artifact = |kind: &str, name: &str, executable: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","target":{{"kind":["{kind}"],"name":"{name}"}},"executable":{executable}}}"#
            )
        };
        assert_eq!(
            supervisor_path(&artifact("bin", "local", r#""/t/debug/local""#)),
            Some("/t/debug/local".into())
        );
        assert_eq!(supervisor_path(&artifact("lib", "local", "null")), None);
        assert_eq!(supervisor_path(&artifact("bin", "add-member", r#""/t/debug/add-member""#)), None);
        assert_eq!(supervisor_path(r#"{"reason":"build-finished","success":true}"#), None);
    }
}
