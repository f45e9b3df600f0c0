//! Errors of the local stack.

use std::{io, net::IpAddr, path::PathBuf, process::ExitStatus};

/// Why the local stack does not run. Each message is one line and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file operation failed.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// The failed action, as a verb: `write`.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// Another process uses the data directory.
    #[error("another instance uses the data directory {}; stop it or choose another one with --data-dir", .0.display())]
    DataDirInUse(PathBuf),
    /// A file in the data directory is a symbolic link, which could lead anywhere.
    #[error("{} is a symbolic link, which is not followed: delete it and start again", .0.display())]
    SymbolicLink(PathBuf),
    /// The data directory is open to other users, and this program has not created it.
    #[error(
        "the directory {} is open to other users and holds other files: choose another directory with --data-dir", .0.display()
    )]
    DataDirShared(PathBuf),
    /// A port is taken or forbidden.
    #[error("cannot listen on {address}:{port}: {source}; free the port or choose another one with {option}")]
    Port {
        /// The address, which is always loopback.
        address: IpAddr,
        /// The requested port.
        port: u16,
        /// The option of `cargo local` that chooses the port.
        option: &'static str,
        /// The operating system's error.
        source: io::Error,
    },
    /// The signing key on disk is not a P-256 key in PKCS#8.
    #[error("{} is not a P-256 key in PKCS#8: delete it to have a new one generated", .0.display())]
    SigningKey(PathBuf),
    /// The operating system provides no random bytes.
    #[error("cannot generate a key: the operating system provides no random bytes")]
    Random,
    /// template.yaml or openapi.yaml is not as this crate expects.
    #[error("{}: {reason}", path.display())]
    Template {
        /// The file.
        path: PathBuf,
        /// What is wrong with the file.
        reason: String,
    },
    /// The table exists, but its keys differ from template.yaml.
    #[error(
        "the keys of the table {table} differ from template.yaml: delete the table, or the data directory that holds it, and start again ({difference})"
    )]
    OtherTable {
        /// The table's name.
        table: String,
        /// The first difference.
        difference: String,
    },
    /// A DynamoDB call failed.
    #[error("cannot {action} in DynamoDB: {reason}")]
    Dynamodb {
        /// The failed action, as a verb and its object.
        action: &'static str,
        /// The chain of causes.
        reason: String,
    },
    /// The embedded DynamoDB cannot start.
    #[error("cannot start the embedded DynamoDB on {database}: {reason}")]
    EmbeddedDynamodb {
        /// The database file, or `memory`.
        database: String,
        /// The error of the embedded DynamoDB.
        reason: String,
    },
    /// A required program does not start.
    #[error("cannot run {program}: {source}; is it installed and on PATH?")]
    Program {
        /// The program.
        program: String,
        /// The operating system's error.
        source: io::Error,
    },
    /// cargo-lambda is missing and cannot be installed.
    #[error(
        "cannot install cargo-lambda {0}, see above; install it yourself (https://www.cargo-lambda.info/guide/installation.html) and start again"
    )]
    Install(&'static str),
    /// The functions do not compile.
    #[error("the functions do not build ({0}), see above")]
    Build(ExitStatus),
    /// The build produced no binary of this name.
    #[error("`cargo build --bins` in {} builds no binary {name}", root.display())]
    NoBinary {
        /// The binary.
        name: &'static str,
        /// The workspace.
        root: PathBuf,
    },
    /// cargo-lambda exited by itself.
    #[error("cargo-lambda stopped by itself ({0}); {1} says why")]
    Stopped(ExitStatus, String),
    /// cargo-lambda runs but does not answer.
    #[error("cargo-lambda does not answer on {0} after {1} seconds; if this machine is busy, start again")]
    Silent(String, u64),
    /// The API is unreachable.
    #[error(
        "no API answers on {0}; start it with `cargo local`, in another terminal, or name its port with --port"
    )]
    NoApi(String),
    /// The API rejects tokens of this data directory.
    #[error(
        "the API on {0} rejects tokens of this data directory; pass the directory that it was started with as --data-dir"
    )]
    OtherIdentity(String),
    /// The API rejects a request of `cargo local seed`.
    #[error("the API answered {request} with {status}: {answer}")]
    Seed {
        /// Method and path.
        request: String,
        /// The HTTP status.
        status: u16,
        /// The body.
        answer: String,
    },
    /// The supervisor did not stop in time.
    #[error(
        "the process {0}, which supervises cargo-lambda, did not stop in time and was killed; look for what it left running"
    )]
    NotStopped(u32),
}

impl Error {
    pub(crate) fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }

    pub(crate) fn program(program: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let program = program.into();
        move |source| Self::Program { program, source }
    }
}
