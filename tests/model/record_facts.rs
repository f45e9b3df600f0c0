//! What the stored events say, and which request can have caused each.

use crate::action::Action;
use crate::clients::Answered;
use crate::moment::Time;
use crate::record_table::Events;
use crate::values::{is_service, stored};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How long a deleted organization can be restored.
const DELETED_DAYS: u64 = 30;

/// An organization between two events.
#[derive(Debug, Clone, Default)]
pub struct State {
    pub fields: BTreeMap<String, Value>,
    /// The roles of the members that the events name.
    roles: BTreeMap<String, Value>,
}

/// One event, and the organization before it.
#[derive(Debug)]
pub struct Fact<'a> {
    pub organization: &'a str,
    pub number: u64,
    pub event: &'a Value,
    before: State,
}

/// The id and the role of each invitation whose token was answered, by token.
pub type Tokens = BTreeMap<String, (String, String)>;

impl State {
    pub fn field(&self, name: &str) -> Value {
        self.fields.get(name).cloned().unwrap_or_default()
    }

    /// The state after an event.
    fn after(&self, event: &Value) -> Self {
        let mut after = self.clone();
        let user = event["target"]["userId"].as_str();
        for (field, change) in event["changes"].as_object().unwrap() {
            let to = change["to"].clone();
            match (field.as_str(), user) {
                ("role", Some(user)) => after.roles.insert(user.to_owned(), to),
                _ => after.fields.insert(field.clone(), to),
            };
        }
        after
    }
}

/// All events in order, with the state before each, and the states after each.
pub fn read(events: &Events) -> (Vec<Fact<'_>>, BTreeMap<(&str, u64), State>) {
    let (mut facts, mut states) = (Vec::new(), BTreeMap::new());
    for (organization, events) in events {
        let mut before = State::default();
        for (number, event) in events {
            let after = before.after(event);
            states.insert((organization.as_str(), *number), after.clone());
            facts.push(Fact { organization, number: *number, event, before });
            before = after;
        }
    }
    (facts, states)
}

impl Fact<'_> {
    /// True if the request can have caused the event.
    pub fn is_explained_by(&self, answered: &Answered, tokens: &Tokens) -> bool {
        let Answered { call, answer, .. } = answered;
        let (action, caller, body) = (call.action(), call.request.caller, &answer.body);
        let time = answered.possible_time();
        let kind = if is_service(caller) { "service" } else { "user" };
        if self.event["actor"] != json!({ "kind": kind, "id": caller.trim_start_matches("service:") })
            || !time.moment().can_be(&self.event["at"])
        {
            return false;
        }
        let is_elsewhere = match action {
            Action::CreateOrganization { .. } => body["id"].is_string() && body["id"] != *self.organization,
            Action::DeleteUser { .. } => {
                let left = body["left"].as_array();
                left.is_some_and(|left| !left.contains(&json!(self.organization)))
            }
            _ => call.organization != self.organization,
        };
        !is_elsewhere
            && self.expected(answered, &time, tokens).is_some_and(|(kind, target, changes)| {
                self.event["type"] == kind
                    && self.event["target"] == target
                    && self.event["changes"] == changes
            })
    }

    /// The type, the target and the changes of the event that the request causes in the state before.
    fn expected(
        &self,
        answered: &Answered,
        time: &Time,
        tokens: &Tokens,
    ) -> Option<(&'static str, Value, Value)> {
        let Answered { call, answer, .. } = answered;
        let shown = |field: &str| self.event["changes"][field]["to"].clone();
        let role_of = |user: &str| self.role_before(user);
        let (mut fields, mut role) = (self.before.fields.clone(), None);
        let mut set = |field: &str, value: Value| fields.insert(field.to_owned(), value);
        let mut target = Value::Null;
        let kind = match call.action() {
            Action::CreateOrganization { name, domain, external_id, metadata, .. } => {
                set("name", json!(stored(*name)));
                set("domain", json!(domain.map(stored)));
                set("externalId", json!(external_id.map(stored)));
                set("metadata", serde_json::from_str(metadata.map_or("{}", stored)).unwrap());
                set("maxOverages", json!(0));
                set("includedUnits", json!(0));
                "organization.created"
            }
            Action::UpdateOrganization { name, domain, metadata } => {
                name.map(|name| set("name", json!(stored(name))));
                domain.map(|domain| set("domain", json!(domain.map(stored))));
                metadata.map(|metadata| set("metadata", serde_json::from_str(stored(metadata)).unwrap()));
                "organization.updated"
            }
            Action::DeleteOrganization => {
                set("deletedAt", self.event["at"].clone());
                set(
                    "purgeAt",
                    time.in_days(DELETED_DAYS).can_be(&shown("purgeAt")).then(|| shown("purgeAt"))?,
                );
                "organization.deleted"
            }
            Action::RestoreOrganization => {
                set("deletedAt", Value::Null);
                set("purgeAt", Value::Null);
                "organization.restored"
            }
            Action::SetMaxOverages { units } => {
                set("maxOverages", json!(units));
                "max_overages.set"
            }
            Action::SetPlan { included_units, max_members } => {
                included_units.map(|units| set("includedUnits", json!(units)));
                max_members.map(|members| set("maxMembers", json!(members)));
                "plan.set"
            }
            Action::AddMember { user, role: given } => {
                role = Some((Value::Null, json!(given.unwrap_or("member"))));
                target = json!({ "userId": user });
                "member.added"
            }
            Action::UpdateMember { user, role: given } => {
                role = Some((role_of(user), json!(given)));
                target = json!({ "userId": user });
                "member.role_changed"
            }
            Action::DeleteUser { user } if self.event["type"] == "organization.deleted" => {
                if self.before.field("deletedAt").is_null() {
                    set("deletedAt", self.event["at"].clone());
                }
                set("purgeAt", time.in_days(0).can_be(&shown("purgeAt")).then(|| shown("purgeAt"))?);
                let deleted = answer.body["deleted"].as_array();
                let is_named = deleted.is_none_or(|deleted| deleted.contains(&json!(self.organization)));
                (is_named && role_of(user) == "owner").then_some("organization.deleted")?
            }
            Action::RemoveMember { user } | Action::DeleteUser { user } => {
                role = Some((role_of(user), Value::Null));
                target = json!({ "userId": user });
                "member.removed"
            }
            Action::CreateInvitation { .. } => {
                let id = answer.body["id"].as_str().or(self.event["target"]["invitationId"].as_str())?;
                target = json!({ "invitationId": id });
                let is_renewal = self.event["type"] == "invitation.renewed";
                match (answer.status, is_renewal) {
                    (200, _) | (503, true) => "invitation.renewed",
                    _ => "invitation.created",
                }
            }
            Action::RevokeInvitation { .. } => {
                target = json!({ "invitationId": call.reference });
                "invitation.revoked"
            }
            Action::AcceptInvitation { .. } => {
                let (id, given) = tokens.get(&call.reference)?;
                target = json!({ "invitationId": id, "userId": call.request.caller });
                role = Some((Value::Null, json!(given)));
                "invitation.accepted"
            }
            other => panic!("not a write: {other:?}"),
        };
        let changes =
            fields.iter().map(|(field, to)| (field.clone(), (self.before.field(field), to.clone())));
        let role = role.map(|role| ("role".to_owned(), role));
        let changes = changes.chain(role).filter(|(_, (from, to))| from != to);
        let changes = changes.map(|(field, (from, to))| (field, json!({ "from": from, "to": to })));
        Some((kind, target, Value::Object(changes.collect())))
    }

    /// The role of a member before the event. That of the first owner is in no event.
    fn role_before(&self, user: &str) -> Value {
        match self.before.roles.get(user) {
            Some(role) => role.clone(),
            None => json!("owner"),
        }
    }
}

impl Answered {
    /// When the request can have been executed.
    fn possible_time(&self) -> Time {
        let is_in_doubt = self.answer.status >= 400;
        Time { end: self.time.end.clone().filter(|_| !is_in_doubt), ..self.time.clone() }
    }
}
