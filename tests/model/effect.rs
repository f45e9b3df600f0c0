//! What an action does to the model, and the answer to it.

use crate::action::Action;
use crate::clients::Answered;
use crate::instance::Answer;
use crate::model::{Model, Refusal, Time};
use crate::organization::{Member, Organization};
use crate::request::Call;
use crate::steps::Part::{self, Change, Membership, Roles, Shown, Whole};
use crate::values::stored;
use serde_json::{Value, json};
use shared::edge::percent_encoded;

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
