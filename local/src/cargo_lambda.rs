//! Finds cargo-lambda, or installs it under `target/`.

use crate::{Error, process};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tokio::process::Command;

/// The version to install. An installed version is accepted if it belongs to [`SERIES`].
const VERSION: &str = "1.9.2";
const SERIES: &str = "1.9.";

/// The subdirectory of the installation directory that `cargo install` compiles in.
const BUILD_DIR: &str = "build";

/// The cargo-lambda on PATH, or else the one under `tools`, which is installed if missing.
pub(crate) async fn find_or_install(tools: &Path, progress: &impl Fn(&str)) -> Result<PathBuf, Error> {
    progress(&format!("Looking for cargo-lambda {SERIES}x"));
    let on_path = PathBuf::from("cargo-lambda");
    if is_usable(&on_path).await {
        return Ok(on_path);
    }
    let home = tools.join(format!("cargo-lambda-{VERSION}"));
    let own = home.join("bin/cargo-lambda");
    if is_usable(&own).await {
        return Ok(own);
    }
    progress(&format!("Not found; installing {VERSION} under {}", tools.display()));
    install(tools, &home, progress).await?;
    if is_usable(&own).await { Ok(own) } else { Err(Error::Install(VERSION)) }
}

async fn is_usable(cargo_lambda: &Path) -> bool {
    let output = process::command(cargo_lambda).args(["lambda", "--version"]).output().await;
    output
        .is_ok_and(|output| output.status.success() && is_in_series(&String::from_utf8_lossy(&output.stdout)))
}

/// `cargo-lambda 1.9.2 (67129fc 2026-08-21Z)`
fn is_in_series(version: &str) -> bool {
    version.strip_prefix("cargo-lambda ").is_some_and(|version| version.starts_with(SERIES))
}

/// Installs into a temporary directory and renames it. An interrupted installation is thus never taken
/// for a complete one, and concurrent installations do not mix.
async fn install(tools: &Path, home: &Path, progress: &impl Fn(&str)) -> Result<(), Error> {
    let temporary = TemporaryDir(tools.join(format!("installing-{}", std::process::id())));
    let TemporaryDir(root) = &temporary;
    for (title, steps) in methods(root) {
        progress(title);
        temporary.remove();
        fs::create_dir_all(root).map_err(Error::file("create", root))?;
        if run_all(steps).await && is_usable(&root.join("bin/cargo-lambda")).await {
            let _ = fs::remove_dir_all(root.join(BUILD_DIR));
            let _ = fs::remove_dir_all(home);
            // Fails if another process has just installed it there. Its installation is as good.
            let _ = fs::rename(root, home);
            return Ok(());
        }
    }
    Err(Error::Install(VERSION))
}

/// A directory that is removed on drop, even when Ctrl-C interrupts the installation.
struct TemporaryDir(PathBuf);

impl TemporaryDir {
    fn remove(&self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Drop for TemporaryDir {
    fn drop(&mut self) {
        self.remove();
    }
}

async fn run_all(steps: Vec<Command>) -> bool {
    for step in steps {
        if !process::run(step).await.is_ok_and(|status| status.success()) {
            return false;
        }
    }
    true
}

/// The methods to install it, fastest first. Each creates `bin/cargo-lambda` in `root`.
fn methods(root: &Path) -> [(&'static str, Vec<Command>); 3] {
    // The wheel contains the compiled program. Its only dependency is zig, for cross compilation.
    let package = format!("cargo-lambda=={VERSION}");
    let wheel = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary",
        ":all:",
    ];
    let mut pip = process::command("python3");
    // pip refuses `--target` together with a `--user` default.
    pip.env("PIP_USER", "0").env("PIP_ROOT_USER_ACTION", "ignore");
    pip.args(wheel).arg(&package).arg("--target").arg(root);

    let mut venv = process::command("python3");
    venv.args(["-m", "venv"]).arg(root);
    let mut venv_pip = process::command(root.join("bin/python"));
    venv_pip.env("PIP_USER", "0").args(wheel).arg(&package);

    let mut cargo = process::command("cargo");
    cargo.args(["install", "cargo-lambda", "--version", VERSION, "--locked", "--root"]).arg(root);
    cargo.env("CARGO_TARGET_DIR", root.join(BUILD_DIR));

    [
        ("Installing the prebuilt program from PyPI with python3 -m pip", vec![pip]),
        ("That did not work; trying with a virtual environment", vec![venv, venv_pip]),
        ("That did not work; compiling it with cargo install, which takes many minutes", vec![cargo]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tested_series_is_accepted() {
        assert!(is_in_series("cargo-lambda 1.9.2 (67129fc 2026-08-21Z)\n"));
        assert!(is_in_series("cargo-lambda 1.9.0\n"));
        for other in ["cargo-lambda 1.10.0", "cargo-lambda 1.8.6 (x)", "cargo 1.9.1", ""] {
            assert!(!is_in_series(other), "{other}");
        }
    }

    #[test]
    fn the_version_to_install_is_in_the_accepted_series() {
        assert!(VERSION.starts_with(SERIES));
    }
}
