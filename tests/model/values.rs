//! The values in requests, and the strategies that draw from them.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// The users who send requests and become members. Some ids need encoding in a path. Sorted by id, like lists
/// of members.
pub const USERS: [&str; 5] = ["ann", "auth0|bob", "cyd", "dan@example.com", "eve"];

/// The services that send requests.
pub const SERVICES: [&str; 2] = ["service:billing", "service:crm"];

/// An invalid user id.
pub const NOBODY: &str = "no body";

/// Ids that no organization has: a well-formed one and a malformed one.
pub const NOWHERE: [&str; 2] = ["org_01ARZ3NDEKTSV4RRFFQ69G5FAV", "org_1"];

/// Ids that no invitation has: a well-formed one and a malformed one.
pub const NO_INVITATION: [&str; 2] = ["inv_01ARZ3NDEKTSV4RRFFQ69G5FAV", "inv_1"];

/// Texts that are no invitation's token. The first one is well-formed.
pub const NO_TOKEN: [&str; 3] = [
    "invt_AZwT7J4APtPRLGwrUPBCM1HOycW6V77eYxIqWATBb0ze1sAqS8H7cS87ce_LiDrVsx9M72oyeweVcxQ-yccfsw",
    "invt_",
    "",
];

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

/// E-mail addresses. Few, so that invitations are renewed.
pub const EMAILS: [Text; 5] = [
    ("cyd@acme.example", Ok("cyd@acme.example")),
    (" Cyd@ACME.Example ", Ok("cyd@acme.example")),
    ("eve@bücher.example", Ok("eve@xn--bcher-kva.example")),
    ("cyd", Err("email")),
    ("\"cyd\"@acme.example", Err("email")),
];

/// The three roles, strongest first, and an invalid one.
pub const ROLES: [&str; 4] = ["owner", "admin", "member", "king"];

/// Limits of overages: within range, unlimited, and out of range.
pub const OVERAGES: [Option<i64>; 6] =
    [Some(0), Some(7), Some(1_000_000_000), None, Some(1_000_000_001), Some(-1)];

/// Days until an invitation expires: absent, within range, and out of range.
pub const DAYS: [Option<i64>; 6] = [None, Some(1), Some(7), Some(30), Some(0), Some(31)];

/// True for the id of a service.
pub fn is_service(caller: &str) -> bool {
    caller.starts_with("service:")
}

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

/// An e-mail address.
pub fn email() -> impl Strategy<Value = Text> {
    text(&EMAILS)
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

/// Days until an invitation expires. Mostly valid.
pub fn days() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![10 => select(&DAYS[..4]), 1 => select(&DAYS[..])]
}

/// The stored form of a valid value.
pub fn stored((_, stored): Text) -> &'static str {
    stored.expect("a valid value")
}
