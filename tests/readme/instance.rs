//! `cargo local` as a newcomer starts it, with its own directory and ports.

use serde_json::Value;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

pub(crate) struct Instance {
    process: Child,
    output: Lines<BufReader<ChildStdout>>,
    place: Place,
}

/// The directory and ports of an instance, running or stopped.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    port: u16,
    data_dir: PathBuf,
}

impl Instance {
    /// Starts an instance and waits until it reports that it is ready.
    pub(crate) async fn start() -> Self {
        let data_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
        let place = Place { port: free_port(), data_dir };
        // Deletes what a failed run left behind.
        place.shell("cargo local reset").await;
        let mut command = cargo();
        command.args(["local", "--json", "--port", &place.port.to_string()]);
        command.args(["--dynamodb-port", &free_port().to_string()]);
        command.args(["--reference-port", &free_port().to_string(), "--data-dir"]).arg(&place.data_dir);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut instance = Self { process, output, place };
        let ready = instance.event("ready").await;
        assert_eq!(ready["apiUrl"], format!("http://127.0.0.1:{}", instance.place.port));
        instance
    }

    /// The output of a script that uses this instance.
    pub(crate) async fn shell(&self, script: &str) -> String {
        self.place.shell(script).await
    }

    /// Starts the emulator with a block of README, and waits until something listens on its port. It runs until it
    /// is stopped.
    pub(crate) async fn start_emulator(&self, block: &str, port: u16) -> Emulator {
        let command = self.place.here(block).replace("cargo lambda watch", "exec cargo lambda watch");
        let local = local::build(&local::workspace_root()).await.unwrap();
        let mut supervisor = local::process::command(local);
        supervisor.args(["supervise", "--", "bash", "-c", &command]);
        supervisor.current_dir(local::workspace_root()).stdin(Stdio::piped());
        let mut process = supervisor.kill_on_drop(false).spawn().unwrap();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(process.try_wait().unwrap().is_none(), "it ended: {command}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Emulator(process)
    }

    /// Stops it with Ctrl-C, as README says.
    pub(crate) async fn stop(mut self) -> Place {
        let pid = self.process.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().await.unwrap().success());
        self.event("stopped").await;
        assert!(self.process.wait().await.unwrap().success());
        self.place
    }

    /// Reads events until this one.
    async fn event(&mut self, name: &str) -> Value {
        while let Some(line) = self.output.next_line().await.unwrap() {
            let event: Value = serde_json::from_str(&line).expect("each line is JSON");
            if event["event"] == name {
                return event;
            }
            assert_ne!(event["event"], "error", "{event}");
        }
        panic!("the instance ended before the event {name}; see its standard error");
    }
}

/// A command that runs in the background. It ends when this is dropped.
pub(crate) struct Emulator(Child);

impl Emulator {
    pub(crate) async fn stop(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().await.unwrap().success());
    }
}

impl Place {
    /// A command with this directory and port.
    fn here(&self, command: &str) -> String {
        command
            .replace("target/local/env", &self.data_dir.join("env").display().to_string())
            .replace("--invoke-port 9000", &format!("--invoke-port {}", self.port))
    }

    /// The output of a script that uses this directory and these ports.
    pub(crate) async fn shell(&self, script: &str) -> String {
        let directory = format!(" --data-dir '{}'", self.data_dir.display());
        let with_directory = |command: &str| {
            let command = command.split(" #").next().unwrap_or(command).trim_end();
            format!("{command}{directory}")
        };
        let script: Vec<_> = self
            .here(script)
            .replace("http://127.0.0.1:9000", &format!("http://127.0.0.1:{}", self.port))
            .replace("local token ", &format!("local token{directory} "))
            .lines()
            .map(|line| match line {
                _ if line.starts_with("cargo local seed") => {
                    format!("{} --port {}", with_directory(line), self.port)
                }
                _ if line.starts_with("cargo local reset") => with_directory(line),
                _ => line.to_owned(),
            })
            .collect();
        let mut bash = local::process::command("bash");
        bash.args(["-euo", "pipefail", "-c", &script.join("\n")]).current_dir(local::workspace_root());
        let output = bash.stderr(Stdio::inherit()).output().await.unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{}\n{text}", script.join("\n"));
        text
    }
}

fn cargo() -> Command {
    let mut command = local::process::command("cargo");
    command.current_dir(local::workspace_root());
    command
}

/// A port that is free now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}
