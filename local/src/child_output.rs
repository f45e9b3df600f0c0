//! Where the output of a child process goes: a log file, a callback that gets each line, or both.

use crate::{Error, data_dir};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, PipeReader, Write as _},
    os::fd::OwnedFd,
    path::Path,
    thread,
};

/// The standard output and standard error of a child process.
#[derive(Debug)]
pub(crate) struct ChildOutput {
    pub(crate) stdout: OwnedFd,
    pub(crate) stderr: OwnedFd,
}

impl ChildOutput {
    /// Sends both streams to one file.
    pub(crate) fn to_file(file: File) -> Result<Self, Error> {
        Ok(Self { stdout: duplicate(&file)?.into(), stderr: file.into() })
    }

    /// Sends each line to `on_line`, and to `log` if there is one.
    pub(crate) fn tee(
        log: Option<File>,
        on_line: impl Fn(&str) + Send + Clone + 'static,
    ) -> Result<Self, Error> {
        let pipe = || {
            let (reader, writer) = io::pipe().map_err(Error::program("cargo-lambda"))?;
            let (log, on_line) = (log.as_ref().map(duplicate).transpose()?, on_line.clone());
            thread::spawn(move || tee_lines(reader, log, on_line));
            Ok::<_, Error>(writer.into())
        };
        // One pipe per stream: the compiler writes parts of lines to one while functions write whole
        // lines to the other.
        Ok(Self { stdout: pipe()?, stderr: pipe()? })
    }
}

/// Opens an empty log file. Writes append, so that several writers do not overwrite each other.
pub(crate) fn create_log(path: &Path) -> Result<File, Error> {
    let file = data_dir::open(path, OpenOptions::new().append(true).create(true))?;
    file.set_len(0).map_err(Error::file("empty", path))?;
    Ok(file)
}

/// Copies lines until every writer has closed the pipe. Errors of the log file are ignored.
fn tee_lines(reader: PipeReader, mut log: Option<File>, on_line: impl Fn(&str)) {
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        if let Some(log) = &mut log {
            let _ = log.write_all(&line);
        }
        on_line(String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
}

fn duplicate(file: &File) -> Result<File, Error> {
    file.try_clone().map_err(Error::program("cargo-lambda"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::test_dir;
    use std::{
        fs,
        os::unix::fs::{PermissionsExt as _, symlink},
        sync::mpsc,
    };

    #[test]
    fn each_line_goes_to_the_callback_and_to_the_log() {
        let path = test_dir("child-output").join("log");
        let (sender, lines) = mpsc::channel();
        let output = ChildOutput::tee(Some(create_log(&path).unwrap()), move |line: &str| {
            sender.send(line.to_owned()).unwrap();
        });
        let ChildOutput { stdout, stderr } = output.unwrap();
        File::from(stdout).write_all(b"one\ntwo").unwrap();
        assert_eq!([lines.recv().unwrap(), lines.recv().unwrap()], ["one", "two"]);
        File::from(stderr).write_all(b"\xFF\n").unwrap();
        assert_eq!(lines.recv().unwrap(), "\u{FFFD}");
        assert_eq!(fs::read(&path).unwrap(), b"one\ntwo\xFF\n");
    }

    #[test]
    fn only_the_owner_can_read_the_log_and_no_link_is_followed() {
        let dir = test_dir("log");
        let path = dir.join("log");
        fs::write(&path, "older").unwrap();
        create_log(&path).unwrap();
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!((metadata.permissions().mode() & 0o777, metadata.len()), (0o600, 0));

        let link = dir.join("link");
        symlink(&path, &link).unwrap();
        fs::write(&path, "x").unwrap();
        assert!(matches!(create_log(&link), Err(Error::SymbolicLink(_))));
        assert_eq!(fs::read(&path).unwrap(), b"x");
    }
}
