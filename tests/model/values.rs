//! The values in requests, and the strategies that draw from them.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// The users who send requests and are added. Some ids need encoding in a path. Sorted by id, like lists of
/// members.
pub const USERS: [&str; 5] = ["ann", "auth0|bob", "cyd", "dan@example.com", "eve"];

/// An invalid user id.
pub const NOBODY: &str = "no body";

/// Ids that no organization has: a well-formed one and a malformed one.
pub const NOWHERE: [&str; 2] = ["org_01ARZ3NDEKTSV4RRFFQ69G5FAV", "org_1"];

/// The value of a field as sent, with its stored form or the rule that it breaks.
pub type Text = (&'static str, Result<&'static str, &'static str>);

/// Names of organizations.
pub const NAMES: [Text; 6] = [
    ("Acme", Ok("Acme")),
    ("B", Ok("B")),
    (" Cafe\u{301} \n", Ok("Caf\u{e9}")),
    ("\u{1F600}", Ok("\u{1F600}")),
    (" ", Err("length")),
    ("a\u{7}b", Err("control_character")),
];

/// Domains.
pub const DOMAINS: [Text; 6] = [
    ("acme.example", Ok("acme.example")),
    (" ACME.Example. ", Ok("acme.example")),
    ("bücher.example", Ok("xn--bcher-kva.example")),
    ("co.uk", Err("public_suffix")),
    ("10.0.0.1", Err("ip_address")),
    ("localhost", Err("labels")),
];

/// The three roles, strongest first, and an invalid one.
pub const ROLES: [&str; 4] = ["owner", "admin", "member", "king"];

/// Limits of overages: within range, unlimited, and out of range.
pub const OVERAGES: [Option<i64>; 6] =
    [Some(0), Some(7), Some(1_000_000_000), None, Some(1_000_000_001), Some(-1)];

/// Mostly valid values.
fn text(values: &'static [Text]) -> impl Strategy<Value = Text> {
    let valid: Vec<Text> = values.iter().copied().filter(|(_, stored)| stored.is_ok()).collect();
    prop_oneof![6 => select(valid), 1 => select(values)]
}

/// A name.
pub fn name() -> impl Strategy<Value = Text> {
    text(&NAMES)
}

/// A domain.
pub fn domain() -> impl Strategy<Value = Text> {
    text(&DOMAINS)
}

/// A user id.
pub fn user() -> impl Strategy<Value = &'static str> {
    prop_oneof![20 => select(&USERS[..]), 1 => Just(NOBODY)]
}

/// A role.
pub fn role() -> impl Strategy<Value = &'static str> {
    prop_oneof![20 => select(&ROLES[..3]), 1 => Just(ROLES[3])]
}

/// The query parameter `limit`, or none.
pub fn limit() -> impl Strategy<Value = Option<usize>> {
    option::of(1..4usize)
}

/// The stored form of a valid value.
pub fn stored((_, stored): Text) -> &'static str {
    stored.expect("a valid value")
}
