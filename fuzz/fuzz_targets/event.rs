//! Raw API Gateway events, each sent to the function of its route. All get an answer, and none gets an
//! internal error.
#![no_main]

use functions::Operation;
use fuzz::{Asked, World};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|event: &str| {
    let Ok(json) = serde_json::from_str::<Value>(event) else { return };
    let route = json["routeKey"].as_str().and_then(|route| route.split_once(' '));
    let (method, target) = route.unwrap_or_default();
    let asked = Asked { method, target, ..Asked::default() };
    let operation = asked.operation().map_or(Operation::ListOrganizations, |(operation, _)| operation);
    World::with(|world| world.invoke(operation, event));
});
