//! An operation has one name everywhere: module and binary `create-organization`, operationId
//! `createOrganization`, logical id `CreateOrganizationFunction`, route, store method and tests.

use crate::places::{self, Names};
use functions::Operation;

/// The minimum number of operations. Fewer means that this suite misses some.
const MIN_OPERATIONS: usize = 20;

#[test]
fn every_operation_is_named_the_same_everywhere() {
    let places = [
        ("the list in functions/src/lib.rs", places::listed()),
        ("the handlers in functions/src", handlers()),
        ("the binaries in functions/src/bin", places::served()),
        ("the logical ids in template.yaml", places::logical_ids()),
        ("the routes in template.yaml", names(&places::template_routes())),
        ("the operationIds in openapi.yaml", names(&places::openapi_routes())),
        ("the router in Cargo.toml", names(&places::router())),
    ];
    assert_none(&differences(&places));
}

fn handlers() -> Names {
    let mut modules = places::modules("functions/src/lib.rs");
    assert!(modules.remove(places::RECORD_EVENTS));
    modules
}

#[test]
fn every_operation_has_one_method_and_path_everywhere() {
    let places = [
        ("the list in functions/src/lib.rs", places::listed_routes()),
        ("template.yaml", places::template_routes()),
        ("openapi.yaml", places::openapi_routes()),
        ("the router in Cargo.toml", places::router()),
        ("tests/events", places::event_routes()),
    ];
    assert_none(&differences(&places));
}

#[test]
fn every_operation_requires_the_same_scope_everywhere() {
    let places = [
        ("the list in functions/src/lib.rs", places::listed_scopes()),
        ("template.yaml", places::template_scopes()),
    ];
    assert_none(&differences(&places));
}

#[test]
fn the_list_is_in_the_order_of_openapi_yaml() {
    let listed: Vec<_> = Operation::ALL.iter().map(|operation| operation.id()).collect();
    assert_eq!(listed, places::operation_ids_in_order());
}

/// These folders also contain other files, so this test cannot use [`differences`].
#[test]
fn every_operation_has_its_store_method_and_its_tests() {
    let mut missing = Vec::new();
    for (folder, root, what) in
        [("shared/src/store/operations", "mod.rs", "its Store method"), ("tests/api", "main.rs", "its tests")]
    {
        let (files, root) = (places::entries(folder), format!("{folder}/{root}"));
        let declared = places::modules(&root);
        for operation in places::listed() {
            let name = operation.replace('-', "_");
            if !files.contains(&operation) {
                missing.push(format!("{folder}/{name}.rs is missing: write {what} there"));
            } else if !declared.contains(&operation) {
                missing.push(format!("{root} lacks `mod {name};`: declare it, or it is not compiled"));
            }
        }
    }
    assert_none(&missing);
}

#[test]
fn a_name_is_reported_with_the_places_that_lack_it() {
    let places = |b: &[&str]| {
        let enough: Names = (1..=MIN_OPERATIONS).map(|n| n.to_string()).collect();
        let other = b.iter().map(|name| (*name).to_owned()).collect();
        [("one place", enough.clone()), ("the other", &enough ^ &other)]
    };
    assert_eq!(differences(&places(&[])), Vec::<String>::new());
    assert_eq!(differences(&places(&["x"])), ["x is in the other, and not in one place"]);
    assert_eq!(
        differences(&places(&["9"])),
        ["only 19 operations are in the other", "9 is in one place, and not in the other"]
    );
}

fn differences(places: &[(&str, Names)]) -> Vec<String> {
    let few = places.iter().filter(|(_, names)| names.len() < MIN_OPERATIONS);
    let few = few.map(|(place, names)| format!("only {} operations are in {place}", names.len()));
    let all: Names = places.iter().flat_map(|(_, names)| names.clone()).collect();
    let missing = all.iter().flat_map(|name| {
        let there = places.iter().filter(|(_, names)| names.contains(name)).map(|(place, _)| *place);
        let there = there.collect::<Vec<_>>().join(", ");
        let lacking = places.iter().filter(|(_, names)| !names.contains(name));
        lacking.map(move |(place, _)| format!("{name} is in {there}, and not in {place}"))
    });
    few.chain(missing).collect()
}

/// The names of routes, without method and path.
fn names(routes: &Names) -> Names {
    routes.iter().map(|route| route.split(' ').next().unwrap().to_owned()).collect()
}

#[track_caller]
fn assert_none(differences: &[String]) {
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}
