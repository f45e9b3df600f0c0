//! `local supervise`: a process between us and cargo-lambda that ends cargo-lambda and all functions
//! when we are gone, even by `kill -9`.
//!
//! It holds the read end of a pipe that we hold the write end of. The kernel closes that with our
//! process, whatever happens to it; the supervisor needs nobody's cooperation.

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

/// cargo-lambda stops its functions in about one second when asked.
const PATIENCE: Duration = Duration::from_secs(3);

/// Runs `command` until it ends, standard input does, or a signal says so; leaves no process below
/// this one. This is all that `local supervise` does.
///
/// # Errors
/// When the command does not start.
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
            let _ = timeout(PATIENCE, child.wait()).await;
            0
        }
    };
    process::end_descendants(&known);
    Ok(ExitCode::from(code))
}

/// A thread, because tokio's standard input would hold the runtime open until there is some.
async fn end_of_input() {
    let (ended, end) = oneshot::channel();
    thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock().by_ref(), &mut io::sink());
        let _ = ended.send(());
    });
    let _ = end.await;
}

/// The other side: a running supervisor, which is stopped when this is dropped.
#[derive(Debug)]
pub(crate) struct Supervisor {
    pid: u32,
    pipe: Option<ChildStdin>,
    exit: watch::Receiver<Option<ExitStatus>>,
}

impl Supervisor {
    /// Starts `command`, which is `local supervise -- …` with output as the caller likes it.
    pub(crate) fn start(mut command: Command) -> Result<Self, Error> {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command.stdin(Stdio::piped()).spawn().map_err(Error::program(program))?;
        let (pid, pipe) = (child.id(), child.stdin.take());
        let (exited, exit) = watch::channel(None);
        thread::spawn(move || exited.send(Some(wait(&mut child))));
        Ok(Self { pid, pipe, exit })
    }

    /// Resolves when it has ended, which of its own accord it does with cargo-lambda only.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        match self.exit.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(status)) => *status,
            Ok(None) | Err(_) => ExitStatus::default(),
        }
    }

    /// Stops it and waits until nothing below it is left.
    pub(crate) fn stop(&mut self) -> Result<(), Error> {
        drop(self.pipe.take());
        // Above what the supervisor allows itself.
        let deadline = Instant::now() + 4 * PATIENCE;
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
