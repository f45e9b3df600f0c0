//! One organization of the reference model: its members, their roles, and the rules about them.

use crate::answer::Answer;
use crate::invitation::Invitations;
use crate::model::{New, Refusal};
use crate::moment::{Moment, Time};
use crate::record_model::{Happening, Record};
use crate::request::Call;
use crate::usage::Usage;
use crate::values::{ROLES, is_service};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::invariants;

/// The maximum number of owners and admins together.
const MAX_PRIVILEGED: usize = 100;

#[derive(Debug, Clone)]
pub struct Organization {
    pub id: String,
    pub name: String,
    pub domain: Option<String>,
    pub metadata: Value,
    pub external_id: Option<&'static str>,
    pub max_overages: Option<i64>,
    pub included_units: i64,
    pub max_members: Option<i64>,
    pub usage: Usage,
    pub members: BTreeMap<String, Member>,
    pub invitations: Invitations,
    pub created_by: String,
    created_at: Moment,
    updated_by: String,
    pub version: u64,
    pub deletion: Deletion,
    pub record: Record,
}

/// Whether it is deleted. The numbers are moments of its record.
#[derive(Debug, Clone)]
pub enum Deletion {
    None,
    /// It can be restored until the second moment.
    Until {
        deleted_at: usize,
        purge_at: usize,
    },
    /// It can no longer be restored.
    Final {
        deleted_at: usize,
        purge_at: usize,
    },
}

#[derive(Debug, Clone)]
pub struct Member {
    pub role: &'static str,
    added_by: String,
    joined_at: Moment,
    /// The token and the id of the invitation by which the member joined.
    pub joined_by: Option<(String, Option<String>)>,
}

impl Member {
    /// A member added by `adder`.
    pub fn new(role: &'static str, adder: &str, time: &Time) -> Self {
        Self { role, added_by: adder.to_owned(), joined_at: time.moment(), joined_by: None }
    }
}

impl Organization {
    /// A new organization, created by `caller`.
    pub fn new(id: &str, caller: &str, new: New, time: &Time) -> Self {
        let New { owner, name, domain, external_id, metadata } = new;
        let mut organization = Self {
            id: id.to_owned(),
            name: name.to_owned(),
            domain: domain.map(str::to_owned),
            metadata: serde_json::from_str(metadata).unwrap(),
            external_id,
            max_overages: Some(0),
            included_units: 0,
            max_members: None,
            usage: Usage::default(),
            members: BTreeMap::from([(owner.to_owned(), Member::new("owner", caller, time))]),
            invitations: Invitations::default(),
            created_by: caller.to_owned(),
            created_at: time.moment(),
            updated_by: caller.to_owned(),
            version: 1,
            deletion: Deletion::None,
            record: Record::default(),
        };
        let at = organization.record.moment(time.moment());
        let created = Happening { kind: "organization.created", ..Happening::default() };
        organization.record(created, caller, at);
        organization
    }

    /// Executes an action of a caller who may know of the organization.
    pub fn attempt(&mut self, call: &Call, time: &Time, shown: &Value) -> Result<Answer, Refusal> {
        let (action, caller) = (call.action(), call.request.caller);
        self.may_use(call)?;
        if action.acts_on_member() && action.target().is_none_or(|user| !self.members.contains_key(user)) {
            return Err((404, "member_not_found", Value::Null));
        }
        self.may_act(call, self.role(caller))?;
        if !action.is_read() && !action.is_done(self) {
            action.find(self, call)?;
            if call.fails(self.version) {
                return Err(self.precondition_failed());
            }
            let at = self.record.moment(time.moment());
            action.change(self, call, (time, at))?;
            self.changed(action.happening(self, call), caller, at);
        }
        Ok(action.answer(self, call, self.role(caller), shown))
    }

    /// Counts a change.
    pub fn changed(&mut self, what: Happening, caller: &str, at: usize) {
        self.version += 1;
        caller.clone_into(&mut self.updated_by);
        self.record(what, caller, at);
    }

    /// The refusal of a request whose precondition fails.
    pub fn precondition_failed(&self) -> Refusal {
        (412, "precondition_failed", json!({ "currentVersion": self.version }))
    }

    pub fn is_deleted(&self) -> bool {
        !matches!(self.deletion, Deletion::None)
    }

    /// True if the caller may know of it.
    pub fn is_visible_to(&self, caller: &str) -> bool {
        let role = self.role(caller);
        match self.deletion {
            Deletion::None => is_service(caller) || role.is_some(),
            Deletion::Until { .. } => is_service(caller) || role == Some("owner"),
            Deletion::Final { .. } => false,
        }
    }

    /// Refuses most uses of a deleted organization.
    pub fn may_use(&self, call: &Call) -> Result<(), Refusal> {
        let may =
            call.action().is_for_deleted() || (call.action().is_read() && is_service(call.request.caller));
        if self.is_deleted() && !may { Err((409, "organization_deleted", Value::Null)) } else { Ok(()) }
    }

    /// Refuses an action that a caller with `role` may not perform. A service needs no role.
    pub fn may_act(&self, call: &Call, role: Option<&str>) -> Result<(), Refusal> {
        let caller = call.request.caller;
        let required = call.action().required(self, caller);
        let rank = |role: Option<&str>| ROLES.iter().position(|one| Some(*one) == role);
        if !is_service(caller) && rank(role) > rank(Some(required)) {
            return Err((403, "forbidden", json!({ "requiredRole": required })));
        }
        Ok(())
    }

    /// Refuses another member if the plan allows no more.
    pub fn has_room(&self) -> Result<(), Refusal> {
        match self.max_members {
            Some(max) if self.members.len() as i64 >= max => {
                Err((422, "too_many_members", json!({ "max": max })))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a change that would leave no owner, or too many owners and admins. `role` is the new role of
    /// `user`, or `None` to remove `user`.
    pub fn allows(&self, user: &str, role: Option<&str>) -> Result<(), Refusal> {
        let others = || self.members.iter().filter(|(id, _)| *id != user).map(|(_, member)| member.role);
        if role != Some("owner") && !others().any(|role| role == "owner") {
            return Err((422, "last_owner", Value::Null));
        }
        let privileged = others().filter(|role| *role != "member").count();
        if matches!(role, Some("owner" | "admin")) && privileged == MAX_PRIVILEGED {
            return Err((422, "too_many_admins", Value::Null));
        }
        Ok(())
    }

    /// True if `inviter` may invite somebody with this role.
    pub fn can_invite(&self, inviter: &str, role: &str) -> bool {
        match self.role(inviter) {
            _ if is_service(inviter) => true,
            Some("owner") => true,
            Some("admin") => role != "owner",
            _ => false,
        }
    }

    /// The expected content of the table.
    pub fn stored(&self) -> invariants::Organization {
        let members = self.members.iter().map(|(id, member)| (id.clone(), member.role.to_owned()));
        let joined = self.members.iter().filter_map(|(user, member)| {
            let (_, invitation) = member.joined_by.clone()?;
            Some((user.clone(), invitation.unwrap_or_default()))
        });
        invariants::Organization {
            joined_by: joined.collect(),
            members: members.collect(),
            version: self.version,
            is_deleted: self.is_deleted(),
            is_gone: matches!(self.deletion, Deletion::Final { .. }),
            created_by: self.created_by.clone(),
            external_id: self.external_id.map(str::to_owned),
            invitations: self.invitations.stored(),
        }
    }

    pub fn role(&self, user: &str) -> Option<&'static str> {
        self.members.get(user).map(|member| member.role)
    }

    /// The user's role, if it is owner or admin.
    pub fn privilege(&self, user: &str) -> Option<&'static str> {
        self.role(user).filter(|role| *role != "member")
    }

    /// True if these members, in an answer, have the roles that the organization's item gives: `member` for
    /// all but owners and admins.
    pub fn explains_roles<'a>(&self, members: impl IntoIterator<Item = &'a Value>) -> bool {
        let role = |member: &Value| self.privilege(member["userId"].as_str()?);
        members.into_iter().all(|member| member["role"] == role(member).unwrap_or("member"))
    }

    /// The organization as shown to a caller with `role`.
    pub fn body(&mut self, role: Option<&str>, shown: &Value) -> Value {
        self.created_at.learn(&shown["createdAt"]);
        let updated_at = self.record.learn(self.record.newest(), &shown["updatedAt"]);
        let mut body = json!({
            "id": self.id,
            "name": self.name,
            "domain": self.domain,
            "maxOverages": self.max_overages,
            "includedUnits": self.included_units,
            "maxMembers": self.max_members,
            "externalId": self.external_id,
            "metadata": self.metadata,
            "memberCount": self.members.len(),
            "role": role,
            "createdBy": self.created_by,
            "createdAt": self.created_at.text(),
            "updatedAt": updated_at,
            "version": self.version,
        });
        if let Deletion::Until { deleted_at, purge_at } = self.deletion {
            body["deletedAt"] = json!(self.record.learn(deleted_at, &shown["deletedAt"]));
            body["purgeAt"] = json!(self.record.learn(purge_at, &shown["purgeAt"]));
        }
        body
    }

    /// The fields about the last change, as shown in an answer.
    pub fn last_change(&mut self, shown: &Value) -> Value {
        let updated_at = self.record.learn(self.record.newest(), &shown["updatedAt"]);
        json!({
            "organizationId": self.id,
            "updatedAt": updated_at,
            "updatedBy": self.updated_by,
            "version": self.version,
        })
    }

    /// All members, by id.
    pub fn list(&mut self, shown: &Value) -> Vec<Value> {
        let users: Vec<String> = self.members.keys().cloned().collect();
        let shown = |user: &str| shown.as_array().into_iter().flatten().find(|one| one["userId"] == user);
        users.iter().map(|user| self.member(user, shown(user).unwrap_or(&Value::Null))).collect()
    }

    /// A member as shown in an answer.
    pub fn member(&mut self, user: &str, shown: &Value) -> Value {
        let Some(member) = self.members.get_mut(user) else { return Value::Null };
        member.joined_at.learn(&shown["joinedAt"]);
        json!({
            "organizationId": self.id,
            "userId": user,
            "role": member.role,
            "addedBy": member.added_by,
            "joinedAt": member.joined_at.text(),
        })
    }
}
