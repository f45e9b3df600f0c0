//! What cargo-lambda and the functions print, and where it goes.

use crate::Error;
use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, PipeReader, Write as _},
    os::fd::OwnedFd,
    path::Path,
    thread,
};

/// Where a program prints.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) stdout: OwnedFd,
    pub(crate) stderr: OwnedFd,
}

impl Output {
    /// Everything into one file.
    pub(crate) fn to(file: File) -> Result<Self, Error> {
        Ok(Self { stdout: copy(&file)?.into(), stderr: file.into() })
    }

    /// Everything into `log`, if there is one; and `printed` is told each line.
    pub(crate) fn watched(
        log: Option<File>,
        printed: impl Fn(&str) + Send + Clone + 'static,
    ) -> Result<Self, Error> {
        let watch = || {
            let (reader, writer) = io::pipe().map_err(Error::program("cargo-lambda"))?;
            let (log, printed) = (log.as_ref().map(copy).transpose()?, printed.clone());
            thread::spawn(move || relay(reader, log, printed));
            Ok::<_, Error>(writer.into())
        };
        // A pipe for each: the compiler's messages come in pieces, the functions' in lines.
        Ok(Self { stdout: watch()?, stderr: watch()? })
    }
}

/// A new file, to which several may write without overwriting each other.
pub(crate) fn create(path: &Path) -> Result<File, Error> {
    File::create(path)
        .and_then(|_| File::options().append(true).open(path))
        .map_err(Error::file("create", path))
}

/// Copies what comes into the log, line by line, and tells of each line, until all who write have
/// ended. A log that cannot be written to is no reason to stop.
fn relay(reader: PipeReader, mut log: Option<File>, printed: impl Fn(&str)) {
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        if let Some(log) = &mut log {
            let _ = log.write_all(&line);
        }
        printed(String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
}

fn copy(file: &File) -> Result<File, Error> {
    file.try_clone().map_err(Error::program("cargo-lambda"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::test_dir;
    use std::{fs, sync::mpsc};

    #[test]
    fn each_line_is_told_and_kept() {
        let path = test_dir("printed").join("log");
        let (told, lines) = mpsc::channel();
        let output = Output::watched(Some(create(&path).unwrap()), move |line: &str| {
            told.send(line.to_owned()).unwrap();
        });
        let Output { stdout, stderr } = output.unwrap();
        File::from(stdout).write_all(b"one\ntwo").unwrap();
        assert_eq!([lines.recv().unwrap(), lines.recv().unwrap()], ["one", "two"]);
        File::from(stderr).write_all(b"\xFF\n").unwrap();
        assert_eq!(lines.recv().unwrap(), "\u{FFFD}");
        assert_eq!(fs::read(&path).unwrap(), b"one\ntwo\xFF\n");
    }
}
