//! Documents name tests, as `file::function`, to say what is covered, and link to files.

use crate::places::read;
use std::fs;
use std::path::{Path, PathBuf};

/// Fewer were not read, but overlooked.
const FEWEST: usize = 50;

#[test]
fn every_test_that_a_document_names_exists() {
    let sources = sources();
    let (mut named, mut missing) = (0, Vec::new());
    for document in documents() {
        for (file, function) in tests_in(&read(&document)) {
            named += 1;
            if !sources.iter().any(|(name, text)| name == file && has_test(text, function)) {
                missing.push(format!("{document} names {file}::{function}, which is not there"));
            }
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
    assert!(named >= FEWEST, "only {named} tests are named");
}

#[test]
fn every_link_in_a_document_leads_to_a_file() {
    let mut missing = Vec::new();
    for document in documents() {
        let directory = root().join(&document);
        let directory = directory.parent().unwrap();
        for link in links_in(&read(&document)).filter(|link| !directory.join(link).exists()) {
            missing.push(format!("{document} links to {link}, which is not there"));
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn links_to_files_are_told_from_others() {
    let text = "[a](b.md#c) ![d](e/f.svg) [g](https://h.example) [i](#j) `k(l)`";
    assert_eq!(links_in(text).collect::<Vec<_>>(), ["b.md", "e/f.svg"]);
}

#[test]
fn a_test_is_named_by_its_file_and_function_in_backticks() {
    let text = "`races::one`, `two`, three::four and `tests/api` with `Error::Conflict`, `a_b::c_d`";
    assert_eq!(tests_in(text), [("races", "one"), ("a_b", "c_d")]);
}

/// The files that a Markdown text links to, as it writes them.
fn links_in(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    targets.filter(|target| !target.is_empty() && !target.contains("://"))
}

/// What is between backticks, with a name on either side of its one `::`.
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

/// Of a suite's `main.rs` that of the suite.
fn name(path: &Path) -> String {
    let named = if path.ends_with("main.rs") { path.parent().unwrap() } else { path };
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
