use crate::{Error, process};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tokio::process::Command;

/// What is installed where there is none. Any patch release of [`SERIES`] is taken as it is.
const VERSION: &str = "1.9.2";
const SERIES: &str = "1.9.";

/// Where it is compiled, if it must be, below the directory it is installed to.
const BUILD: &str = "build";

/// cargo-lambda on PATH, else the one under `tools`, which is installed there first.
pub(crate) async fn find_or_install(tools: &Path, progress: &impl Fn(&str)) -> Result<PathBuf, Error> {
    progress(&format!("Looking for cargo-lambda {SERIES}x"));
    let on_path = PathBuf::from("cargo-lambda");
    if is_right(&on_path).await {
        return Ok(on_path);
    }
    let home = tools.join(format!("cargo-lambda-{VERSION}"));
    let own = home.join("bin/cargo-lambda");
    if is_right(&own).await {
        return Ok(own);
    }
    progress(&format!("There is none: installing {VERSION} under {}", tools.display()));
    install(tools, &home, progress).await?;
    if is_right(&own).await { Ok(own) } else { Err(Error::Install(VERSION)) }
}

async fn is_right(cargo_lambda: &Path) -> bool {
    let output = process::command(cargo_lambda).args(["lambda", "--version"]).output().await;
    output
        .is_ok_and(|output| output.status.success() && is_in_series(&String::from_utf8_lossy(&output.stdout)))
}

/// `cargo-lambda 1.9.2 (67129fc 2026-08-21Z)`
fn is_in_series(version: &str) -> bool {
    version.strip_prefix("cargo-lambda ").is_some_and(|version| version.starts_with(SERIES))
}

/// Installs into a directory of its own and renames that, so that an installation which was
/// interrupted is never taken for a whole one, and two at the same time do not mix.
async fn install(tools: &Path, home: &Path, progress: &impl Fn(&str)) -> Result<(), Error> {
    let draft = Draft(tools.join(format!("installing-{}", std::process::id())));
    let Draft(root) = &draft;
    for (title, steps) in ways(root) {
        progress(title);
        draft.clear();
        fs::create_dir_all(root).map_err(Error::file("create", root))?;
        if succeed(steps).await && is_right(&root.join("bin/cargo-lambda")).await {
            let _ = fs::remove_dir_all(root.join(BUILD));
            let _ = fs::remove_dir_all(home);
            // It fails when another process has just put one there, which is as good.
            let _ = fs::rename(root, home);
            return Ok(());
        }
    }
    Err(Error::Install(VERSION))
}

/// A directory that goes with this, also when Ctrl-C cuts the installation short.
struct Draft(PathBuf);

impl Draft {
    fn clear(&self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        self.clear();
    }
}

async fn succeed(steps: Vec<Command>) -> bool {
    for step in steps {
        if !process::run(step).await.is_ok_and(|status| status.success()) {
            return false;
        }
    }
    true
}

/// The ways to install it, the quick ones first; each leaves `bin/cargo-lambda` in `root`.
fn ways(root: &Path) -> [(&'static str, Vec<Command>); 3] {
    // The wheel is the compiled program. What it depends on is zig, for cross compilation only.
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
    // A developer's `--user` default cannot be combined with a target.
    pip.env("PIP_USER", "0").env("PIP_ROOT_USER_ACTION", "ignore");
    pip.args(wheel).arg(&package).arg("--target").arg(root);

    let mut venv = process::command("python3");
    venv.args(["-m", "venv"]).arg(root);
    let mut venv_pip = process::command(root.join("bin/python"));
    venv_pip.env("PIP_USER", "0").args(wheel).arg(&package);

    let mut cargo = process::command("cargo");
    cargo.args(["install", "cargo-lambda", "--version", VERSION, "--locked", "--root"]).arg(root);
    cargo.env("CARGO_TARGET_DIR", root.join(BUILD));

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
    fn only_the_series_that_was_tested_is_taken() {
        assert!(is_in_series("cargo-lambda 1.9.2 (67129fc 2026-08-21Z)\n"));
        assert!(is_in_series("cargo-lambda 1.9.0\n"));
        for other in ["cargo-lambda 1.10.0", "cargo-lambda 1.8.6 (x)", "cargo 1.9.1", ""] {
            assert!(!is_in_series(other), "{other}");
        }
    }

    #[test]
    fn the_version_that_is_installed_is_one_that_is_taken() {
        assert!(VERSION.starts_with(SERIES));
    }
}
