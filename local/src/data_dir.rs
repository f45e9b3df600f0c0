//! The data directory of one instance.

use crate::Error;
use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// The file of the embedded database in the data directory.
pub const DATABASE: &str = "dynamodb.sqlite3";
/// The file for the output of the functions in the data directory.
pub const LOG: &str = "functions.log";

/// A locked data directory, which no other instance can use. The operating system releases the lock
/// however the process ends.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    pub(crate) fn lock(path: &Path) -> Result<Self, Error> {
        create(path)?;
        let path = path.canonicalize().map_err(Error::file("open", path))?;
        let file = path.join("lock");
        let lock = File::create(&file).map_err(Error::file("create", &file))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Error::DataDirInUse(path)),
            Err(TryLockError::Error(source)) => Err(Error::file("lock", file)(source)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// Deletes the database and the log, and returns the names of the deleted files. Keeps the signing key,
/// so tokens stay valid.
///
/// # Errors
/// If an instance uses the directory, or a file cannot be deleted.
pub fn forget(path: &Path) -> Result<Vec<&'static str>, Error> {
    let data_dir = DataDir::lock(path)?;
    let mut deleted = Vec::new();
    // SQLite keeps unmerged changes in the last two.
    for name in [LOG, DATABASE, "dynamodb.sqlite3-wal", "dynamodb.sqlite3-shm"] {
        let file = data_dir.join(name);
        match fs::remove_file(&file) {
            Ok(()) => deleted.push(name),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::file("delete", file)(error)),
        }
    }
    Ok(deleted)
}

/// Creates the directory with a .gitignore, as it holds a private key. cargo-lambda reads .gitignore as
/// well: without it, every write to a data directory in the workspace outside target/ would restart
/// the functions.
pub(crate) fn create(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(Error::file("create", path))?;
    let ignore = path.join(".gitignore");
    if !ignore.exists() {
        fs::write(&ignore, "*\n").map_err(Error::file("write", ignore))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::test_dir;

    #[test]
    fn only_one_instance_can_use_a_data_directory() {
        let dir = test_dir("lock");
        let first = DataDir::lock(&dir).unwrap();
        assert!(matches!(DataDir::lock(&dir), Err(Error::DataDirInUse(_))));
        drop(first);
        DataDir::lock(&dir).unwrap();
    }

    #[test]
    fn forgetting_deletes_the_data_and_keeps_the_key() {
        let dir = test_dir("forget");
        for name in ["signing-key.p8", DATABASE, "dynamodb.sqlite3-wal", LOG] {
            fs::write(dir.join(name), "x").unwrap();
        }
        let running = DataDir::lock(&dir).unwrap();
        assert!(matches!(forget(&dir), Err(Error::DataDirInUse(_))));
        drop(running);
        assert_eq!(forget(&dir).unwrap(), [LOG, DATABASE, "dynamodb.sqlite3-wal"]);
        assert!(forget(&dir).unwrap().is_empty());
        assert!(dir.join("signing-key.p8").exists() && !dir.join(DATABASE).exists());
    }

    #[test]
    fn git_ignores_the_data_directory() {
        let dir = test_dir("ignored");
        create(&dir).unwrap();
        assert_eq!(fs::read_to_string(dir.join(".gitignore")).unwrap(), "*\n");
    }
}
