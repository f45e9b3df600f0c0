//! Follows the file of the events that the function `record-events` sent to the bus.

use crate::{EVENTS, Error, data_dir};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, Seek as _},
    os::unix::fs::MetadataExt as _,
    path::Path,
    time::Duration,
};

/// The time between two looks at the end of the file.
const INTERVAL: Duration = Duration::from_millis(100);

/// Calls `print` with each event of the file in this data directory, one JSON object, and with those that are added,
/// until it returns false. Waits for a file that does not exist yet. Starts anew if the file is replaced.
///
/// # Errors
/// If the file cannot be read.
pub async fn follow_events(data_dir: &Path, mut print: impl FnMut(&str) -> bool) -> Result<(), Error> {
    let path = data_dir.join(EVENTS);
    let failed = |error| Error::file("read", &path)(error);
    let mut file: Option<BufReader<File>> = None;
    let mut line = String::new();
    loop {
        if let Some(reader) = &mut file {
            while reader.read_line(&mut line).map_err(failed)? > 0 {
                // The rest of a line that is being written comes with the next look.
                let Some(event) = line.strip_suffix('\n') else { break };
                if !print(event) {
                    return Ok(());
                }
                line.clear();
            }
        }
        if !is_current(&mut file, &path).map_err(failed)? {
            line.clear();
            file = match data_dir::open(&path, OpenOptions::new().read(true)) {
                Ok(opened) => Some(BufReader::new(opened)),
                Err(Error::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            if file.is_some() {
                continue;
            }
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// True if this is the file at the path, and not shorter than what was read of it.
fn is_current(file: &mut Option<BufReader<File>>, path: &Path) -> io::Result<bool> {
    let Some(reader) = file else { return Ok(false) };
    let read = reader.stream_position()?;
    let opened = reader.get_ref().metadata()?;
    let current = path.symlink_metadata();
    Ok(current.is_ok_and(|current| current.ino() == opened.ino() && current.len() >= read))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::test_dir;
    use std::{fs, io::Write as _};
    use tokio::sync::mpsc;

    #[tokio::test]
    async fn events_are_followed_through_a_reset() {
        let dir = test_dir("follow");
        let path = dir.join(EVENTS);
        let (sender, mut lines) = mpsc::unbounded_channel();
        let followed =
            tokio::spawn(
                async move { follow_events(&dir, |line| sender.send(line.to_owned()).is_ok()).await },
            );
        // It waits for the file.
        tokio::time::sleep(INTERVAL * 2).await;
        fs::write(&path, "{\"a\":1}\n{\"b\"").unwrap();
        assert_eq!(lines.recv().await.unwrap(), r#"{"a":1}"#);
        tokio::time::sleep(INTERVAL * 2).await;
        assert!(lines.try_recv().is_err());
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b":2}\n").unwrap();
        assert_eq!(lines.recv().await.unwrap(), r#"{"b":2}"#);

        fs::remove_file(&path).unwrap();
        tokio::time::sleep(INTERVAL * 2).await;
        fs::write(&path, "{\"c\":3}\n").unwrap();
        assert_eq!(lines.recv().await.unwrap(), r#"{"c":3}"#);

        // A reader who is gone ends it.
        drop(lines);
        fs::write(&path, "{\"c\":3}\n{\"d\":4}\n").unwrap();
        followed.await.unwrap().unwrap();
    }
}
