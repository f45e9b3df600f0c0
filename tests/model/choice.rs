//! Which actions are requested, how often, and with which arguments.

use crate::action::{Action, Reference};
use crate::values::{
    NO_INVITATION, NO_TOKEN, OVERAGES, USERS, after, days, domain, email, external_id, included_units, limit,
    max_members, metadata, name, over_limit, period, role, units, user,
};
use functions::Operation;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

/// The operations that decide who joins by an invitation.
const ABOUT_JOINING: [Operation; 9] = [
    Operation::DeleteOrganization,
    Operation::RestoreOrganization,
    Operation::AddMember,
    Operation::UpdateMember,
    Operation::RemoveMember,
    Operation::CreateInvitation,
    Operation::RevokeInvitation,
    Operation::PreviewInvitation,
    Operation::AcceptInvitation,
];

/// The operations that decide what is used and how much may be.
const ABOUT_USAGE: [Operation; 6] = [
    Operation::SetMaxOverages,
    Operation::SetPlan,
    Operation::RecordUsage,
    Operation::GetUsage,
    Operation::DeleteOrganization,
    Operation::RestoreOrganization,
];

/// Any action.
pub fn any() -> impl Strategy<Value = Action> {
    Union::new_weighted(Operation::ALL.iter().copied().map(of).collect())
}

/// An action that decides who joins by an invitation.
pub fn about_joining() -> impl Strategy<Value = Action> {
    Union::new_weighted(ABOUT_JOINING.map(of).to_vec())
}

/// An action that decides what is used and how much may be.
pub fn about_usage() -> impl Strategy<Value = Action> {
    let of = |operation| match operation {
        // Mostly reports, and little else than changes of the limit.
        Operation::RecordUsage => (20, of(operation).1),
        Operation::DeleteOrganization | Operation::RestoreOrganization => (1, of(operation).1),
        _ => of(operation),
    };
    Union::new_weighted(ABOUT_USAGE.map(of).to_vec())
}

/// The actions of an operation, and their weight among all actions.
fn of(operation: Operation) -> (u32, BoxedStrategy<Action>) {
    match operation {
        Operation::CreateOrganization => {
            let key = option::of(select(vec!["k", "another key"]));
            let others = (option::weighted(0.3, external_id()), option::weighted(0.3, metadata()));
            let arguments = (name(), option::of(domain()), option::of(user()), others, key);
            let action = |(name, domain, owner, (external_id, metadata), key)| Action::CreateOrganization {
                name,
                domain,
                owner,
                external_id,
                metadata,
                key,
            };
            (5, arguments.prop_map(action).boxed())
        }
        Operation::ListOrganizations => {
            let deleted = prop_oneof![8 => Just(None), 4 => Just(Some("true")), 1 => Just(Some("false"))];
            let external_id = option::weighted(0.1, external_id());
            let action = |(of, external_id, deleted, limit)| Action::ListOrganizations {
                of,
                external_id,
                deleted,
                limit,
            };
            (6, (option::of(user()), external_id, deleted, limit()).prop_map(action).boxed())
        }
        Operation::GetOrganization => (5, Just(Action::GetOrganization).boxed()),
        Operation::UpdateOrganization => {
            let arguments = (option::of(name()), option::of(option::of(domain())), option::of(metadata()));
            let action = |(name, domain, metadata)| Action::UpdateOrganization { name, domain, metadata };
            (5, arguments.prop_map(action).boxed())
        }
        Operation::DeleteOrganization => (3, Just(Action::DeleteOrganization).boxed()),
        // More often than deletions, so that most requests find an organization.
        Operation::RestoreOrganization => (6, Just(Action::RestoreOrganization).boxed()),
        Operation::SetMaxOverages => {
            (5, select(&OVERAGES[..]).prop_map(|units| Action::SetMaxOverages { units }).boxed())
        }
        Operation::ListMembers => (4, limit().prop_map(|limit| Action::ListMembers { limit }).boxed()),
        Operation::SetPlan => {
            let action = |(included_units, max_members)| Action::SetPlan { included_units, max_members };
            (4, (included_units(), max_members()).prop_map(action).boxed())
        }
        Operation::RecordUsage => {
            let key = option::weighted(0.4, select(vec!["k", "another key"]));
            let action =
                |(units, period, over_limit, key)| Action::RecordUsage { units, period, over_limit, key };
            (12, (units(), period(), over_limit(), key).prop_map(action).boxed())
        }
        Operation::GetUsage => (4, period().prop_map(|period| Action::GetUsage { period }).boxed()),
        Operation::AddMember => (
            4,
            (user(), option::of(role())).prop_map(|(user, role)| Action::AddMember { user, role }).boxed(),
        ),
        Operation::GetMember => (5, user().prop_map(|user| Action::GetMember { user }).boxed()),
        Operation::UpdateMember => {
            (6, (user(), role()).prop_map(|(user, role)| Action::UpdateMember { user, role }).boxed())
        }
        Operation::RemoveMember => (6, user().prop_map(|user| Action::RemoveMember { user }).boxed()),
        Operation::CreateInvitation => {
            let email = prop_oneof![3 => Just(None), 1 => Just(Some(None)), 6 => email().prop_map(|to| Some(Some(to)))];
            let action = |(email, role, days)| Action::CreateInvitation { email, role, days };
            (10, (email, option::of(role()), days()).prop_map(action).boxed())
        }
        Operation::ListInvitations => {
            (5, limit().prop_map(|limit| Action::ListInvitations { limit }).boxed())
        }
        Operation::RevokeInvitation => {
            let invitation = prop_oneof![
                10 => (0..3usize).prop_map(Reference::Issued),
                1 => select(&NO_INVITATION[..]).prop_map(Reference::Unknown),
            ];
            (5, invitation.prop_map(|invitation| Action::RevokeInvitation { invitation }).boxed())
        }
        Operation::PreviewInvitation => {
            (5, token().prop_map(|token| Action::PreviewInvitation { token }).boxed())
        }
        Operation::AcceptInvitation => {
            (12, token().prop_map(|token| Action::AcceptInvitation { token }).boxed())
        }
        Operation::ListEvents => {
            let action = |(after, limit)| Action::ListEvents { after, limit };
            (8, (after(), limit()).prop_map(action).boxed())
        }
        Operation::DeleteUser => (3, user().prop_map(|user| Action::DeleteUser { user }).boxed()),
    }
}

/// A token: mostly one of the last ones.
fn token() -> impl Strategy<Value = Reference> {
    prop_oneof![
        10 => Just(Reference::Issued(0)),
        6 => (0..6usize).prop_map(Reference::Issued),
        1 => (0..4usize, 0..4usize).prop_map(|(ids, secret)| Reference::Mixed(ids, secret)),
        1 => select(&NO_TOKEN[..]).prop_map(Reference::Unknown),
    ]
}

/// An owner of a service's new organization.
pub fn owner() -> impl Strategy<Value = &'static str> {
    select(&USERS[..])
}
