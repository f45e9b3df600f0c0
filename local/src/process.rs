//! Child processes: the environment they inherit, and how to end all of them.

use crate::Error;
use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, wait};
use std::{
    env,
    ffi::OsStr,
    fs, io,
    process::{ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};
use tokio::process::Command;

/// Variables that cargo sets for a program started by `cargo run` or `cargo test`. Build scripts rerun
/// when some of them change: a child cargo that inherited them would recompile what the developer's
/// own cargo has compiled.
const SET_BY_CARGO: [&str; 8] = [
    "CARGO",
    "CARGO_CRATE_NAME",
    "CARGO_MAKEFLAGS",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_MANIFEST_PATH",
    "CARGO_PRIMARY_PACKAGE",
    "CARGO_TARGET_TMPDIR",
];
const PREFIXES_SET_BY_CARGO: [&str; 3] = ["CARGO_BIN_", "CARGO_PKG_", "CARGO_RUSTC_CURRENT_DIR"];

/// Time to kill all descendants.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// A command with the developer's environment, in its own process group. Ctrl-C then reaches only this
/// process, which then stops the command.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_set_by_cargo) {
            command.env_remove(name);
        }
    }
    command.env("CARGO_TERM_COLOR", "never").env("CARGO_LAMBDA_COLOR", "never");
    command.stdin(Stdio::null()).kill_on_drop(true).process_group(0);
    command
}

fn is_set_by_cargo(name: &str) -> bool {
    SET_BY_CARGO.contains(&name) || PREFIXES_SET_BY_CARGO.iter().any(|prefix| name.starts_with(prefix))
}

/// Runs a program with its standard output redirected to standard error, which shows progress.
pub(crate) async fn run(mut command: Command) -> Result<ExitStatus, Error> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    command.stdout(io::stderr()).status().await.map_err(Error::program(program))
}

/// Makes orphaned descendants children of this process, so that [`end_descendants`] finds them.
/// cargo-lambda uses watchexec, which starts every function with setsid, so no process group contains
/// them all. Linux only; elsewhere init adopts orphans.
pub fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    // Cannot fail since Linux 3.4. If it did, only orphans would keep running.
    let _ = rustix::process::set_child_subreaper(Some(getpid()));
}

/// Kills all descendants of this process, and the processes in `known`, which were descendants earlier.
pub fn end_descendants(known: &[Pid]) {
    let deadline = Instant::now() + KILL_TIMEOUT;
    // Repeat until none is left: a process may start another before it is killed.
    loop {
        let descendants = descendants();
        // Linux needs no `known`: with orphans adopted, `descendants` is complete. By now, an id in `known`
        // may belong to another process.
        let known = if cfg!(target_os = "linux") { &[] } else { known };
        for pid in descendants.iter().chain(known) {
            let _ = kill_process(*pid, Signal::KILL);
        }
        while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
        if descendants.is_empty() || Instant::now() > deadline {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// All descendants of this process.
pub fn descendants() -> Vec<Pid> {
    let processes = processes();
    let mut found = vec![getpid()];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(processes.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.split_off(1)
}

/// All processes with their parents: from /proc, or from `ps` on systems without /proc.
fn processes() -> Vec<(Pid, Pid)> {
    match fs::read_dir("/proc") {
        Ok(entries) => {
            let stat =
                |entry: io::Result<fs::DirEntry>| fs::read_to_string(entry.ok()?.path().join("stat")).ok();
            entries.filter_map(stat).filter_map(|stat| parse_stat(&stat)).collect()
        }
        Err(_) => {
            let output = std::process::Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output();
            let text =
                output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
            text.lines().filter_map(parse_ps).collect()
        }
    }
}

/// Parses `PID (NAME) STATE PARENT …`. The name may contain spaces and parentheses.
fn parse_stat(stat: &str) -> Option<(Pid, Pid)> {
    let (pid, rest) = stat.split_once(' ')?;
    let (_, rest) = rest.rsplit_once(") ")?;
    Some((parse_pid(pid)?, parse_pid(rest.split(' ').nth(1)?)?))
}

fn parse_ps(line: &str) -> Option<(Pid, Pid)> {
    let (pid, parent) = line.trim().split_once(' ')?;
    Some((parse_pid(pid)?, parse_pid(parent.trim())?))
}

fn parse_pid(text: &str) -> Option<Pid> {
    Pid::from_raw(text.parse().ok()?)
}

/// A new directory for one test.
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a helper of tests, which clippy.toml may not cover")]
pub(crate) fn test_dir(name: &str) -> std::path::PathBuf {
    use std::os::unix::fs::DirBuilderExt as _;
    let path = env::temp_dir().join(format!("local-test-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::DirBuilder::new().mode(0o700).create(&path).unwrap();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_inherits_the_developers_variables_and_not_cargos() {
        for name in [
            "CARGO_HOME",
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_JOBS",
            "CARGO_NET_OFFLINE",
            "CARGO_PROFILE_DEV_DEBUG",
        ] {
            assert!(!is_set_by_cargo(name), "{name}");
        }
        for name in ["CARGO", "CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "CARGO_BIN_EXE_local"] {
            assert!(is_set_by_cargo(name), "{name}");
        }
    }

    #[test]
    fn a_process_name_may_contain_spaces_and_parentheses() {
        let pids =
            |pair: Option<(Pid, Pid)>| pair.map(|(pid, parent)| (pid.as_raw_pid(), parent.as_raw_pid()));
        assert_eq!(pids(parse_stat("42 (a) b (c) S 7 42 42 0")), Some((42, 7)));
        assert_eq!(pids(parse_stat("1 (init) S 0 1 1 0")), None);
        assert_eq!(pids(parse_ps("   42     7")), Some((42, 7)));
    }

    #[test]
    fn a_grandchild_is_a_descendant() {
        let mut child = std::process::Command::new("sh").args(["-c", "sleep 60; true"]).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(5);
        let grandchild = loop {
            let parents = processes();
            let found = descendants().into_iter().find(|pid| {
                parents
                    .iter()
                    .any(|(child_pid, parent)| child_pid == pid && parent.as_raw_pid() as u32 == child.id())
            });
            match found {
                Some(pid) => break pid,
                None => assert!(Instant::now() < deadline, "no grandchild"),
            }
        };
        kill_process(grandchild, Signal::KILL).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
