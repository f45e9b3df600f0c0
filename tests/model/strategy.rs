//! Which requests are made: mostly ones that can succeed, of few users to few organizations, so that
//! they meet.

use crate::request::{
    Condition, DOMAINS, Flaw, NAMES, NOBODY, OVERAGES, Operation, ROLES, Request, Text, USERS,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::iter::once;
use std::ops::Range;
use std::sync::LazyLock;

/// With an owner, all but one of the owners and admins that an organization may have.
static ADMINS: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..98).map(|number| format!("admin{number:02}")).collect());

/// Requests in their order: such as make an organization and its team, and then any.
pub fn history(length: Range<usize>) -> impl Strategy<Value = Vec<Request>> {
    let team: Vec<_> = USERS[1..].iter().map(|user| option::weighted(0.8, (Just(*user), role()))).collect();
    let admins = prop::bool::weighted(0.1).prop_map(|full| if full { ADMINS.as_slice() } else { &[] });
    (team, admins, vec(request(), length)).prop_map(|(team, admins, requests)| {
        let create = Operation::Create { name: NAMES[0], domain: None, key: None };
        let add = |(user, role)| Operation::AddMember { user, role: Some(role) };
        let admins = admins.iter().map(|user| add((user, "admin")));
        let first = once(create).chain(team.into_iter().flatten().map(add)).chain(admins);
        first.map(|operation| plain(USERS[0], operation)).chain(requests).collect()
    })
}

/// About the first organization, whatever its version.
fn plain(caller: &'static str, operation: Operation) -> Request {
    Request { caller, operation, organization: 0, condition: Condition::None, flaw: None }
}

/// Requests to be made after those that make an organization, by several clients at the same time.
#[derive(Debug, Clone)]
pub struct Concurrent {
    pub first: Vec<Request>,
    pub clients: Vec<Vec<Request>>,
    /// Made after all others.
    pub last: Vec<Request>,
    /// What the faults that the clients' requests meet are made from; without, they meet none.
    pub faults: Option<u64>,
}

/// Any requests by several clients.
pub fn concurrent(clients: usize, length: Range<usize>) -> impl Strategy<Value = Concurrent> {
    with_faults(clients, length, request(), Vec::new())
}

/// Requests by several clients to one organization, which every user then reads.
pub fn of_one_organization(clients: usize, length: Range<usize>) -> impl Strategy<Value = Concurrent> {
    let creates = |request: &Request| matches!(request.operation, Operation::Create { .. });
    let request = request().prop_filter("creates another", move |request| !creates(request));
    let request = request.prop_map(|request| Request { organization: 0, flaw: None, ..request });
    let lists = [Operation::ListOrganizations { limit: None }, Operation::ListMembers { limit: None }];
    let read = |caller| lists.clone().map(|list| plain(caller, list));
    with_faults(clients, length, request, USERS.into_iter().flat_map(read).collect())
}

fn with_faults(
    clients: usize,
    length: Range<usize>,
    request: impl Strategy<Value = Request>,
    last: Vec<Request>,
) -> impl Strategy<Value = Concurrent> {
    (history(0..1), vec(vec(request, length), clients), option::of(any::<u64>()))
        .prop_map(move |(first, clients, faults)| Concurrent { first, clients, last: last.clone(), faults })
}

fn request() -> impl Strategy<Value = Request> {
    let organization = prop_oneof![10 => Just(0usize), 2 => Just(1), 1 => 2..5usize];
    let caller = prop_oneof![3 => Just(USERS[0]), 3 => Just(USERS[1]), 4 => select(&USERS[..])];
    (caller, operation(), organization, condition(), flaw()).prop_map(
        |(caller, operation, organization, condition, flaw)| {
            let flaw = flaw.filter(|flaw| flaw.concerns(&operation));
            Request { caller, operation, organization, condition, flaw }
        },
    )
}

fn operation() -> impl Strategy<Value = Operation> {
    let limit = || option::of(1..4usize);
    prop_oneof![
        3 => (name(), option::of(domain()), option::of(select(vec!["k", "another key"])))
            .prop_map(|(name, domain, key)| Operation::Create { name, domain, key }),
        2 => limit().prop_map(|limit| Operation::ListOrganizations { limit }),
        3 => Just(Operation::Get),
        3 => (option::of(name()), option::of(option::of(domain())))
            .prop_map(|(name, domain)| Operation::Update { name, domain }),
        2 => select(&OVERAGES[..]).prop_map(|units| Operation::SetMaxOverages { units }),
        2 => limit().prop_map(|limit| Operation::ListMembers { limit }),
        5 => (user(), option::of(role())).prop_map(|(user, role)| Operation::AddMember { user, role }),
        5 => (user(), role()).prop_map(|(user, role)| Operation::UpdateMember { user, role }),
        4 => user().prop_map(|user| Operation::RemoveMember { user }),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        8 => Just(Condition::None),
        1 => Just(Condition::Any),
        3 => Just(Condition::Current),
        1 => Just(Condition::Weak),
        1 => (0..6u64).prop_map(Condition::Version),
        1 => (0..6u64).prop_map(Condition::Either),
    ]
}

fn flaw() -> impl Strategy<Value = Option<Flaw>> {
    let flaws = vec![
        Flaw::NoIdentity,
        Flaw::TooLarge,
        Flaw::NotJson,
        Flaw::MalformedJson,
        Flaw::WrongType,
        Flaw::MissingField,
        Flaw::UnknownField,
        Flaw::Parameter,
    ];
    option::weighted(0.04, select(flaws))
}

/// Mostly the valid ones of them.
fn text(values: &'static [Text]) -> impl Strategy<Value = Text> {
    let valid: Vec<Text> = values.iter().copied().filter(|(_, stored)| stored.is_ok()).collect();
    prop_oneof![6 => select(valid), 1 => select(values)]
}

fn name() -> impl Strategy<Value = Text> {
    text(&NAMES)
}

fn domain() -> impl Strategy<Value = Text> {
    text(&DOMAINS)
}

fn user() -> impl Strategy<Value = &'static str> {
    prop_oneof![20 => select(&USERS[..]), 1 => Just(NOBODY)]
}

fn role() -> impl Strategy<Value = &'static str> {
    prop_oneof![20 => select(&ROLES[..3]), 1 => Just(ROLES[3])]
}
