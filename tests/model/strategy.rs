//! Random requests: mostly valid, by few users to few organizations, so that they interact.

use crate::action::{Action, Reference};
use crate::choice;
use crate::clients::Answered;
use crate::clock::End;
use crate::histories::Tally;
use crate::request::{Condition, Flaw, Request};
use crate::values::{EMAILS, SERVICES, USERS, is_service, role};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::iter::{once, repeat_n};
use std::ops::Range;
use std::sync::LazyLock;

/// 98 admins: with an owner, one short of the maximum of 100 owners and admins.
static ADMINS: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..98).map(|number| format!("admin{number:02}")).collect());

/// One short of the maximum of 100 pending invitations.
const MANY_INVITATIONS: usize = 99;

/// What happens in a sequential history.
#[derive(Debug, Clone)]
pub enum Event {
    Request(Box<Request>),
    End(End),
}

/// A sequential history. The first requests create an organization, its team and its invitations. The other
/// events are random.
pub fn history(length: Range<usize>) -> impl Strategy<Value = Vec<Event>> {
    let full =
        prop_oneof![12 => Just((0, 0)), 1 => Just((ADMINS.len(), 0)), 1 => Just((0, MANY_INVITATIONS))];
    let end = prop_oneof![
        2 => (0..4usize, any::<bool>()).prop_map(|(back, removed)| End::Invitation { back, removed }),
        1 => Just(End::Organization(0)),
    ];
    let event = prop_oneof![30 => request(choice::any()).prop_map(|request| Event::Request(Box::new(request))), 1 => end.prop_map(Event::End)];
    (full.prop_flat_map(|(admins, invitations)| beginning(admins, invitations)), vec(event, length)).prop_map(
        |(first, others)| {
            first.into_iter().map(|request| Event::Request(Box::new(request))).chain(others).collect()
        },
    )
}

/// Requests that create an organization, its team and its invitations, with this many more admins and
/// invitations.
fn beginning(admins: usize, links: usize) -> impl Strategy<Value = Vec<Request>> {
    let team: Vec<_> = USERS[1..].iter().map(|user| option::weighted(0.6, (Just(*user), role()))).collect();
    let inviter = select(vec![USERS[0], USERS[1], SERVICES[0]]);
    (team, vec((role(), inviter), 1..4)).prop_map(move |(team, invited)| {
        let create = Action::creation();
        let add = |(user, role)| Request::plain(SERVICES[0], Action::AddMember { user, role: Some(role) });
        let admins = ADMINS[..admins].iter().map(|user| add((user, "admin")));
        let link = Action::CreateInvitation { email: None, role: None, days: None };
        let invitations = invited.into_iter().enumerate().map(|(place, (role, inviter))| {
            // The first is to an address, the others are links.
            let email = (place == 0).then_some(Some(EMAILS[0]));
            Request::plain(inviter, Action::CreateInvitation { email, role: Some(role), days: None })
        });
        once(Request::plain(USERS[0], create))
            .chain(team.into_iter().flatten().map(add))
            .chain(admins)
            .chain(repeat_n(Request::plain(USERS[0], link), links))
            .chain(invitations)
            .collect()
    })
}

/// Concurrent requests by several clients.
#[derive(Debug, Clone)]
pub struct Concurrent {
    /// Sent before all others: they create an organization.
    pub first: Vec<Request>,
    pub clients: Vec<Vec<Request>>,
    /// Sent after all others.
    pub last: Vec<Request>,
    /// The seed of the faults that the clients' requests meet. `None` means no faults.
    pub faults: Option<u64>,
}

impl Concurrent {
    /// The same with faults, if its seed is even: in half of all histories.
    pub fn seeded(self, seed: u64) -> Self {
        Self { faults: seed.is_multiple_of(2).then_some(seed), ..self }
    }

    /// Counts the history and its answers.
    pub fn tally<'a>(&self, all: impl IntoIterator<Item = &'a Answered>) -> Tally {
        let mut tally = Tally::of_history(self.faults.is_some());
        all.into_iter().for_each(|answered| tally.count(&answered.call, &answered.answer));
        tally
    }
}

/// Any requests by several clients.
pub fn concurrent(clients: usize, length: Range<usize>) -> impl Strategy<Value = Concurrent> {
    of_clients(vec(vec(request(choice::any()), length), clients), Vec::new())
}

/// Requests by several clients to one organization, which every user then reads.
pub fn of_one_organization(clients: usize, length: Range<usize>) -> impl Strategy<Value = Concurrent> {
    let lists = [Action::list(None), Action::list(Some("true")), Action::ListMembers { limit: None }];
    let read = |user| lists.clone().map(|list| Request::plain(user, list));
    let as_service = [Action::GetOrganization, Action::ListInvitations { limit: None }];
    let as_service = as_service.map(|action| Request::plain(SERVICES[0], action));
    let last = USERS.into_iter().flat_map(read).chain(as_service).collect();
    // Requests that compete for the same invitations meet more often in a history of their own.
    let requests = |actions| requests_to_one(actions, clients, length.clone());
    let requests = prop_oneof![requests(choice::any().boxed()), requests(choice::about_joining().boxed())];
    of_clients(requests, last)
}

/// Reports by several clients to one organization, while its limits change.
pub fn of_one_limit(clients: usize, length: Range<usize>) -> impl Strategy<Value = Concurrent> {
    let last = [Action::GetUsage { period: None }, Action::GetOrganization];
    let last = last.map(|action| Request::plain(SERVICES[0], action));
    let limit = Action::SetMaxOverages { units: Some(9) };
    let first = vec![Request::plain(USERS[0], Action::creation()), Request::plain(USERS[0], limit)];
    requests_to_one(choice::about_usage().boxed(), clients, length).prop_map(move |clients| Concurrent {
        first: first.clone(),
        clients,
        last: last.to_vec(),
        faults: None,
    })
}

fn requests_to_one(
    actions: BoxedStrategy<Action>,
    clients: usize,
    length: Range<usize>,
) -> impl Strategy<Value = Vec<Vec<Request>>> {
    let is_about_others = |request: &Request| {
        matches!(request.action, Action::CreateOrganization { .. } | Action::DeleteUser { .. })
    };
    let requests = request(actions).prop_filter("about others", move |request| !is_about_others(request));
    let of_the_first = |request| Request { organization: 0, flaw: None, ..request };
    vec(vec(requests.prop_map(of_the_first), length), clients)
}

/// Requests at the same time for one invitation: some accept it, others end it or its inviter's right.
pub fn of_one_invitation() -> impl Strategy<Value = Concurrent> {
    let (ann, bob, token) = (USERS[0], USERS[1], Reference::Issued(0));
    let invite = |inviter| {
        let email = Some(Some(EMAILS[0]));
        Request::plain(inviter, Action::CreateInvitation { email, role: None, days: None })
    };
    let create = Action::creation();
    let add = Action::AddMember { user: bob, role: Some("admin") };
    let first = vec![Request::plain(ann, create), Request::plain(SERVICES[0], add), invite(bob)];
    let accept = |user| Request::plain(user, Action::AcceptInvitation { token });
    let rivals = vec![
        accept(USERS[3]),
        invite(ann),
        Request::plain(ann, Action::UpdateMember { user: bob, role: "member" }),
        Request::plain(ann, Action::RemoveMember { user: bob }),
        Request::plain(ann, Action::RevokeInvitation { invitation: token }),
        Request::plain(ann, Action::DeleteOrganization),
        Request::plain(SERVICES[0], Action::AddMember { user: USERS[2], role: None }),
    ];
    let reads = [Action::ListMembers { limit: None }, Action::ListInvitations { limit: None }];
    let last: Vec<_> = reads.map(|read| Request::plain(SERVICES[0], read)).into();
    // Reads before it delay a request, so that others meet it at various points.
    let delayed = |request: Request| {
        let read = Request::plain(USERS[4], Action::GetOrganization);
        (0..4usize).prop_map(move |reads| repeat_n(read.clone(), reads).chain([request.clone()]).collect())
    };
    let clients = [Just(accept(USERS[2])).boxed(), select(rivals.clone()).boxed(), select(rivals).boxed()];
    let clients = clients.map(|requests| requests.prop_flat_map(delayed));
    clients.prop_map(move |clients: [Vec<Request>; 3]| Concurrent {
        first: first.clone(),
        clients: clients.into(),
        last: last.clone(),
        faults: None,
    })
}

fn of_clients(
    requests: impl Strategy<Value = Vec<Vec<Request>>>,
    last: Vec<Request>,
) -> impl Strategy<Value = Concurrent> {
    let first = prop_oneof![19 => beginning(0, 0), 1 => beginning(ADMINS.len(), 0)];
    (first, requests).prop_map(move |(first, clients)| Concurrent {
        first,
        clients,
        last: last.clone(),
        faults: None,
    })
}

fn request(actions: impl Strategy<Value = Action>) -> impl Strategy<Value = Request> {
    let organization = prop_oneof![16 => Just(0usize), 2 => Just(1), 1 => 2..5usize];
    let header = prop_oneof![2 => Just("If-Match"), 1 => Just("If-None-Match")];
    let parts = (actions, organization, condition(), header, flaw());
    (sender(), choice::owner(), parts).prop_map(|(sender, owner, parts)| {
        let (action, organization, condition, header, flaw) = parts;
        let (caller, action) = sender.of(action, owner);
        let flaw = flaw.filter(|flaw| flaw.concerns(&action));
        Request { caller, action, organization, condition, header, flaw }
    })
}

/// Who may send a request.
#[derive(Debug, Clone, Copy)]
struct Sender {
    /// Mostly a member with a role.
    member: &'static str,
    anybody: &'static str,
    service: &'static str,
    /// True if a service sends what both may send.
    by_service: bool,
    /// True if a user sends what is for services only, and the other way round.
    is_odd: bool,
}

fn sender() -> impl Strategy<Value = Sender> {
    let member = prop_oneof![5 => Just(USERS[0]), 3 => Just(USERS[1]), 3 => select(&USERS[..])];
    let service = prop_oneof![4 => Just(SERVICES[0]), 1 => Just(SERVICES[1])];
    let flags = (prop::bool::weighted(0.2), prop::bool::weighted(0.08));
    (member, select(&USERS[..]), service, flags).prop_map(
        |(member, anybody, service, (by_service, is_odd))| Sender {
            member,
            anybody,
            service,
            by_service,
            is_odd,
        },
    )
}

impl Sender {
    /// The caller of an action, and the action with the arguments that the caller must send.
    fn of(self, action: Action, owner: &'static str) -> (&'static str, Action) {
        let caller = match action {
            Action::AddMember { .. } | Action::SetPlan { .. } | Action::RecordUsage { .. } if self.is_odd => {
                self.member
            }
            Action::AddMember { .. } | Action::SetPlan { .. } | Action::RecordUsage { .. } => self.service,
            Action::PreviewInvitation { .. } | Action::AcceptInvitation { .. } if self.is_odd => self.service,
            Action::PreviewInvitation { .. } | Action::AcceptInvitation { .. } => self.anybody,
            _ if self.by_service => self.service,
            _ => self.member,
        };
        let named = is_service(caller).then_some(owner);
        let action = match action {
            odd if self.is_odd => odd,
            Action::DeleteUser { .. } if named.is_none() => Action::DeleteUser { user: caller },
            Action::CreateOrganization { name, domain, external_id, metadata, key, .. } => {
                let external_id = external_id.filter(|_| named.is_some());
                Action::CreateOrganization { name, domain, owner: named, external_id, metadata, key }
            }
            Action::ListOrganizations { external_id, deleted, limit, .. } => {
                let external_id = external_id.filter(|_| named.is_some());
                let (of, deleted) = match external_id {
                    None => (named, deleted),
                    Some(_) => (None, None),
                };
                Action::ListOrganizations { of, external_id, deleted, limit }
            }
            action => action,
        };
        (caller, action)
    }
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        12 => Just(Condition::None),
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
