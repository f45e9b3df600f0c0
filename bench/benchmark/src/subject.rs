//! The subjects: the functions and their baselines, and their binaries.

use crate::cli::{Options, bench_root, workspace_root};
use anyhow::{Context as _, Result, bail, ensure};
use functions::Operation;
use heck::ToKebabCase as _;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};
use zip::write::SimpleFileOptions;

/// The baseline: lambda_http and nothing else, built like the functions but linked dynamically.
pub(crate) const NOOP: &str = "noop";
/// A function that does nothing, as `cargo lambda new --http` writes it and cargo's defaults build it.
pub(crate) const TEMPLATE: &str = "template";
/// get-organization as the ecosystem's templates write it.
pub(crate) const PLAIN: &str = "plain";
/// Our function that is not an operation.
const RECORDER: &str = "record-events";
/// The subjects that are not our functions.
const COMPARED_WITH: [&str; 3] = [NOOP, TEMPLATE, PLAIN];

/// What invokes a binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Requests to one of our operations.
    Operation(Operation),
    /// The table's stream.
    Recorder,
    /// Requests like those to getOrganization: it is not one of our functions.
    Baseline,
}

/// A binary under test.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    /// Its name in the report: the binary, and the build if there are several.
    pub(crate) name: String,
    /// What invokes it.
    pub(crate) kind: Kind,
    /// The binary.
    pub(crate) binary: PathBuf,
    /// Its size in bytes.
    pub(crate) size: u64,
    /// The size in bytes of the deployed zip archive.
    pub(crate) zip_size: u64,
    /// True if it reads all of the system's root certificates.
    pub(crate) system_roots: bool,
}

impl Subject {
    fn find(name: &str, directory: &Path, system_roots: bool) -> Result<Self> {
        let candidates = [directory.join(name).join("bootstrap"), directory.join(name)];
        let binary = candidates.into_iter().find(|path| path.is_file());
        let binary =
            binary.with_context(|| format!("there is no binary {name} in {}", directory.display()))?;
        let binary = fs::canonicalize(binary)?;
        let (size, zip_size) = sizes(&binary).with_context(|| format!("zip {}", binary.display()))?;
        let operation = Operation::ALL.iter().copied().find(|operation| binary_name(*operation) == name);
        let kind = match operation {
            Some(operation) => Kind::Operation(operation),
            None if name == RECORDER => Kind::Recorder,
            None => Kind::Baseline,
        };
        Ok(Self { name: name.to_owned(), kind, binary, size, zip_size, system_roots })
    }
}

/// Builds the selected subjects, each with its own features and profile.
pub(crate) fn build(options: &Options) -> Result<Vec<Subject>> {
    let operations = Operation::ALL.iter().copied().map(binary_name);
    let functions: Vec<String> = operations.chain([RECORDER.to_owned()]).collect();
    let asked = |name: &str| {
        // Without a DynamoDB only the functions are tested.
        let applies = !options.unreachable || !COMPARED_WITH.contains(&name);
        applies && (options.subjects.is_empty() || options.subjects.iter().any(|asked| asked == name))
    };
    let known = |name: &String| COMPARED_WITH.contains(&&**name) || functions.contains(name);
    if let Some(unknown) = options.subjects.iter().find(|name| !known(name)) {
        let all = [COMPARED_WITH.join(", "), functions.join(", ")].join(", ");
        bail!("unknown subject {unknown}; known are {all}");
    }

    let subject =
        |name: &str, directory: &Path| Subject::find(name, directory, name == PLAIN || options.system_roots);
    let functions: Vec<String> = functions.into_iter().filter(|name| asked(name)).collect();
    let mut subjects = Vec::new();
    let mut compare = |name: &str, profile: &str| {
        if asked(name) {
            // Built alone, because cargo would unify its features with those of other packages.
            cargo_build(&bench_root(), profile, name)?;
            subjects.push(subject(name, &target(&bench_root()).join(profile))?);
        }
        anyhow::Ok(())
    };
    compare(NOOP, "function")?;
    compare(TEMPLATE, "release")?;
    compare(PLAIN, "release")?;
    let directory = match &options.functions {
        Some(directory) => directory.clone(),
        None => {
            make(&functions)?;
            let triple = format!("{}-unknown-linux-musl", env::consts::ARCH);
            target(&workspace_root()).join("lambda").join(triple)
        }
    };
    for name in &functions {
        subjects.push(subject(name, &directory)?);
        for other in &options.beside {
            let build = other.file_name().unwrap_or_default().to_string_lossy();
            let found = subject(name, other)?;
            subjects.push(Subject { name: format!("{name}@{build}"), ..found });
        }
    }
    Ok(subjects)
}

fn sizes(binary: &Path) -> Result<(u64, u64)> {
    let binary = fs::read(binary)?;
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("bootstrap", SimpleFileOptions::default().unix_permissions(0o755))?;
    archive.write_all(&binary)?;
    let zipped = archive.finish()?.into_inner();
    Ok((binary.len() as u64, zipped.len() as u64))
}

/// The name of the binary that serves an operation.
pub(crate) fn binary_name(operation: Operation) -> String {
    operation.id().to_kebab_case()
}

fn target(workspace: &Path) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), PathBuf::from)
}

fn cargo_build(workspace: &Path, profile: &str, package: &str) -> Result<()> {
    let mut command = Command::new("cargo");
    command.current_dir(workspace).args(["build", "--quiet", "--locked", "--profile", profile]);
    command.args(["--package", package]);
    run(command, &format!("{package} ({profile})"))
}

/// Builds functions as `sam build` does.
fn make(functions: &[String]) -> Result<()> {
    if functions.is_empty() {
        return Ok(());
    }
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let mut command = Command::new("make");
    command.current_dir(workspace_root()).arg("--makefile");
    command.arg(format!("functions/{architecture}/Makefile")).arg("compile");
    command.arg(format!("BINARIES={}", functions.join(" ")));
    run(command, &functions.join(", "))
}

fn run(mut command: Command, what: &str) -> Result<()> {
    // `cargo run` sets these for this process. Build scripts that read them would rerun.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_")
            || name.starts_with("CARGO_MANIFEST_")
            || name.starts_with("CARGO_BIN_")
        {
            command.env_remove(&*name);
        }
    }
    eprintln!("building {what}");
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("run {program}"))?;
    ensure!(status.success(), "{program} could not build {what}");
    Ok(())
}
