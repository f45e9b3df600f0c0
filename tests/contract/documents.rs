//! Documents name tests as `file::function`, name paths and link to files. All of these must exist.

use crate::places::read;
use std::fs;
use std::path::{Path, PathBuf};

/// The minimum number of tests that documents name. Fewer means that this suite misses some.
const MIN_TESTS: usize = 50;

/// The minimum number of paths.
const MIN_PATHS: usize = 60;

/// File endings that distinguish a file name without a folder from other text in backticks.
const ENDINGS: [&str; 8] = [".rs", ".md", ".toml", ".yaml", ".yml", ".csv", ".py", ".ts"];

/// The operation that docs/adding-an-operation.md adds as an example. Its files do not exist.
const EXAMPLE: [&str; 2] = ["get-invitation", "get_invitation"];

#[test]
fn every_test_that_a_document_names_exists() {
    let sources = sources();
    let (mut named, mut missing) = (0, Vec::new());
    for document in documents() {
        for (file, function) in tests_in(&read(&document)) {
            named += 1;
            if !sources.iter().any(|(name, text)| name == file && has_test(text, function)) {
                missing.push(format!("{document} names the test {file}::{function}, which does not exist"));
            }
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
    assert!(named >= MIN_TESTS, "only {named} tests found in the documents: does the search still work?");
}

/// The table of figures in README shows those of docs/benchmark/cpu-7.csv, rounded.
#[test]
fn the_figures_in_readme_are_those_of_the_benchmark() {
    let csv = read("docs/benchmark/cpu-7.csv");
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let rows: Vec<_> = lines.collect();
    let figure = |subject: &str, column: &str| -> f64 {
        let index = header.iter().position(|name| *name == column).unwrap();
        let row = rows.iter().find(|row| row[0] == subject).unwrap();
        row[index].parse().unwrap()
    };
    let readme = read("README.md");
    for (row, subject) in [
        ("getOrganization", "get-organization"),
        ("the same function, written from the usual templates", "plain"),
        ("an empty function, written from the usual templates", "template"),
        ("an empty function, built like ours but linked dynamically", "noop"),
    ] {
        let (cold, warm) = (figure(subject, "cold_ms"), figure(subject, "warm_p50_ms"));
        let cold = if cold < 100.0 { format!("{cold:.1}") } else { format!("{cold:.0}") };
        let (memory, binary) =
            (figure(subject, "peak_rss_bytes") / 1e6, figure(subject, "binary_bytes") / 1e6);
        let line = format!("| {row} | {cold} | {warm:.2} | {memory:.1} | {binary:.1} |");
        assert!(readme.contains(&line), "README must have the line {line}");
    }
}

#[test]
fn every_link_in_a_document_leads_to_a_file() {
    let mut missing = Vec::new();
    for document in documents() {
        let directory = root().join(&document);
        let directory = directory.parent().unwrap();
        for link in links_in(&read(&document)).filter(|link| !directory.join(link).exists()) {
            missing.push(format!("{document} links to {link}, which does not exist"));
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

/// A path may omit folders that the text around it names, so the end of a path is enough. CHANGELOG is
/// skipped, because it names paths that no longer exist.
#[test]
fn every_path_in_a_document_exists() {
    let existing = paths_below(&root());
    let (mut named, mut missing) = (0, Vec::new());
    for document in documents().into_iter().filter(|document| !document.ends_with("CHANGELOG.md")) {
        let text = read(&document);
        for path in paths_in(&text).filter(|path| !EXAMPLE.iter().any(|new| path.contains(new))) {
            named += 1;
            if !existing.iter().any(|known| known.ends_with(path)) {
                missing.push(format!("{document} names {path}, which does not exist"));
            }
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
    assert!(named >= MIN_PATHS, "only {named} paths found in the documents: does the search still work?");
}

#[test]
fn only_links_to_files_are_checked() {
    let text = "[a](b.md#c) ![d](e/f.svg) [g](https://h.example) [i](#j) `k(l)`";
    assert_eq!(links_in(text).collect::<Vec<_>>(), ["b.md", "e/f.svg"]);
}

#[test]
fn a_test_is_named_by_its_file_and_function_in_backticks() {
    let text = "`races::one`, `two`, three::four and `tests/api` with `Error::Conflict`, `a_b::c_d`";
    assert_eq!(tests_in(text), [("races", "one"), ("a_b", "c_d")]);
}

#[test]
fn a_path_has_a_known_ending_or_begins_with_a_folder_of_the_repository() {
    let text = "`tests/api`, `fuzz/`, `.ci/run`, `races.rs`, `store/mod.rs` and `openapi.yaml`";
    let expected = ["tests/api", "fuzz/", ".ci/run", "races.rs", "store/mod.rs", "openapi.yaml"];
    assert_eq!(paths_in(text).collect::<Vec<_>>(), expected);
}

#[test]
fn commands_routes_media_types_scopes_patterns_and_build_products_are_not_paths() {
    let text = "tests/api `bash .ci/run` `GET /organization` `/openapi.yaml` `application/json` `.rs` \
        `organizations/read` `tests/*.rs` `functions/<id>.rs` `target/local` `https://a.example/b.md` `races::one`";
    assert_eq!(paths_in(text).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn text_in_a_code_block_is_not_a_path() {
    let text = "`a.rs`\n```sh\n`b.rs`\n```\n`c.rs`\n  ```\n`d.rs`\n  ```\n";
    assert_eq!(paths_in(text).collect::<Vec<_>>(), ["a.rs", "c.rs"]);
}

/// The paths between backticks in a Markdown text.
fn paths_in(text: &str) -> impl Iterator<Item = &str> {
    let is_fence = |line: &&str| line.trim_start().starts_with("```");
    let mut is_code = false;
    let prose = text.lines().filter(move |line| {
        is_code ^= is_fence(line);
        !is_code
    });
    prose.flat_map(|line| line.split('`').skip(1).step_by(2)).filter(|code| is_path(code))
}

fn is_path(code: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_');
    let has_ending = ENDINGS.iter().any(|ending| code.ends_with(ending) && code != *ending);
    let is_in_folder =
        || code.split_once('/').is_some_and(|(first, _)| !first.is_empty() && root().join(first).is_dir());
    code.bytes().all(is_plain)
        && !code.starts_with('/')
        && !code.starts_with("target/")
        && (has_ending || is_in_folder())
}

/// All files and folders below a folder, without build products.
fn paths_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_source =
        |path: &PathBuf| ![".git", "target", "node_modules"].iter().any(|name| path.ends_with(name));
    let entries = entries.filter(is_source);
    entries
        .flat_map(|path| {
            let below = if path.is_dir() { paths_below(&path) } else { Vec::new() };
            below.into_iter().chain([path])
        })
        .collect()
}

/// The links in a Markdown text, except URLs and anchors.
fn links_in(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    targets.filter(|target| !target.is_empty() && !target.contains("://"))
}

/// Texts in backticks that consist of two names with `::` between them.
fn tests_in(text: &str) -> Vec<(&str, &str)> {
    let quoted = text.split('`').skip(1).step_by(2);
    let named = quoted.filter_map(|code| code.split_once("::"));
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    };
    named.filter(|(file, function)| is_name(file) && is_name(function)).collect()
}

fn has_test(text: &str, function: &str) -> bool {
    let is = |line: &str, keyword: &str| {
        line.trim_start().strip_prefix(keyword).is_some_and(|rest| rest.starts_with(&format!("{function}(")))
    };
    let is_rust = |line: &str| is(line, "fn ") || is(line, "async fn ");
    text.lines().any(|line| is(line, "def "))
        || text.lines().zip(text.lines().skip(1)).any(|(above, line)| above.contains("test") && is_rust(line))
}

fn documents() -> Vec<String> {
    let markdown = |folder: &str| {
        let names = files(&root().join(folder), false);
        let names = names.into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "md"));
        names.map(|path| format!("{folder}/{}", path.file_name().unwrap().display())).collect::<Vec<_>>()
    };
    [markdown("."), markdown("docs"), markdown("docs/decisions")].concat()
}

/// Name and text of each file that may have tests.
fn sources() -> Vec<(String, String)> {
    let folders = ["tests", "shared/src", "local/src"].map(|folder| files(&root().join(folder), true));
    let code = folders
        .into_iter()
        .flatten()
        .filter(|path| path.extension().is_some_and(|kind| kind == "rs" || kind == "py"));
    code.map(|path| (name(&path), fs::read_to_string(&path).unwrap())).collect()
}

/// The name of a source file. For a `main.rs`, the name of its suite; for a `mod.rs` or `tests.rs`, that of its module.
fn name(path: &Path) -> String {
    let is_named_by_folder = ["main.rs", "mod.rs", "tests.rs"].iter().any(|file| path.ends_with(file));
    let named = if is_named_by_folder { path.parent().unwrap() } else { path };
    named.file_stem().unwrap().display().to_string()
}

fn files(folder: &Path, below: bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, mut found): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    found.extend(folders.iter().filter(|_| below).flat_map(|folder| files(folder, below)));
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
