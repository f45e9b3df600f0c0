//! Reads the files that spell out the operations. Names come back in kebab case, as functions/ has
//! them, routes as `create-organization POST /organization`.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) type Names = BTreeSet<String>;

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(relative)
}

pub(crate) fn read(relative: &str) -> String {
    fs::read_to_string(path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

/// A YAML file. The parser passes over CloudFormation's tags and takes their operands as they are:
/// `!Ref OrganizationsApi` is `"OrganizationsApi"`.
pub(crate) fn yaml(relative: &str) -> Value {
    serde_saphyr::from_str(&read(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

fn toml(relative: &str) -> Value {
    toml::from_str(&read(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

/// The names of the entries in a folder, those of Rust files without their ending.
pub(crate) fn entries(folder: &str) -> Names {
    let entries = fs::read_dir(path(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| kebab(name.strip_suffix(".rs").unwrap_or(&name))).collect()
}

/// The modules that a Rust file declares. A file that no `mod` names is not compiled.
pub(crate) fn modules(file: &str) -> Names {
    let text = read(file);
    let declared =
        text.lines().filter_map(|line| line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod "));
    declared.filter_map(|rest| rest.strip_suffix(';')).map(kebab).collect()
}

pub(crate) fn packages() -> Names {
    manifests()
        .iter()
        .map(|(directory, manifest)| called(&text(&manifest["package"]["name"]), directory))
        .collect()
}

/// What cargo calls the binaries: after the package, unless the manifest says otherwise.
pub(crate) fn binaries() -> Names {
    let named = |(directory, manifest): &(String, Value)| match manifest["bin"].as_array() {
        None => vec![called(&text(&manifest["package"]["name"]), directory)],
        Some(binaries) => binaries.iter().map(|binary| called(&text(&binary["name"]), directory)).collect(),
    };
    manifests().iter().flat_map(named).collect()
}

fn manifests() -> Vec<(String, Value)> {
    let manifest = |name: String| (name.clone(), toml(&format!("functions/{name}/Cargo.toml")));
    entries("functions").into_iter().map(manifest).collect()
}

/// The operationIds that the functions give to their log lines.
pub(crate) fn logged() -> Names {
    let serves = |name: &String| {
        let text = read(&format!("functions/{name}/src/main.rs"));
        let (_, call) = text.split_once("serve(\"").unwrap_or_else(|| panic!("{name} serves nothing"));
        called(&kebab(call.split('"').next().unwrap()), name)
    };
    entries("functions").iter().map(serves).collect()
}

/// The routes of the local emulator.
pub(crate) fn router() -> Names {
    let manifest = toml("Cargo.toml");
    let routes = manifest["workspace"]["metadata"]["lambda"]["watch"]["router"].as_object().unwrap();
    let route = |(path, methods): (&String, &Value)| -> Vec<String> {
        let methods = methods.as_array().unwrap_or_else(|| panic!("{path} has no table of methods"));
        methods.iter().map(|to| route(&text(&to["function"]), &text(&to["method"]), path)).collect()
    };
    routes.iter().flat_map(route).collect()
}

pub(crate) fn openapi_routes() -> Names {
    operations(&yaml("openapi.yaml"))
        .iter()
        .map(|(path, method, operation)| route(&kebab(&text(&operation["operationId"])), method, path))
        .collect()
}

/// Path, method and content of each operation in openapi.yaml.
pub(crate) fn operations(openapi: &Value) -> Vec<(String, String, Value)> {
    let mut operations = Vec::new();
    for (path, item) in openapi["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if METHODS.contains(&method.as_str()) {
                operations.push((path.clone(), method.clone(), operation.clone()));
            }
        }
    }
    operations
}

/// Logical id and definition of each function in template.yaml.
pub(crate) fn functions(template: &Value) -> Vec<(String, Value)> {
    let resources = template["Resources"].as_object().unwrap();
    let functions = resources.iter().filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function");
    functions.map(|(id, resource)| (id.clone(), resource.clone())).collect()
}

pub(crate) fn logical_ids() -> Names {
    functions(&yaml("template.yaml")).iter().map(|(id, _)| operation_of(id)).collect()
}

pub(crate) fn built_binaries() -> Names {
    let binary = |(id, function): &(String, Value)| {
        called(&text(&function["Metadata"]["BuildProperties"]["Binary"]), &operation_of(id))
    };
    functions(&yaml("template.yaml")).iter().map(binary).collect()
}

fn operation_of(logical_id: &str) -> String {
    kebab(
        logical_id
            .strip_suffix("Function")
            .unwrap_or_else(|| panic!("{logical_id} does not end in Function")),
    )
}

/// The routes of the deployed API, each with the binary that its function is built from.
pub(crate) fn template_routes() -> Names {
    let mut routes = Names::new();
    for (_, function) in functions(&yaml("template.yaml")) {
        let binary = text(&function["Metadata"]["BuildProperties"]["Binary"]);
        for event in function["Properties"]["Events"].as_object().unwrap().values() {
            let event = &event["Properties"];
            routes.insert(route(&binary, &text(&event["Method"]), &text(&event["Path"])));
        }
    }
    routes
}

fn route(name: &str, method: &str, path: &str) -> String {
    format!("{name} {} {path}", method.to_uppercase())
}

/// A name that stands at an operation. Another operation's does not pass for it.
fn called(name: &str, operation: &str) -> String {
    if name == operation { name.to_owned() } else { format!("{name} (at {operation})") }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} stands where a text should")).to_owned()
}

/// From `createOrganization`, `CreateOrganization` or `create_organization`.
fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(if character == '_' { '-' } else { character.to_ascii_lowercase() });
    }
    kebab
}

#[test]
fn every_spelling_of_a_name_is_the_same_name() {
    for name in ["setMaxOverages", "SetMaxOverages", "set_max_overages", "set-max-overages"] {
        assert_eq!(kebab(name), "set-max-overages");
    }
}
