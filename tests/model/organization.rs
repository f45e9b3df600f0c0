//! One organization of the reference model: its members, their roles, and the rules about them.

use crate::instance::Answer;
use crate::model::{Refusal, Time};
use crate::moment::Moment;
use crate::request::Call;
use crate::values::ROLES;
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
    pub max_overages: Option<i64>,
    pub members: BTreeMap<String, Member>,
    created_by: String,
    created_at: Moment,
    updated_at: Moment,
    updated_by: String,
    pub version: u64,
}

#[derive(Debug, Clone)]
pub struct Member {
    pub role: &'static str,
    added_by: String,
    joined_at: Moment,
}

impl Member {
    /// A member added by `adder`.
    pub fn new(role: &'static str, adder: &str, time: &Time) -> Self {
        Self { role, added_by: adder.to_owned(), joined_at: time.moment() }
    }
}

impl Organization {
    /// A new organization of `caller`.
    pub fn new(id: &str, caller: &str, (name, domain): (&str, Option<&str>), time: &Time) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            domain: domain.map(str::to_owned),
            max_overages: Some(0),
            members: BTreeMap::from([(caller.to_owned(), Member::new("owner", caller, time))]),
            created_by: caller.to_owned(),
            created_at: time.moment(),
            updated_at: time.moment(),
            updated_by: caller.to_owned(),
            version: 1,
        }
    }

    /// Executes an action of a member.
    pub fn attempt(&mut self, call: &Call, time: &Time, shown: &Value) -> Result<Answer, Refusal> {
        let (action, caller) = (call.action(), call.request.caller);
        if action.target().is_some_and(|target| !self.members.contains_key(target)) {
            return Err((404, "member_not_found", Value::Null));
        }
        let (role, required) = (self.role(caller), action.required(self, caller));
        if ROLES.iter().position(|one| Some(*one) == role) > ROLES.iter().position(|one| *one == required) {
            return Err((403, "forbidden", json!({ "requiredRole": required })));
        }
        if !action.is_read() {
            if call.fails(self.version) {
                return Err(self.precondition_failed());
            }
            action.change(self, call, time)?;
            self.version += 1;
            self.updated_at = time.moment();
            caller.clone_into(&mut self.updated_by);
        }
        Ok(action.answer(self, call, self.role(caller), shown))
    }

    /// The refusal of a request whose precondition fails.
    pub fn precondition_failed(&self) -> Refusal {
        (412, "precondition_failed", json!({ "currentVersion": self.version }))
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

    /// The expected content of the table.
    pub fn stored(&self) -> invariants::Organization {
        let members = self.members.iter().map(|(id, member)| (id.clone(), member.role.to_owned()));
        invariants::Organization { members: members.collect(), version: self.version }
    }

    pub fn role(&self, user: &str) -> Option<&'static str> {
        self.members.get(user).map(|member| member.role)
    }

    /// The user's role, if it is owner or admin.
    pub fn privilege(&self, user: &str) -> Option<&'static str> {
        self.role(user).filter(|role| *role != "member")
    }

    /// True if each member in a list has the role that the organization's item gives: `member` for all but
    /// owners and admins.
    pub fn explains_roles(&self, list: &Value) -> bool {
        let role = |member: &Value| self.privilege(member["userId"].as_str()?);
        list.as_array().into_iter().flatten().all(|member| member["role"] == role(member).unwrap_or("member"))
    }

    /// The organization as shown to a caller with `role`.
    pub fn body(&mut self, role: Option<&str>, shown: &Value) -> Value {
        self.created_at.learn(&shown["createdAt"]);
        self.updated_at.learn(&shown["updatedAt"]);
        json!({
            "id": self.id,
            "name": self.name,
            "domain": self.domain,
            "maxOverages": self.max_overages,
            "memberCount": self.members.len(),
            "role": role,
            "createdBy": self.created_by,
            "createdAt": self.created_at.text(),
            "updatedAt": self.updated_at.text(),
            "version": self.version,
        })
    }

    /// The limit of overages as shown in an answer.
    pub fn limit(&mut self, shown: &Value) -> Value {
        self.updated_at.learn(&shown["updatedAt"]);
        json!({
            "organizationId": self.id,
            "maxOverages": self.max_overages,
            "updatedAt": self.updated_at.text(),
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

impl Time {
    /// An unknown time during the request.
    fn moment(&self) -> Moment {
        self.start.until(self.end.as_ref())
    }
}
