//! One organization of the reference model: its members, their roles, and what they may do.

use crate::instance::Answer;
use crate::model::{Refusal, Time};
use crate::moment::Moment;
use crate::request::{Call, Operation, ROLES};
use serde_json::{Value, json};
use shared::edge::percent_encoded;
use std::collections::BTreeMap;
use support::invariants;

/// The most owners and admins together.
const MOST_PRIVILEGED: usize = 100;

#[derive(Debug, Clone)]
pub struct Organization {
    name: String,
    domain: Option<String>,
    max_overages: Option<i64>,
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

impl Organization {
    /// A new one, of `caller`.
    pub fn new(caller: &str, name: &str, domain: Option<&str>, time: &Time) -> Self {
        let now = time.moment();
        let owner = Member { role: "owner", added_by: caller.to_owned(), joined_at: now.clone() };
        Self {
            name: name.to_owned(),
            domain: domain.map(str::to_owned),
            max_overages: Some(0),
            members: BTreeMap::from([(caller.to_owned(), owner)]),
            created_by: caller.to_owned(),
            created_at: now.clone(),
            updated_at: now,
            updated_by: caller.to_owned(),
            version: 1,
        }
    }

    /// Does what a member asks.
    pub fn attempt(&mut self, call: &Call, time: &Time, shown: &Value) -> Result<Answer, Refusal> {
        let (id, caller) = (call.organization.as_str(), call.request.caller);
        if call.operation().target().is_some_and(|target| !self.members.contains_key(target)) {
            return Err((404, "member_not_found", Value::Null));
        }
        let (role, required) = (self.role(caller), self.required(call));
        if ROLES.iter().position(|one| Some(*one) == role) > ROLES.iter().position(|one| *one == required) {
            return Err((403, "forbidden", json!({ "requiredRole": required })));
        }
        match call.operation() {
            Operation::Get => return Ok(self.shown(call, role, shown)),
            Operation::ListMembers { .. } => return Ok(self.listed(call, shown)),
            _ => {}
        }
        if call.condition().is_some() && !call.names(self.version) {
            return Err((412, "precondition_failed", json!({ "currentVersion": self.version })));
        }
        self.allows(call.operation())?;
        self.change(call, time);
        Ok(match call.operation() {
            Operation::AddMember { user, .. } => {
                let location = format!("/organization/{id}/member/{}", percent_encoded(user));
                Answer { status: 201, location: Some(location), ..Answer::ok(self.member(id, user, shown)) }
            }
            Operation::UpdateMember { user, .. } => Answer::ok(self.member(id, user, shown)),
            _ => self.shown(call, self.role(caller), shown),
        })
    }

    /// The organization as it is now, in the answer to a request of a caller with `role`.
    pub fn shown(&mut self, call: &Call, role: Option<&str>, shown: &Value) -> Answer {
        self.learn(shown);
        let answer = self.answer(&call.organization, role);
        match call.operation() {
            Operation::Get if call.names(self.version) => Answer { status: 304, body: Value::Null, ..answer },
            Operation::SetMaxOverages { .. } => {
                let body = json!({
                    "organizationId": call.organization,
                    "maxOverages": self.max_overages,
                    "updatedAt": self.updated_at.text(),
                    "updatedBy": self.updated_by,
                    "version": self.version,
                });
                Answer { body, ..answer }
            }
            _ => answer,
        }
    }

    /// The least role that allows it.
    fn required(&self, call: &Call) -> &'static str {
        match call.operation() {
            Operation::Get | Operation::ListMembers { .. } => "member",
            Operation::RemoveMember { user } if *user == call.request.caller => "member",
            Operation::AddMember { role: Some("owner"), .. }
            | Operation::UpdateMember { role: "owner", .. } => "owner",
            operation => match operation.target().and_then(|target| self.role(target)) {
                Some("owner") => "owner",
                _ => "admin",
            },
        }
    }

    /// The rules about who is a member, and how many are owners and admins.
    fn allows(&self, operation: &Operation) -> Result<(), Refusal> {
        let (user, role) = match operation {
            Operation::AddMember { user, .. } if self.members.contains_key(*user) => {
                return Err((409, "member_already_exists", Value::Null));
            }
            Operation::AddMember { user, role } => (user, role.unwrap_or("member")),
            Operation::UpdateMember { user, role } => (user, *role),
            Operation::RemoveMember { user } => (user, ""),
            _ => return Ok(()),
        };
        let others = || self.members.iter().filter(|(id, _)| *id != user).map(|(_, member)| member.role);
        if role != "owner" && !others().any(|role| role == "owner") {
            return Err((422, "last_owner", Value::Null));
        }
        let privileged = others().filter(|role| *role != "member").count();
        if ["owner", "admin"].contains(&role) && privileged == MOST_PRIVILEGED {
            return Err((422, "too_many_admins", Value::Null));
        }
        Ok(())
    }

    fn change(&mut self, call: &Call, time: &Time) {
        match call.operation() {
            Operation::Update { name, domain } => {
                let stored = |(_, stored): (_, Result<&str, _>)| stored.unwrap_or_default().to_owned();
                self.name = name.map_or(self.name.clone(), stored);
                self.domain = domain.map_or(self.domain.clone(), |domain| domain.map(stored));
            }
            Operation::SetMaxOverages { units } => self.max_overages = *units,
            Operation::AddMember { user, role } => {
                let role = role.unwrap_or("member");
                let added_by = call.request.caller.to_owned();
                let member = Member { role, added_by, joined_at: time.moment() };
                self.members.insert((*user).to_owned(), member);
            }
            Operation::UpdateMember { user, role } => {
                self.members.entry((*user).to_owned()).and_modify(|member| member.role = role);
            }
            Operation::RemoveMember { user } => {
                self.members.remove(*user);
            }
            operation => panic!("not a change: {operation:?}"),
        }
        self.version += 1;
        self.updated_at = time.moment();
        self.updated_by = call.request.caller.to_owned();
    }

    /// What the table has to hold of it.
    pub fn stored(&self) -> invariants::Organization {
        let members = self.members.iter().map(|(id, member)| (id.clone(), member.role.to_owned()));
        invariants::Organization { members: members.collect(), version: self.version }
    }

    pub fn role(&self, user: &str) -> Option<&'static str> {
        self.members.get(user).map(|member| member.role)
    }

    /// Takes from a body that shows the organization the moments that are in it.
    pub fn learn(&mut self, shown: &Value) {
        self.created_at.learn(&shown["createdAt"]);
        self.updated_at.learn(&shown["updatedAt"]);
    }

    /// The organization as the answer to who has `role`.
    pub fn answer(&self, id: &str, role: Option<&str>) -> Answer {
        Answer { etag: Some(self.etag()), ..Answer::ok(self.body(id, role)) }
    }

    fn etag(&self) -> String {
        format!("\"{}\"", self.version)
    }

    pub fn body(&self, id: &str, role: Option<&str>) -> Value {
        json!({
            "id": id,
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

    /// The members, in the answer to a request for them.
    pub fn listed(&mut self, call: &Call, shown: &Value) -> Answer {
        let users: Vec<String> = self.members.keys().cloned().collect();
        let shown = |user: &str| shown.as_array().into_iter().flatten().find(|one| one["userId"] == user);
        let member =
            |user: &String| self.member(&call.organization, user, shown(user).unwrap_or(&Value::Null));
        Answer::page(call, users.iter().map(member).collect())
    }

    fn member(&mut self, id: &str, user: &str, shown: &Value) -> Value {
        let Some(member) = self.members.get_mut(user) else { return Value::Null };
        member.joined_at.learn(&shown["joinedAt"]);
        json!({
            "organizationId": id,
            "userId": user,
            "role": member.role,
            "addedBy": member.added_by,
            "joinedAt": member.joined_at.text(),
        })
    }
}

impl Time {
    /// Some moment of it.
    fn moment(&self) -> Moment {
        self.start.until(self.end.as_ref())
    }
}
