//! The data directory of one instance. It holds a private key, and a log and a database that may contain
//! anything. So only its owner can open the directory and its files, and no symbolic link in it is followed:
//! whoever could create one there could make this program overwrite a file elsewhere.

use crate::Error;
use rustix::{fs::OFlags, process::geteuid};
use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// The file of the embedded database in the data directory.
pub const DATABASE: &str = "dynamodb.sqlite3";
/// The file for the output of the functions in the data directory.
pub const LOG: &str = "functions.log";
/// The file of the events that the function `record-events` sent to the bus, in the data directory.
pub const EVENTS: &str = "events.jsonl";
/// The file with the position of that function in the embedded database's stream.
pub(crate) const STREAM_POSITION: &str = "stream-position.json";

const IGNORE: &str = ".gitignore";
/// The content of [`IGNORE`].
const IGNORED: &[u8] = b"*\n";
/// The permissions of the group and of everybody else.
const OTHERS: u32 = 0o077;

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
        let lock = open(&file, OpenOptions::new().write(true).create(true))?;
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

/// Deletes the database, its events and the log, and returns the names of the deleted files. Keeps the signing key,
/// so tokens stay valid.
///
/// # Errors
/// If an instance uses the directory, or a file cannot be deleted.
pub fn forget(path: &Path) -> Result<Vec<&'static str>, Error> {
    let data_dir = DataDir::lock(path)?;
    let mut deleted = Vec::new();
    // SQLite keeps unmerged changes in -wal and -shm.
    for name in [LOG, DATABASE, "dynamodb.sqlite3-wal", "dynamodb.sqlite3-shm", EVENTS, STREAM_POSITION] {
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
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(Error::file("create", parent))?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => make_private(path)?,
        result => result.map_err(Error::file("create", path))?,
    }
    let ignore = path.join(IGNORE);
    match open(&ignore, OpenOptions::new().write(true).create_new(true)) {
        Err(Error::File { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result?.write_all(IGNORED).map_err(Error::file("write", ignore)),
    }
}

/// Takes the permissions of others away. If the directory is not known to be a data directory, refuses it
/// instead: somebody may have named `/tmp`.
fn make_private(path: &Path) -> Result<(), Error> {
    let metadata = path.metadata().map_err(Error::file("open", path))?;
    let is_own = metadata.uid() == geteuid().as_raw();
    if is_own && metadata.permissions().mode() & OTHERS == 0 {
        return Ok(());
    }
    let is_empty = fs::read_dir(path).map_err(Error::file("read", path))?.next().is_none();
    let is_known = fs::read(path.join(IGNORE)).is_ok_and(|text| text == IGNORED);
    if !is_own || !(is_empty || is_known) {
        return Err(Error::DataDirShared(path.to_owned()));
    }
    fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(Error::file("protect", path))
}

/// Opens a file for its owner only, unless it is a symbolic link.
pub(crate) fn open(path: &Path, options: &mut OpenOptions) -> Result<File, Error> {
    let file = options.mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed()).open(path);
    let file = file.map_err(|error| match path.symlink_metadata() {
        Ok(metadata) if metadata.is_symlink() => Error::SymbolicLink(path.to_owned()),
        _ => Error::file("open", path)(error),
    })?;
    // An earlier version may have created it.
    let mode = file.metadata().map_err(Error::file("open", path))?.permissions().mode();
    if mode & OTHERS != 0 {
        file.set_permissions(Permissions::from_mode(0o600)).map_err(Error::file("protect", path))?;
    }
    Ok(file)
}

/// Creates the database's file, unless it exists, and protects it and the files that SQLite keeps next to it.
/// SQLite opens them by their paths. It gives new ones the permissions of the database.
pub(crate) fn protect_database(path: &Path) -> Result<(), Error> {
    open(path, OpenOptions::new().append(true).create(true))?;
    for suffix in ["-journal", "-shm", "-wal"] {
        let mut file = path.as_os_str().to_owned();
        file.push(suffix);
        match open(Path::new(&file), OpenOptions::new().append(true)) {
            Err(Error::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            result => drop(result?),
        }
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
        for name in ["signing-key.p8", DATABASE, "dynamodb.sqlite3-wal", LOG, EVENTS, STREAM_POSITION] {
            fs::write(dir.join(name), "x").unwrap();
        }
        let running = DataDir::lock(&dir).unwrap();
        assert!(matches!(forget(&dir), Err(Error::DataDirInUse(_))));
        drop(running);
        let data = [LOG, DATABASE, "dynamodb.sqlite3-wal", EVENTS, STREAM_POSITION];
        assert_eq!(forget(&dir).unwrap(), data);
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
