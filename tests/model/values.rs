//! The values in requests, and the strategies that draw from them.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use shared::model::Timestamp;
use std::sync::LazyLock;

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

/// External ids.
pub const EXTERNAL_IDS: [Text; 4] =
    [("cus_1", Ok("cus_1")), ("cus/2?#%", Ok("cus/2?#%")), ("", Err("length")), ("cus 1", Err("characters"))];

/// Metadata, as JSON.
pub const METADATA: [Text; 6] = [
    ("{}", Ok("{}")),
    (r#"{"crm_id":"7","note":"Straße 1"}"#, Ok(r#"{"crm_id":"7","note":"Straße 1"}"#)),
    (r#"{"note":""}"#, Ok(r#"{"note":""}"#)),
    (r#"{"crm id":"7"}"#, Err("key")),
    (r#"{"note":"a\nb"}"#, Err("control_character")),
    (r#"{"a":"","b":"","c":"","d":"","e":"","f":"","g":"","h":"","i":"","j":"","k":""}"#, Err("pairs")),
];

/// Billing periods: those of this month and of a year ago, and those that take no reports.
static PERIODS: LazyLock<[Text; 8]> = LazyLock::new(|| {
    let month = this_month();
    let (year, rest) = month.split_once('-').unwrap();
    let last: &str = format!("{}-{rest}", year.parse::<u16>().unwrap() - 1).leak();
    let first_day = |month: &str| -> &'static str { format!("{month}-01").leak() };
    let (now, before) = (first_day(month), first_day(last));
    [
        (month, Ok(now)),
        (now, Ok(now)),
        (last, Ok(before)),
        (before, Ok(before)),
        ("2020-01", Err("past")),
        ("9999-12-31", Err("future")),
        ("2026-13", Err("format")),
        ("", Err("format")),
    ]
});

/// Units of reports: small, so that several fit a limit, the largest, and out of range.
pub const UNITS: [i64; 12] =
    [1, 2, 3, 5, 9, -1, -4, 1_000_000_000, -1_000_000_000, 0, 1_000_000_001, -1_000_000_001];

/// What becomes of a report that does not fit, and an invalid value.
pub const OVER_LIMIT: [&str; 4] = ["refuse", "partial", "record", "ignore"];

/// Units that a plan includes: within range, and out of range.
pub const INCLUDED_UNITS: [i64; 6] = [0, 4, 10, 1_000_000_000, 1_000_000_001, -1];

/// Limits of members: within range, none, and out of range.
pub const MAX_MEMBERS: [Option<i64>; 7] =
    [Some(1), Some(3), Some(4), None, Some(1_000_000), Some(0), Some(1_000_001)];

/// The three roles, strongest first, and an invalid one.
pub const ROLES: [&str; 4] = ["owner", "admin", "member", "king"];

/// Limits of overages: within range, unlimited, and out of range.
pub const OVERAGES: [Option<i64>; 6] =
    [Some(0), Some(7), Some(1_000_000_000), None, Some(1_000_000_001), Some(-1)];

/// Numbers of events to list from: few, many, and invalid.
pub const AFTER: [&str; 9] = ["0", "1", "2", "3", "5", "8", "9007199254740991", "-1", "9007199254740992"];

/// Days until an invitation expires: absent, within range, and out of range.
pub const DAYS: [Option<i64>; 6] = [None, Some(1), Some(7), Some(30), Some(0), Some(31)];

/// The current month in UTC.
fn this_month() -> &'static str {
    Timestamp::now().as_str()[..7].to_owned().leak()
}

/// The first day of a report's period, if the request names none. A month may end during a test.
pub fn default_period(shown: &Value) -> String {
    static FIRST: LazyLock<String> = LazyLock::new(|| format!("{}-01", this_month()));
    match shown["period"] == **FIRST {
        true => FIRST.clone(),
        false => format!("{}-01", this_month()),
    }
}

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

/// An external id.
pub fn external_id() -> impl Strategy<Value = Text> {
    text(&EXTERNAL_IDS)
}

/// Metadata.
pub fn metadata() -> impl Strategy<Value = Text> {
    text(&METADATA)
}

/// A billing period: mostly the current one.
pub fn period() -> impl Strategy<Value = Option<Text>> {
    let named = prop_oneof![6 => select(&PERIODS[..4]), 1 => select(&PERIODS[..])];
    option::weighted(0.4, named)
}

/// Units of a report. Mostly valid.
pub fn units() -> impl Strategy<Value = i64> {
    prop_oneof![16 => select(&UNITS[..7]), 3 => select(&UNITS[..])]
}

/// What becomes of a report that does not fit. Mostly valid.
pub fn over_limit() -> impl Strategy<Value = Option<&'static str>> {
    prop_oneof![6 => Just(None), 12 => select(&OVER_LIMIT[..3]).prop_map(Some), 1 => Just(Some(OVER_LIMIT[3]))]
}

/// Units that a plan includes, or none. Mostly valid.
pub fn included_units() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![
        3 => Just(None),
        8 => select(&INCLUDED_UNITS[..4]).prop_map(Some),
        1 => select(&INCLUDED_UNITS[..]).prop_map(Some),
    ]
}

/// A limit of members. Mostly valid, and mostly absent or none: a limit refuses later additions.
pub fn max_members() -> impl Strategy<Value = Option<Option<i64>>> {
    prop_oneof![
        6 => Just(None),
        6 => Just(Some(None)),
        5 => select(&MAX_MEMBERS[..5]).prop_map(Some),
        1 => select(&MAX_MEMBERS[..]).prop_map(Some),
    ]
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

/// The query parameter `after`, or none. Mostly valid.
pub fn after() -> impl Strategy<Value = Option<&'static str>> {
    option::of(prop_oneof![12 => select(&AFTER[..7]), 1 => select(&AFTER[..])])
}

/// Days until an invitation expires. Mostly valid.
pub fn days() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![10 => select(&DAYS[..4]), 1 => select(&DAYS[..])]
}

/// The first day of a period, whether or not it takes reports.
pub fn first_day((text, stored): Text) -> String {
    match stored {
        Ok(day) => day.to_owned(),
        Err(_) if text.len() == "2026-11".len() => format!("{text}-01"),
        Err(_) => text.to_owned(),
    }
}

/// The stored form of a valid value.
pub fn stored((_, stored): Text) -> &'static str {
    stored.expect("a valid value")
}
