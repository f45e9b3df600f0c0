use std::path::{Path, PathBuf};

/// The root of the workspace that this crate was built in.
pub fn workspace_root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// The default data directory: `target/local` in the workspace.
pub fn default_data_dir() -> PathBuf {
    workspace_root().join("target/local")
}
