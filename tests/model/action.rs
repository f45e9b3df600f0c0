//! Actions: the operations with their arguments, and everything in the model that is specific to one
//! operation. A new operation needs an edit only here.

use crate::clients::Answered;
use crate::instance::Answer;
use crate::model::{Model, Refusal, Time};
use crate::organization::{Member, Organization};
use crate::request::{Call, Parameter};
use crate::steps::Part::{self, Change, Membership, Roles, Shown, Whole};
use crate::values::{NOBODY, OVERAGES, ROLES, Text, domain, limit, name, role, stored, user};
use functions::Operation;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use serde_json::{Map, Value, json};
use shared::edge::percent_encoded;

#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    CreateOrganization { name: Text, domain: Option<Text>, key: Option<&'static str> },
    ListOrganizations { limit: Option<usize> },
    GetOrganization,
    UpdateOrganization { name: Option<Text>, domain: Option<Option<Text>> },
    SetMaxOverages { units: Option<i64> },
    ListMembers { limit: Option<usize> },
    AddMember { user: &'static str, role: Option<&'static str> },
    UpdateMember { user: &'static str, role: &'static str },
    RemoveMember { user: &'static str },
}

/// Any action.
pub fn any() -> impl Strategy<Value = Action> {
    Union::new_weighted(Operation::ALL.iter().copied().map(of).collect())
}

/// The actions of an operation, and their weight among all actions.
fn of(operation: Operation) -> (u32, BoxedStrategy<Action>) {
    match operation {
        Operation::CreateOrganization => {
            let key = option::of(select(vec!["k", "another key"]));
            let action = |(name, domain, key)| Action::CreateOrganization { name, domain, key };
            (3, (name(), option::of(domain()), key).prop_map(action).boxed())
        }
        Operation::ListOrganizations => {
            (2, limit().prop_map(|limit| Action::ListOrganizations { limit }).boxed())
        }
        Operation::GetOrganization => (3, Just(Action::GetOrganization).boxed()),
        Operation::UpdateOrganization => {
            let action = |(name, domain)| Action::UpdateOrganization { name, domain };
            (3, (option::of(name()), option::of(option::of(domain()))).prop_map(action).boxed())
        }
        Operation::SetMaxOverages => {
            (2, select(&OVERAGES[..]).prop_map(|units| Action::SetMaxOverages { units }).boxed())
        }
        Operation::ListMembers => (2, limit().prop_map(|limit| Action::ListMembers { limit }).boxed()),
        Operation::AddMember => (
            5,
            (user(), option::of(role())).prop_map(|(user, role)| Action::AddMember { user, role }).boxed(),
        ),
        Operation::UpdateMember => {
            (5, (user(), role()).prop_map(|(user, role)| Action::UpdateMember { user, role }).boxed())
        }
        Operation::RemoveMember => (4, user().prop_map(|user| Action::RemoveMember { user }).boxed()),
    }
}

/// The request.
impl Action {
    pub fn operation(&self) -> Operation {
        match self {
            Self::CreateOrganization { .. } => Operation::CreateOrganization,
            Self::ListOrganizations { .. } => Operation::ListOrganizations,
            Self::GetOrganization => Operation::GetOrganization,
            Self::UpdateOrganization { .. } => Operation::UpdateOrganization,
            Self::SetMaxOverages { .. } => Operation::SetMaxOverages,
            Self::ListMembers { .. } => Operation::ListMembers,
            Self::AddMember { .. } => Operation::AddMember,
            Self::UpdateMember { .. } => Operation::UpdateMember,
            Self::RemoveMember { .. } => Operation::RemoveMember,
        }
    }

    /// The user in the path.
    pub fn target(&self) -> Option<&'static str> {
        match self {
            Self::UpdateMember { user, .. } | Self::RemoveMember { user } => Some(user),
            Self::CreateOrganization { .. }
            | Self::ListOrganizations { .. }
            | Self::GetOrganization
            | Self::UpdateOrganization { .. }
            | Self::SetMaxOverages { .. }
            | Self::ListMembers { .. }
            | Self::AddMember { .. } => None,
        }
    }

    /// The headers or the query parameter that the operation takes.
    pub fn parameter(&self) -> Parameter {
        match self {
            Self::CreateOrganization { .. } => Parameter::IdempotencyKey,
            Self::ListOrganizations { .. } | Self::ListMembers { .. } => Parameter::Limit,
            Self::GetOrganization
            | Self::UpdateOrganization { .. }
            | Self::SetMaxOverages { .. }
            | Self::AddMember { .. }
            | Self::UpdateMember { .. }
            | Self::RemoveMember { .. } => Parameter::Precondition,
        }
    }

    /// The `Idempotency-Key`.
    pub fn key(&self) -> Option<&'static str> {
        match self {
            Self::CreateOrganization { key, .. } => *key,
            _ => None,
        }
    }

    /// The query parameter `limit`.
    pub fn limit(&self) -> Option<usize> {
        match self {
            Self::ListOrganizations { limit } | Self::ListMembers { limit } => *limit,
            _ => None,
        }
    }

    /// The field that an error names if the body is empty, and the fields that are sent.
    pub fn fields(&self) -> Option<(&'static str, Map<String, Value>)> {
        let fields = match self {
            Self::CreateOrganization { name, domain, .. } => vec![
                ("organizationName", Some(json!(name.0))),
                ("domain", domain.map(|domain| json!(domain.0))),
            ],
            Self::UpdateOrganization { name, domain } => vec![
                ("name", name.map(|name| json!(name.0))),
                ("domain", domain.map(|domain| json!(domain.map(|domain| domain.0)))),
            ],
            Self::SetMaxOverages { units } => vec![("maxOverages", Some(json!(units)))],
            Self::AddMember { user, role } => {
                vec![("userId", Some(json!(user))), ("role", role.map(|role| json!(role)))]
            }
            Self::UpdateMember { role, .. } => vec![("role", Some(json!(role)))],
            _ => return None,
        };
        let first = fields[0].0;
        let sent = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Some((first, sent.collect()))
    }

    /// Refuses invalid arguments.
    pub fn validate(&self) -> Result<(), Refusal> {
        let broken = |field: &str, rule: &str| {
            Err((422, "validation_failed", json!({ "field": field, "rule": rule })))
        };
        match self {
            Self::CreateOrganization { name: (_, Err(rule)), .. } => broken("organizationName", rule),
            Self::UpdateOrganization { name: None, domain: None } => {
                Err((400, "invalid_request", json!({ "field": "name" })))
            }
            Self::UpdateOrganization { name: Some((_, Err(rule))), .. } => broken("name", rule),
            Self::CreateOrganization { domain: Some((_, Err(rule))), .. }
            | Self::UpdateOrganization { domain: Some(Some((_, Err(rule)))), .. } => broken("domain", rule),
            Self::SetMaxOverages { units: Some(units) } if !(0..=1_000_000_000).contains(units) => {
                broken("maxOverages", "range")
            }
            Self::AddMember { user, .. } if *user == NOBODY => broken("userId", "user_id"),
            Self::AddMember { role: Some(role), .. } | Self::UpdateMember { role, .. }
                if !ROLES[..3].contains(role) =>
            {
                broken("role", "role")
            }
            _ => Ok(()),
        }
    }
}

/// The effect on the model, and the answer.
impl Action {
    /// True for operations that change nothing.
    pub fn is_read(&self) -> bool {
        self.operation().method() == "GET"
    }

    /// The change in the number of members. `None` for a read or a creation.
    pub fn growth(&self) -> Option<i64> {
        match self {
            _ if self.is_read() => None,
            Self::CreateOrganization { .. } => None,
            Self::AddMember { .. } => Some(1),
            Self::RemoveMember { .. } => Some(-1),
            _ => Some(0),
        }
    }

    /// Performs the action. `shown` is the answer's body. It supplies values that only the functions know,
    /// such as a new id.
    pub fn apply(
        &self,
        model: &mut Model,
        call: &Call,
        time: &Time,
        shown: &Value,
    ) -> Result<Answer, Refusal> {
        match self {
            Self::CreateOrganization { name, domain, key } => {
                model.create(call, (stored(*name), domain.map(stored)), *key, time, shown)
            }
            Self::ListOrganizations { .. } => Ok(model.list(call, shown)),
            _ => model.organization_of_member(call)?.attempt(call, time, shown),
        }
    }

    /// The lowest role that may perform the action.
    pub fn required(&self, organization: &Organization, caller: &str) -> &'static str {
        let is_owner = |user| organization.role(user) == Some("owner");
        match self {
            _ if self.is_read() => "member",
            Self::RemoveMember { user } if *user == caller => "member",
            Self::UpdateMember { user, .. } | Self::RemoveMember { user } if is_owner(user) => "owner",
            Self::AddMember { role: Some("owner"), .. } | Self::UpdateMember { role: "owner", .. } => "owner",
            _ => "admin",
        }
    }

    /// Changes the organization, if no rule forbids it.
    pub fn change(&self, organization: &mut Organization, call: &Call, time: &Time) -> Result<(), Refusal> {
        match self {
            Self::UpdateOrganization { name, domain } => {
                if let Some(name) = name {
                    stored(*name).clone_into(&mut organization.name);
                }
                if let Some(domain) = domain {
                    organization.domain = domain.map(|domain| stored(domain).to_owned());
                }
            }
            Self::SetMaxOverages { units } => organization.max_overages = *units,
            Self::AddMember { user, role } => {
                let role = role.unwrap_or("member");
                if organization.members.contains_key(*user) {
                    return Err((409, "member_already_exists", Value::Null));
                }
                organization.allows(user, Some(role))?;
                let member = Member::new(role, call.request.caller, time);
                organization.members.insert((*user).to_owned(), member);
            }
            Self::UpdateMember { user, role } => {
                organization.allows(user, Some(role))?;
                organization.members.entry((*user).to_owned()).and_modify(|member| member.role = role);
            }
            Self::RemoveMember { user } => {
                organization.allows(user, None)?;
                organization.members.remove(*user);
            }
            other => panic!("not a change to an organization: {other:?}"),
        }
        Ok(())
    }

    /// The successful answer that shows the organization in its current state, to a caller with `role`.
    pub fn answer(
        &self,
        organization: &mut Organization,
        call: &Call,
        role: Option<&str>,
        shown: &Value,
    ) -> Answer {
        let etag = Some(format!("\"{}\"", organization.version));
        match self {
            Self::CreateOrganization { .. } => {
                let location = Some(format!("organization/{}", organization.id));
                Answer { status: 201, etag, location, ..Answer::ok(organization.body(role, shown)) }
            }
            Self::ListOrganizations { .. } => Answer::ok(json!([organization.body(role, &shown[0])])),
            Self::GetOrganization if call.fails(organization.version) => match call.request.header {
                "If-None-Match" => Answer { status: 304, etag, ..Answer::ok(Value::Null) },
                _ => Answer::refusal(organization.precondition_failed()),
            },
            Self::RemoveMember { user } if *user == call.request.caller => {
                Answer { etag, ..Answer::ok(organization.body(None, shown)) }
            }
            Self::GetOrganization | Self::UpdateOrganization { .. } | Self::RemoveMember { .. } => {
                Answer { etag, ..Answer::ok(organization.body(role, shown)) }
            }
            Self::SetMaxOverages { .. } => Answer { etag, ..Answer::ok(organization.limit(shown)) },
            Self::ListMembers { .. } => Answer::page(call, organization.list(shown)),
            Self::AddMember { user, .. } => {
                let location = Some(format!("member/{}", percent_encoded(user)));
                Answer { status: 201, location, ..Answer::ok(organization.member(user, shown)) }
            }
            Self::UpdateMember { user, .. } => Answer::ok(organization.member(user, shown)),
        }
    }

    /// The points in time at which an answered request read or changed the organization. The number beside a
    /// point says how many points, from the start of this list, must come before it. Otherwise, the order is
    /// free.
    pub fn parts(&self, Answered { call, asked, answer, .. }: &Answered) -> Vec<(Part, usize)> {
        let caller = call.request.caller;
        let is_repeated = asked.iter().filter(|action| *action == "UpdateItem").count() > 1;
        match self {
            Self::GetOrganization if answer.status == 412 => vec![(Membership(caller, true), 0), (Shown, 0)],
            // Any other refusal happens at one point in time.
            _ if answer.status >= 400 => vec![(Whole, 0)],
            // One BatchGetItem, which may read its items at different times.
            Self::GetOrganization => vec![(Membership(caller, true), 0), (Shown, 0)],
            // A Query of the caller's memberships, then a BatchGetItem of the organizations.
            Self::ListOrganizations { .. } if answer.body == json!([]) => {
                vec![(Membership(caller, false), 0)]
            }
            Self::ListOrganizations { .. } => vec![(Membership(caller, true), 0), (Shown, 1)],
            // A BatchGetItem reads the caller's membership and, perhaps at another time, the organization's
            // item, which names the owners and admins. Then a Query reads the members.
            Self::ListMembers { .. } => vec![(Membership(caller, true), 0), (Roles, 0), (Shown, 2)],
            Self::RemoveMember { user } if *user == caller => vec![(Change, 0), (Shown, 1)],
            Self::UpdateOrganization { .. } | Self::SetMaxOverages { .. } if !is_repeated => vec![(Whole, 0)],
            // The organization is read after the change. This read tells a retried update that its change was
            // made. The organization's item names only owners and admins. Any other caller may be a plain
            // member or a stranger, so their membership is read next.
            Self::UpdateOrganization { .. } | Self::SetMaxOverages { .. } | Self::RemoveMember { .. } => {
                let role = answer.body.get("role").filter(|role| *role != "owner" && *role != "admin");
                let membership = role.map(|role| (Membership(caller, role == "member"), 2));
                [(Change, 0), (Shown, 1)].into_iter().chain(membership).collect()
            }
            Self::CreateOrganization { .. } | Self::AddMember { .. } | Self::UpdateMember { .. } => {
                vec![(Whole, 0)]
            }
        }
    }
}
