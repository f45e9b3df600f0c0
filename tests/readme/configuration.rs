//! The tables in docs/configuration.md: every variable and parameter is in them, and nothing else.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

type Names = BTreeSet<String>;

#[test]
fn every_variable_that_the_functions_read_is_in_the_table() {
    // Variables of Lambda and of the SDK. Other crates read them.
    let elsewhere = ["AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
    let mut read: Names = elsewhere.map(str::to_owned).into();
    for folder in ["shared/src", "functions/src/record_events"] {
        let before = read.len();
        collect(&local::workspace_root().join(folder), &mut read);
        assert!(read.len() > before, "no variable was found in {folder}");
    }
    assert_eq!(in_table("variable"), read);
}

#[test]
fn every_parameter_of_the_template_is_in_the_table_with_its_default() {
    let template: Value = serde_saphyr::from_str(&read("template.yaml")).unwrap();
    let row = |(name, parameter): (&String, &Value)| {
        let default = match &parameter["Default"] {
            Value::String(text) if text.is_empty() => "empty".to_owned(),
            Value::String(text) => format!("`{text}`"),
            number => format!("`{number}`"),
        };
        format!("| `{name}` | {default} |")
    };
    let expected: Names = template["Parameters"].as_object().unwrap().iter().map(row).collect();
    let rows = table("parameter");
    let found: Names =
        rows.iter().map(|row| row.splitn(4, '|').take(3).collect::<Vec<_>>().join("|") + "|").collect();
    assert_eq!(found, expected);
}

/// The names in backticks in the first column of a table. `heading` is the first column's heading.
fn in_table(heading: &str) -> Names {
    let first = |row: String| row.split('|').nth(1).unwrap_or_default().to_owned();
    let names = |cell: String| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    table(heading).into_iter().map(first).flat_map(names).collect()
}

fn table(heading: &str) -> Vec<String> {
    let document = read("docs/configuration.md");
    let rows = document.split_once(&format!("\n| {heading} |")).expect("the table").1.lines().skip(2);
    rows.take_while(|line| line.starts_with('|')).map(str::to_owned).collect()
}

/// Collects the names of the variables that the files below a directory read.
fn collect(directory: &Path, names: &mut Names) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, names);
            continue;
        }
        // A name may be on the line below the call.
        let text: String = fs::read_to_string(&path).unwrap().split_whitespace().collect();
        for call in ["env::var", "env::var_os", "required", "scope", "text", "number", "variable"] {
            let call = format!("{call}(\"");
            let found = text.split(&call).skip(1).filter_map(|rest| rest.split('"').next());
            names.extend(found.filter(|name| is_variable(name)).map(str::to_owned));
        }
    }
}

/// True for `AUTH_JWKS`. Some of the calls also have other texts as arguments.
fn is_variable(name: &str) -> bool {
    name.len() > 3 && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

fn read(path: &str) -> String {
    fs::read_to_string(local::workspace_root().join(path)).unwrap()
}
