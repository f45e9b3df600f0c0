use crate::{Error, printed::Output, process, supervisor::Supervisor};
use serde::Deserialize;
use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
};

/// This package's own binary, which supervises cargo-lambda.
const LOCAL: &str = "local";

/// Builds all functions and returns the path of `local`, built with them into the same directory.
///
/// These are the packages and features that the `cargo run --bin` of cargo-lambda selects, all
/// default members of the workspace, so that it finds everything compiled.
///
/// # Errors
/// When they do not compile.
pub async fn build(root: &Path) -> Result<PathBuf, Error> {
    let mut command = process::command("cargo");
    command.args(["build", "--bins", "--manifest-path", "Cargo.toml"]);
    // Progress and diagnostics still go to standard error as text.
    command.arg("--message-format=json-render-diagnostics");
    let mut child =
        command.current_dir(root).stdout(Stdio::piped()).spawn().map_err(Error::program("cargo"))?;
    let mut local = None;
    if let Some(output) = child.stdout.take() {
        let mut lines = BufReader::new(output).lines();
        while let Some(line) = lines.next_line().await.map_err(Error::program("cargo"))? {
            local = executable(&line).or(local);
        }
    }
    let status = child.wait().await.map_err(Error::program("cargo"))?;
    if !status.success() {
        return Err(Error::Build(status));
    }
    local.ok_or_else(|| Error::NoBinary { name: LOCAL, root: root.to_owned() })
}

/// The path of [`LOCAL`] in one of cargo's messages.
fn executable(message: &str) -> Option<PathBuf> {
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
    let is_local = message.target.name == LOCAL && message.target.kind.iter().any(|kind| kind == "bin");
    message.executable.filter(|_| is_local)
}

/// How `cargo lambda watch` is to run.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    pub(crate) cargo_lambda: &'a Path,
    pub(crate) port: u16,
    pub(crate) env_file: &'a Path,
    /// Whether the functions' credentials all come from `env_file`.
    pub(crate) own_credentials: bool,
    pub(crate) concurrency: usize,
    pub(crate) ignore_changes: bool,
}

impl Watch<'_> {
    /// Starts it under `local supervise`, with the output where `output` says, else where ours goes.
    pub(crate) fn start(
        &self,
        local: &Path,
        root: &Path,
        output: Option<Output>,
    ) -> Result<Supervisor, Error> {
        let mut command = process::command(local);
        command.args(["supervise", "--"]).arg(self.cargo_lambda).args(["lambda", "watch"]);
        // By default it listens on all interfaces.
        command.args(["--invoke-address", "127.0.0.1", "--invoke-port", &self.port.to_string()]);
        command.args(["--concurrency", &self.concurrency.to_string(), "--color", "never"]);
        command.arg("--env-file").arg(self.env_file);
        if self.ignore_changes {
            command.arg("--ignore-changes");
        }
        if self.own_credentials {
            forget_aws(&mut command);
        }
        if let Some(Output { stdout, stderr }) = output {
            command.stdout(stdout).stderr(stderr);
        }
        command.current_dir(root);
        Supervisor::start(command.into_std())
    }
}

/// Else temporary credentials, a profile or a region of the developer's own account would be mixed with
/// the credentials of the environment file.
fn forget_aws(command: &mut Command) {
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
            executable(&artifact("bin", "local", r#""/t/debug/local""#)),
            Some("/t/debug/local".into())
        );
        assert_eq!(executable(&artifact("lib", "local", "null")), None);
        assert_eq!(executable(&artifact("bin", "add-member", r#""/t/debug/add-member""#)), None);
        assert_eq!(executable(r#"{"reason":"build-finished","success":true}"#), None);
    }
}
