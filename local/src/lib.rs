//! The API on a developer's machine: an embedded DynamoDB with the table of template.yaml, an
//! identity that signs tokens, and all functions behind `cargo lambda watch`. Never deployed.
//!
//! The binary is `cargo local`. The library starts the same [`Stack`] for the black-box tests.
//!
//! Processes: this one serves DynamoDB from a thread and holds a pipe to `local supervise`, which
//! runs cargo-lambda, which runs the functions. When the pipe closes, be it by [`Stack::stop`], a
//! crash or `kill -9`, the supervisor ends everything below it.

mod cargo_lambda;
mod data_dir;
pub mod dynamodb;
mod env_file;
mod error;
mod forward;
mod functions;
mod identity;
mod printed;
pub mod process;
mod reference;
mod stack;
pub mod supervisor;
pub mod table;
mod template;
mod viewer;

pub use data_dir::{DATABASE, LOG, forget};
pub use dynamodb::{Dynamodb, start_in_memory};
pub use error::Error;
pub use forward::forward;
pub use functions::build;
pub use identity::{AUDIENCE, ISSUER, Identity};
pub use reference::Reference;
pub use stack::{Database, Options, Stack, http_client};
pub use table::TABLE_NAME;

use std::path::{Path, PathBuf};

/// The root of the workspace that this crate was built in.
pub fn workspace_root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// The data directory where none is named: `target/local` in the workspace.
pub fn default_data_dir() -> PathBuf {
    workspace_root().join("target/local")
}
