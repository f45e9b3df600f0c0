use crate::Error;
use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

/// A data directory that no other instance uses. The operating system releases the lock with the
/// process, however that ends.
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

/// Creates the directory and has git ignore it: it holds a private key. cargo-lambda reads that
/// .gitignore too, else every write to a data directory inside the workspace, but outside target/,
/// would restart the functions.
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
    fn only_one_instance_has_a_data_directory() {
        let dir = test_dir("lock");
        let first = DataDir::lock(&dir).unwrap();
        assert!(matches!(DataDir::lock(&dir), Err(Error::DataDirInUse(_))));
        drop(first);
        DataDir::lock(&dir).unwrap();
    }

    #[test]
    fn git_ignores_it() {
        let dir = test_dir("ignored");
        create(&dir).unwrap();
        assert_eq!(fs::read_to_string(dir.join(".gitignore")).unwrap(), "*\n");
    }
}
