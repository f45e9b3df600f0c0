//! Random requests: mostly valid, by few users to few organizations, so that they interact.

use crate::action::{self, Action};
use crate::request::{Condition, Flaw, Request};
use crate::values::{NAMES, USERS, role};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::iter::once;
use std::ops::Range;
use std::sync::LazyLock;

/// 98 admins: with an owner, one short of the maximum of 100 owners and admins.
static ADMINS: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..98).map(|number| format!("admin{number:02}")).collect());

/// Sequential requests. The first create an organization and its team. The others are random.
pub fn history(length: Range<usize>) -> impl Strategy<Value = Vec<Request>> {
    let team: Vec<_> = USERS[1..].iter().map(|user| option::weighted(0.8, (Just(*user), role()))).collect();
    let admins = prop::bool::weighted(0.1).prop_map(|full| if full { ADMINS.as_slice() } else { &[] });
    (team, admins, vec(request(), length)).prop_map(|(team, admins, requests)| {
        let create = Action::CreateOrganization { name: NAMES[0], domain: None, key: None };
        let add = |(user, role)| Action::AddMember { user, role: Some(role) };
        let admins = admins.iter().map(|user| add((user, "admin")));
        let first = once(create).chain(team.into_iter().flatten().map(add)).chain(admins);
        first.map(|action| plain(USERS[0], action)).chain(requests).collect()
    })
}

/// A request to the first organization, without a condition.
fn plain(caller: &'static str, action: Action) -> Request {
    Request { caller, action, organization: 0, condition: Condition::None, header: "If-Match", flaw: None }
}

/// Concurrent requests by several clients.
#[derive(Debug, Clone)]
pub struct Concurrent {
    /// Sent before all others: they create an organization.
    pub first: Vec<Request>,
    pub clients: Vec<Vec<Request>>,
    /// Sent after all others.
    pub last: Vec<Request>,
    /// The seed of the faults that the clients' requests meet. Without a seed there are none.
    pub faults: Option<u64>,
}

/// Any requests by several clients.
pub fn concurrent(clients: usize, length: Range<usize>) -> impl Strategy<Value = Concurrent> {
    with_faults(clients, length, request(), Vec::new())
}

/// Requests by several clients to one organization, which every user then reads.
pub fn of_one_organization(clients: usize, length: Range<usize>) -> impl Strategy<Value = Concurrent> {
    let creates = |request: &Request| matches!(request.action, Action::CreateOrganization { .. });
    let request = request().prop_filter("creates another", move |request| !creates(request));
    let request = request.prop_map(|request| Request { organization: 0, flaw: None, ..request });
    let lists = [Action::ListOrganizations { limit: None }, Action::ListMembers { limit: None }];
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
    let header = prop_oneof![2 => Just("If-Match"), 1 => Just("If-None-Match")];
    (caller, action::any(), organization, condition(), header, flaw()).prop_map(
        |(caller, action, organization, condition, header, flaw)| {
            let flaw = flaw.filter(|flaw| flaw.concerns(&action));
            Request { caller, action, organization, condition, header, flaw }
        },
    )
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
