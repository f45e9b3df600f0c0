//! Reads the files that name the operations. Names are in kebab case, like the binaries'. Routes look like
//! `create-organization POST /organization`.

use functions::{Operation, Scope};
use heck::ToKebabCase as _;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) type Names = BTreeSet<String>;

/// The only function that is no operation: it reads the table's stream.
pub(crate) const RECORD_EVENTS: &str = "record-events";

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(relative)
}

pub(crate) fn read(relative: &str) -> String {
    fs::read_to_string(path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

/// A YAML file. The parser ignores CloudFormation's tags and keeps their operands: `!Ref OrganizationsApi`
/// is `"OrganizationsApi"`.
pub(crate) fn yaml(relative: &str) -> Value {
    serde_saphyr::from_str(&read(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

fn toml(relative: &str) -> Value {
    toml::from_str(&read(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

/// The names of a folder's entries, without the ending `.rs`.
pub(crate) fn entries(folder: &str) -> Names {
    let entries = fs::read_dir(path(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| name.strip_suffix(".rs").unwrap_or(&name).to_kebab_case()).collect()
}

/// The modules that a Rust file declares. A file that no `mod` names is not compiled.
pub(crate) fn modules(file: &str) -> Names {
    let text = read(file);
    let declared = text.lines().filter_map(|line| line.split_once("mod "));
    let declared = declared.filter(|(visibility, _)| visibility.is_empty() || visibility.starts_with("pub"));
    declared.filter_map(|(_, rest)| rest.strip_suffix(';')).map(|name| name.to_kebab_case()).collect()
}

/// The routes of the events in tests/events, named like their files.
pub(crate) fn event_routes() -> Names {
    let route = |entry: std::io::Result<fs::DirEntry>| {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let event: Value = serde_json::from_str(&read(&format!("tests/events/{file}"))).unwrap();
        let name = file.strip_suffix(".json").unwrap_or(&file);
        format!("{name} {}", event["routeKey"].as_str().unwrap())
    };
    fs::read_dir(path("tests/events")).unwrap().map(route).collect()
}

/// The operationIds in the list of functions/src/lib.rs.
pub(crate) fn listed() -> Names {
    Operation::ALL.iter().map(|operation| operation.id().to_kebab_case()).collect()
}

/// The routes in the same list.
pub(crate) fn listed_routes() -> Names {
    let listed =
        |operation: &Operation| route(&operation.id().to_kebab_case(), operation.method(), operation.path());
    Operation::ALL.iter().map(listed).collect()
}

/// The scopes in the same list, named like the template's parameters: `add-member ServiceScope`. The scope of
/// services is enough for every operation.
pub(crate) fn listed_scopes() -> Names {
    let listed = |operation: &Operation| {
        let scope = match operation.scope() {
            Scope::Read => "ReadScope or ServiceScope",
            Scope::Write => "WriteScope or ServiceScope",
            Scope::Service => "ServiceScope",
        };
        format!("{} {scope}", operation.id().to_kebab_case())
    };
    Operation::ALL.iter().map(listed).collect()
}

/// The operations that the binaries serve. Asserts that each binary logs the operation that it serves.
pub(crate) fn served() -> Names {
    let serves = |name: &String| {
        let text = read(&format!("functions/src/bin/{name}.rs"));
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (id, handler) = text
            .split_once("functions::Operation::")
            .and_then(|(_, call)| call.split_once(".endpoint(), functions::"))
            .unwrap_or_else(|| panic!("{name} serves no operation"));
        let handler = handler.split("::").next().unwrap();
        let served = [id, handler].map(|served| called(&served.to_kebab_case(), name));
        assert_eq!(served[0], served[1], "functions/src/bin/{name}.rs serves and logs different operations");
        served[0].clone()
    };
    entries("functions/src/bin").iter().filter(|name| *name != RECORD_EVENTS).map(serves).collect()
}

/// The routes of the local emulator.
pub(crate) fn router() -> Names {
    let manifest = toml("Cargo.toml");
    let routes = manifest["workspace"]["metadata"]["lambda"]["watch"]["router"].as_object().unwrap();
    let route = |(path, methods): (&String, &Value)| -> Vec<String> {
        let methods = methods.as_array().unwrap_or_else(|| panic!("{path} is not a list in Cargo.toml"));
        methods.iter().map(|to| route(&text(&to["function"]), &text(&to["method"]), path)).collect()
    };
    routes.iter().flat_map(route).collect()
}

pub(crate) fn openapi_routes() -> Names {
    operations(&yaml("openapi.yaml"))
        .iter()
        .map(|(path, method, operation)| {
            route(&text(&operation["operationId"]).to_kebab_case(), method, path)
        })
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

/// The operationIds in openapi.yaml, in its order: the parser sorts paths, so this reads the text.
pub(crate) fn operation_ids_in_order() -> Vec<String> {
    let text = read("openapi.yaml");
    let (_, paths) = text.split_once("\npaths:\n").expect("paths in openapi.yaml");
    let paths = paths.lines().take_while(|line| line.is_empty() || line.starts_with([' ', '#']));
    paths.filter_map(|line| line.strip_prefix("      operationId: ")).map(str::to_owned).collect()
}

/// Logical id and definition of each function in template.yaml that serves an operation.
pub(crate) fn functions(template: &Value) -> Vec<(String, Value)> {
    let all = all_functions(template);
    all.into_iter().filter(|(id, _)| operation_of(id) != RECORD_EVENTS).collect()
}

/// The same for every function.
pub(crate) fn all_functions(template: &Value) -> Vec<(String, Value)> {
    let resources = template["Resources"].as_object().unwrap();
    let functions = resources.iter().filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function");
    functions.map(|(id, resource)| (id.clone(), resource.clone())).collect()
}

pub(crate) fn logical_ids() -> Names {
    functions(&yaml("template.yaml")).iter().map(|(id, _)| operation_of(id)).collect()
}

fn operation_of(logical_id: &str) -> String {
    let name = logical_id.strip_suffix("Function");
    name.unwrap_or_else(|| panic!("{logical_id} does not end in Function")).to_kebab_case()
}

/// The routes of the deployed API, each with the operation of its function. A parameter that takes the rest of
/// the path, `{name+}`, counts as the parameter `{name}`.
pub(crate) fn template_routes() -> Names {
    let mut routes = Names::new();
    for (id, function) in functions(&yaml("template.yaml")) {
        for event in function["Properties"]["Events"].as_object().unwrap().values() {
            let event = &event["Properties"];
            let path = text(&event["Path"]).replace("+}", "}");
            routes.insert(route(&operation_of(&id), &text(&event["Method"]), &path));
        }
    }
    routes
}

/// The scopes of the deployed API's routes. A route without scopes of its own has those of the default
/// authorizer.
pub(crate) fn template_scopes() -> Names {
    let template = yaml("template.yaml");
    let auth = &template["Resources"]["OrganizationsApi"]["Properties"]["Auth"];
    let default = &auth["Authorizers"][text(&auth["DefaultAuthorizer"])];
    let mut scopes = Names::new();
    for (id, function) in functions(&template) {
        for event in function["Properties"]["Events"].as_object().unwrap().values() {
            let own = event["Properties"]["Auth"].get("AuthorizationScopes");
            let needed = own.unwrap_or(&default["AuthorizationScopes"]).as_array().unwrap();
            let needed = needed.iter().map(text).collect::<Vec<_>>().join(" or ");
            scopes.insert(format!("{} {needed}", operation_of(&id)));
        }
    }
    scopes
}

fn route(name: &str, method: &str, path: &str) -> String {
    format!("{name} {} {path}", method.to_uppercase())
}

/// `name`, if it equals `operation`, the expected name. Otherwise `name` with a note, so that the result
/// matches no operation.
fn called(name: &str, operation: &str) -> String {
    if name == operation { name.to_owned() } else { format!("{name} (at {operation})") }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a string")).to_owned()
}
