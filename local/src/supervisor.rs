//! `local supervise`: a process between its parent, which runs the stack, and cargo-lambda. It ends
//! cargo-lambda and all functions when the parent ends, even by `kill -9`.
//!
//! The supervisor reads from a pipe whose write end the parent holds. The kernel closes the write end however
//! the parent ends.

use crate::{Error, process};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    ffi::OsString,
    io::{self, Read as _},
    process::{Child, ChildStdin, Command, ExitCode, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{oneshot, watch},
    time::timeout,
};

/// Time for the command to end after SIGTERM. cargo-lambda stops its functions in about one second.
const TERMINATE_TIMEOUT: Duration = Duration::from_secs(3);

/// Time for the supervisor to end. Must exceed [`TERMINATE_TIMEOUT`] and the time to kill descendants.
const STOP_TIMEOUT: Duration = Duration::from_secs(12);

/// Runs `command` until it ends, standard input ends, or a signal arrives. Then kills all descendants of
/// this process. This is all that `local supervise` does.
///
/// # Errors
/// If the command does not start.
pub async fn supervise(command: &[OsString]) -> Result<ExitCode, Error> {
    process::adopt_orphans();
    let (program, arguments) = command
        .split_first()
        .ok_or_else(|| Error::program("the command")(io::Error::from(io::ErrorKind::NotFound)))?;
    let failed = || Error::program(program.to_string_lossy());
    let mut terminated = signal(SignalKind::terminate()).map_err(failed())?;
    let mut interrupted = signal(SignalKind::interrupt()).map_err(failed())?;
    let mut hung_up = signal(SignalKind::hangup()).map_err(failed())?;
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .spawn()
        .map_err(failed())?;

    let status = tokio::select! {
        status = child.wait() => Some(status),
        () = end_of_input() => None,
        _ = terminated.recv() => None,
        _ = interrupted.recv() => None,
        _ = hung_up.recv() => None,
    };
    let known = process::descendants();
    let code = match status {
        Some(status) => status.ok().and_then(|status| u8::try_from(status.code()?).ok()).unwrap_or(1),
        None => {
            if let Some(pid) = child.id().and_then(|pid| Pid::from_raw(pid.try_into().ok()?)) {
                let _ = kill_process(pid, Signal::TERM);
            }
            let _ = timeout(TERMINATE_TIMEOUT, child.wait()).await;
            0
        }
    };
    process::end_descendants(&known);
    Ok(ExitCode::from(code))
}

/// Reads in a thread, because a pending read of tokio's standard input keeps the runtime from shutting
/// down.
async fn end_of_input() {
    let (ended, end) = oneshot::channel();
    thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock().by_ref(), &mut io::sink());
        let _ = ended.send(());
    });
    let _ = end.await;
}

/// A running supervisor, as seen by the process that started it. Dropping this stops it.
#[derive(Debug)]
pub(crate) struct Supervisor {
    pid: u32,
    pipe: Option<ChildStdin>,
    exit: watch::Receiver<Option<ExitStatus>>,
}

impl Supervisor {
    /// Starts `command`, a `local supervise -- …` whose output the caller has set.
    pub(crate) fn start(mut command: Command) -> Result<Self, Error> {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command.stdin(Stdio::piped()).spawn().map_err(Error::program(program))?;
        let (pid, pipe) = (child.id(), child.stdin.take());
        let (exited, exit) = watch::channel(None);
        thread::spawn(move || exited.send(Some(wait(&mut child))));
        Ok(Self { pid, pipe, exit })
    }

    /// Resolves when the supervisor has ended. Unless stopped, it ends only when cargo-lambda does.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        match self.exit.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(status)) => *status,
            Ok(None) | Err(_) => ExitStatus::default(),
        }
    }

    /// Stops it and waits until all its descendants have ended.
    pub(crate) fn stop(&mut self) -> Result<(), Error> {
        drop(self.pipe.take());
        let deadline = Instant::now() + STOP_TIMEOUT;
        while self.exit.borrow().is_none() {
            if Instant::now() > deadline {
                if let Some(pid) = self.pid.try_into().ok().and_then(Pid::from_raw) {
                    let _ = kill_process(pid, Signal::KILL);
                }
                return Err(Error::NotStopped(self.pid));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

fn wait(child: &mut Child) -> ExitStatus {
    child.wait().unwrap_or_default()
}
