//! What an action does to the model, and the answer to it.

use crate::action::Action;
use crate::answer::Answer;
use crate::invitation::State;
use crate::joining::no_invitation;
use crate::model::{Model, New, Refusal};
use crate::moment::Time;
use crate::organization::{Deletion, Member, Organization};
use crate::request::Call;
use crate::values::{first_day, is_service, stored};
use serde_json::{Value, json};
use shared::edge::percent_encoded;

/// How long a deleted organization can be restored.
const DELETED_DAYS: u64 = 30;

impl Action {
    /// True for operations that change nothing.
    pub fn is_read(&self) -> bool {
        self.operation().method() == "GET" || matches!(self, Self::PreviewInvitation { .. })
    }

    /// The change in the number of members. `None` for a read, a creation or a report of usage, for a deletion or a
    /// restoration, which may find nothing to do, and for what concerns many organizations.
    pub fn growth(&self) -> Option<i64> {
        match self {
            _ if self.is_read() => None,
            Self::CreateOrganization { .. } | Self::RecordUsage { .. } => None,
            Self::DeleteOrganization | Self::RestoreOrganization => None,
            Self::AddMember { .. } | Self::AcceptInvitation { .. } => Some(1),
            Self::RemoveMember { .. } => Some(-1),
            Self::DeleteUser { .. } => None,
            _ => Some(0),
        }
    }

    /// True if owners and services may use a deleted organization so.
    pub fn is_for_deleted(&self) -> bool {
        matches!(
            self,
            Self::GetOrganization
                | Self::DeleteOrganization
                | Self::RestoreOrganization
                | Self::ListEvents { .. }
        )
    }

    /// True if there is nothing to do.
    pub fn is_done(&self, organization: &Organization) -> bool {
        match self {
            Self::DeleteOrganization => organization.is_deleted(),
            Self::RestoreOrganization => !organization.is_deleted(),
            _ => false,
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
        let caller = call.request.caller;
        match self {
            Self::CreateOrganization { name, domain, owner, external_id, metadata, key } => {
                let new = New {
                    owner: owner.unwrap_or(caller),
                    name: stored(*name),
                    domain: domain.map(stored),
                    external_id: external_id.map(stored),
                    metadata: metadata.map_or("{}", stored),
                };
                model.create(call, new, *key, time, shown)
            }
            Self::ListOrganizations { external_id: Some(external_id), .. } => {
                let found = model.with_external_id(stored(*external_id));
                let shown = |organization: &mut Organization| organization.body(None, &shown[0]);
                Ok(Answer::ok(Value::Array(found.into_iter().map(shown).collect())))
            }
            Self::ListOrganizations { of, deleted, .. } => {
                Ok(model.list(call, of.unwrap_or(caller), deleted.is_some(), shown))
            }
            Self::PreviewInvitation { .. } => {
                model.organization_of_token(&call.reference)?.preview(&call.reference, shown)
            }
            Self::AcceptInvitation { .. } => {
                model.organization_of_token(&call.reference)?.join(call, time, shown)
            }
            Self::RecordUsage { .. } => model.organization_of(call)?.report(call, shown),
            Self::DeleteUser { user } => model.erase(user, caller, time),
            _ => model.organization_of(call)?.attempt(call, time, shown),
        }
    }

    /// The lowest role that may perform the action.
    pub fn required(&self, organization: &Organization, caller: &str) -> &'static str {
        let is_owner = |user| organization.role(user) == Some("owner");
        match self {
            Self::ListInvitations { .. } | Self::ListEvents { .. } => "admin",
            _ if self.is_read() => "member",
            Self::DeleteOrganization | Self::RestoreOrganization => "owner",
            Self::RemoveMember { user } if *user == caller => "member",
            Self::UpdateMember { user, .. } | Self::RemoveMember { user } if is_owner(user) => "owner",
            Self::UpdateMember { role: "owner", .. } | Self::CreateInvitation { role: Some("owner"), .. } => {
                "owner"
            }
            _ => "admin",
        }
    }

    /// Refuses a request for an invitation that is not pending.
    pub fn find(&self, organization: &mut Organization, call: &Call) -> Result<(), Refusal> {
        let Self::RevokeInvitation { .. } = self else { return Ok(()) };
        let found = organization.invitations.with_id(&call.reference);
        found.filter(|found| found.state == State::Pending).map(|_| ()).ok_or(no_invitation())
    }

    /// Changes the organization, if no rule forbids it. `at` is the moment of the change.
    pub fn change(
        &self,
        organization: &mut Organization,
        call: &Call,
        (time, at): (&Time, usize),
    ) -> Result<(), Refusal> {
        let caller = call.request.caller;
        match self {
            Self::UpdateOrganization { name, domain, metadata } => {
                if let Some(name) = name {
                    stored(*name).clone_into(&mut organization.name);
                }
                if let Some(domain) = domain {
                    organization.domain = domain.map(|domain| stored(domain).to_owned());
                }
                if let Some(metadata) = metadata {
                    organization.metadata = serde_json::from_str(stored(*metadata)).unwrap();
                }
            }
            Self::DeleteOrganization => {
                let purge_at = organization.record.moment(time.in_days(DELETED_DAYS));
                organization.deletion = Deletion::Until { deleted_at: at, purge_at };
            }
            Self::RestoreOrganization => organization.deletion = Deletion::None,
            Self::SetMaxOverages { units } => organization.max_overages = *units,
            Self::SetPlan { included_units, max_members } => {
                organization.included_units = included_units.unwrap_or(organization.included_units);
                organization.max_members = max_members.unwrap_or(organization.max_members);
            }
            Self::AddMember { user, role } => {
                let role = role.unwrap_or("member");
                if organization.members.contains_key(*user) {
                    return Err((409, "member_already_exists", Value::Null));
                }
                organization.has_room()?;
                organization.allows(user, Some(role))?;
                organization.members.insert((*user).to_owned(), Member::new(role, caller, time));
            }
            Self::UpdateMember { user, role } => {
                organization.allows(user, Some(role))?;
                organization.members.entry((*user).to_owned()).and_modify(|member| member.role = role);
            }
            Self::RemoveMember { user } => {
                organization.allows(user, None)?;
                organization.members.remove(*user);
            }
            Self::CreateInvitation { email, role, days } => {
                let invited = (email.flatten().map(stored), role.unwrap_or("member"), *days);
                let Organization { members, invitations, .. } = organization;
                invitations.invite(invited, caller, |user| members.contains_key(user), time)?;
            }
            Self::RevokeInvitation { .. } => {
                let invitation = organization.invitations.with_id(&call.reference);
                invitation.expect("the invitation was found").state = State::Revoked;
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
            Self::GetOrganization
            | Self::UpdateOrganization { .. }
            | Self::DeleteOrganization
            | Self::RestoreOrganization
            | Self::RemoveMember { .. } => Answer { etag, ..Answer::ok(organization.body(role, shown)) },
            Self::SetMaxOverages { .. } => Answer { etag, ..Answer::ok(organization.overages(shown)) },
            Self::SetPlan { .. } => Answer { etag, ..Answer::ok(organization.plan(shown)) },
            Self::GetUsage { period } => Answer::ok(organization.used(period.map(first_day), shown)),
            Self::RecordUsage { .. } | Self::DeleteUser { .. } => panic!("it has an answer of its own"),
            Self::ListEvents { .. } => organization.events(call, shown),
            Self::ListMembers { .. } => Answer::page(call, organization.list(shown), 0, shown),
            Self::AddMember { user, .. } => {
                let location = Some(format!("member/{}", percent_encoded(user)));
                Answer { status: 201, location, ..Answer::ok(organization.member(user, shown)) }
            }
            Self::GetMember { user } | Self::UpdateMember { user, .. } => {
                Answer::ok(organization.member(user, shown))
            }
            Self::CreateInvitation { .. } => {
                let (body, is_renewed) = organization.invitations.issued(&organization.id, shown);
                organization.record.learn_invitation(body["id"].as_str().map(str::to_owned));
                let location = body["id"].as_str().map(|id| format!("invitation/{id}"));
                Answer { status: if is_renewed { 200 } else { 201 }, location, ..Answer::ok(body) }
            }
            Self::ListInvitations { .. } => {
                let (pending, hidden) = organization.invitations.list(&organization.id, shown);
                Answer::page(call, pending, hidden, shown)
            }
            Self::RevokeInvitation { .. } => {
                let invitation = organization.invitations.with_id(&call.reference);
                Answer::ok(invitation.map_or(Value::Null, |found| found.body(&organization.id, shown)))
            }
            Self::PreviewInvitation { .. } => {
                let preview = organization.pending_preview(&call.reference, shown);
                preview.map_or_else(|| Answer::refusal(no_invitation()), Answer::ok)
            }
            Self::AcceptInvitation { .. } => {
                let joined = organization.joined(call, shown);
                joined.unwrap_or_else(|| Answer::refusal(no_invitation()))
            }
        }
    }

    /// True if a member or a service sees the organization in this answer.
    pub fn shows(&self, organization: &Organization, caller: &str) -> bool {
        let sees = |user: &str| {
            !organization.is_deleted() || is_service(user) || organization.role(user) == Some("owner")
        };
        match self {
            Self::GetOrganization | Self::ListEvents { .. } => sees(caller),
            Self::ListOrganizations { of, deleted, .. } => {
                sees(of.unwrap_or(caller)) && organization.is_deleted() == deleted.is_some()
            }
            _ => true,
        }
    }
}
