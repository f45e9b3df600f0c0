//! Each function's role in template.yaml allows exactly what the function was seen to do in the last
//! whole run of the suite in tests/api, which `cargo test` runs before this.

use crate::places::{functions, read, yaml};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

type Actions = BTreeMap<String, BTreeSet<String>>;

#[test]
fn every_role_allows_what_its_function_does_and_nothing_else() {
    let record = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dynamodb-actions.json");
    let record = std::fs::read_to_string(record)
        .expect("a record of what the functions do: `cargo test --test api`, without a filter, makes it");
    let done: Actions = serde_json::from_str(&record).unwrap();
    let allowed: Actions = functions(&yaml("template.yaml"))
        .into_iter()
        .map(|(id, function)| (operation(&id), allowed(&id, &function["Properties"])))
        .collect();
    assert_eq!(allowed.len(), done.len(), "{:?} in the template, {:?} recorded", allowed.keys(), done.keys());
    for (operation, done) in &done {
        let allowed = allowed.get(operation).unwrap_or_else(|| panic!("{operation} has no role"));
        let missing: Vec<_> = done.difference(allowed).collect();
        let idle: Vec<_> = allowed.difference(done).collect();
        assert!(missing.is_empty(), "{operation} does what its role does not allow: {missing:?}");
        assert!(idle.is_empty(), "{operation}'s role allows what it never does: {idle:?}");
    }
}

/// `CreateOrganizationFunction` is the logical id of `createOrganization`.
fn operation(logical_id: &str) -> String {
    let name = logical_id.strip_suffix("Function").expect("a function");
    let (first, rest) = name.split_at(1);
    format!("{}{rest}", first.to_lowercase())
}

fn allowed(id: &str, properties: &Value) -> BTreeSet<String> {
    let statements = properties["Policies"].as_array().unwrap_or_else(|| panic!("{id} has no Policies"));
    let statements = statements.iter().flat_map(|policy| policy["Statement"].as_array().expect("statements"));
    statements
        .flat_map(|statement| {
            assert_eq!(statement["Effect"], "Allow", "{id}");
            let resource = match statement["Resource"].as_str().expect("one resource") {
                "OrganizationsTable.Arn" => "table",
                other => panic!("{id}: a resource that no function needs: {other}"),
            };
            let actions = statement["Action"].as_array().expect("a list of actions");
            actions.iter().map(move |action| format!("{} on {resource}", action.as_str().expect("an action")))
        })
        .collect()
}

/// What the reading above takes for the table: a tag's operand alone would also match `!Ref`.
#[test]
fn roles_name_the_table_by_its_arn() {
    let text = read("template.yaml");
    let resources = text.lines().map(str::trim).filter(|line| line.starts_with("Resource: "));
    for resource in resources.filter(|line| line.contains("OrganizationsTable")) {
        assert_eq!(resource, "Resource: !GetAtt OrganizationsTable.Arn");
    }
}
