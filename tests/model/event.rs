//! The events of one organization of the reference model.

use crate::answer::{Answer, Next};
use crate::invitation::Invitations;
use crate::moment::{Moment, Time};
use crate::organization::{Deletion, Organization};
use crate::request::Call;
use crate::values::is_service;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The largest page.
const MAX_PAGE: usize = 1000;

/// What happened.
#[derive(Debug, Clone, Default)]
pub struct Happening {
    pub kind: &'static str,
    /// The member that it is about.
    pub user: Option<String>,
    /// True if it is about an invitation.
    pub is_about_invitation: bool,
    /// The invitation's id, if it is known.
    pub invitation: Option<String>,
}

impl Happening {
    /// Something about the organization alone.
    pub fn new(kind: &'static str) -> Self {
        Self { kind, ..Self::default() }
    }

    /// Something about a member.
    pub fn to_user(kind: &'static str, user: &str) -> Self {
        Self { user: Some(user.to_owned()), ..Self::new(kind) }
    }

    /// Something about an invitation.
    pub fn to_invitation(kind: &'static str, invitation: Option<String>) -> Self {
        Self { is_about_invitation: true, invitation, ..Self::new(kind) }
    }

    /// The invitation that was sent or renewed last.
    pub fn invited(invitations: &Invitations) -> Self {
        let last = invitations.last();
        let kind = if last.is_renewed { "invitation.renewed" } else { "invitation.created" };
        Self::to_invitation(kind, last.id.clone())
    }

    /// A user joined by an invitation.
    pub fn accepted(invitation: Option<String>, user: &str) -> Self {
        Self { user: Some(user.to_owned()), ..Self::to_invitation("invitation.accepted", invitation) }
    }
}

/// The value of a field before or after a change.
#[derive(Debug, Clone)]
enum Field {
    Known(Value),
    /// A time of the organization's deletion.
    Time(Moment),
}

impl Field {
    /// A deletion's times do not change: there is a restoration between two deletions.
    fn differs(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Known(one), Self::Known(other)) => one != other,
            (Self::Time(_), Self::Time(_)) => false,
            _ => true,
        }
    }

    fn body(&mut self, shown: &Value) -> Value {
        match self {
            Self::Known(value) => value.clone(),
            Self::Time(moment) => {
                moment.learn(shown);
                json!(moment.text())
            }
        }
    }
}

type Fields = BTreeMap<&'static str, Field>;

#[derive(Debug, Clone)]
struct Event {
    happening: Happening,
    actor: String,
    at: Moment,
    changes: BTreeMap<&'static str, (Field, Field)>,
}

impl Event {
    /// The event as shown in an answer. An invitation's id that is not known is taken from there.
    fn body(&mut self, number: usize, shown: &Value) -> Value {
        self.at.learn(&shown["at"]);
        let changes = self.changes.iter_mut().map(|(name, (from, to))| {
            let shown = &shown["changes"][*name];
            ((*name).to_owned(), json!({ "from": from.body(&shown["from"]), "to": to.body(&shown["to"]) }))
        });
        let changes: Map<_, _> = changes.collect();
        let kind = if is_service(&self.actor) { "service" } else { "user" };
        let Happening { kind: what, user, is_about_invitation, invitation } = &mut self.happening;
        let mut body = json!({
            "number": number,
            "type": what,
            "actor": { "kind": kind, "id": self.actor.trim_start_matches("service:") },
            "at": self.at.text(),
            "changes": changes,
        });
        if let Some(user) = user {
            body["target"]["userId"] = json!(user);
        }
        if *is_about_invitation {
            let shown = shown["target"]["invitationId"].as_str().filter(|id| id.starts_with("inv_"));
            *invitation = invitation.take().or(shown.map(str::to_owned));
            body["target"]["invitationId"] = json!(invitation);
        }
        body
    }
}

/// All events, and what the next one is compared with.
#[derive(Debug, Clone, Default)]
pub struct Events {
    all: Vec<Event>,
    fields: Fields,
    roles: BTreeMap<String, &'static str>,
}

impl Organization {
    /// Adds the event that made the current version.
    pub fn record(&mut self, happening: Happening, actor: &str, time: &Time) {
        let null = || Field::Known(Value::Null);
        let now = self.fields();
        let roles: BTreeMap<_, _> =
            self.members.iter().map(|(id, member)| (id.clone(), member.role)).collect();
        let before = &self.events.fields;
        let pairs = now.iter().map(|(name, to)| (*name, before.get(name).cloned().unwrap_or_else(null), to));
        let changed = pairs.filter(|(_, from, to)| from.differs(to));
        let mut changes: BTreeMap<_, _> =
            changed.map(|(name, from, to)| (name, (from, to.clone()))).collect();
        if let Some(user) = &happening.user {
            let [from, to] = [&self.events.roles, &roles].map(|roles| Field::Known(json!(roles.get(user))));
            if from.differs(&to) {
                changes.insert("role", (from, to));
            }
        }
        let event = Event { happening, actor: actor.to_owned(), at: time.moment(), changes };
        self.events.all.push(event);
        (self.events.fields, self.events.roles) = (now, roles);
    }

    fn fields(&self) -> Fields {
        let deletion = match &self.deletion {
            Deletion::Until(purge_at) => {
                [Field::Time(self.deleted_at().clone()), Field::Time(purge_at.clone())]
            }
            Deletion::None | Deletion::Final => [Value::Null, Value::Null].map(Field::Known),
        };
        let [deleted_at, purge_at] = deletion;
        Fields::from([
            ("name", Field::Known(json!(self.name))),
            ("domain", Field::Known(json!(self.domain))),
            ("metadata", Field::Known(self.metadata.clone())),
            ("maxOverages", Field::Known(json!(self.max_overages))),
            ("includedUnits", Field::Known(json!(self.included_units))),
            ("maxMembers", Field::Known(json!(self.max_members))),
            ("externalId", Field::Known(json!(self.external_id))),
            ("deletedAt", deleted_at),
            ("purgeAt", purge_at),
        ])
    }

    /// A page of the events after number `after`. It may end early, since a change becomes an event a moment later, but
    /// it skips none; the first event is there at once. So is the answer 304, if the caller has all events that the page
    /// could show.
    pub fn list_events(&mut self, call: &Call, after: u64, shown: &Value) -> Answer {
        let etag = Some(format!("\"{}\"", self.version));
        let listed = call.page.as_ref().map_or(0, |(before, _)| *before);
        let first = usize::try_from(after).unwrap_or(usize::MAX).saturating_add(listed);
        let most = call.action().limit().unwrap_or(MAX_PAGE);
        let left = self.events.all.len().saturating_sub(first);
        let is_complete = left == 0 || self.version == 1;
        if call.fails(self.version) {
            match call.request.header {
                "If-Match" => return Answer::refusal(self.precondition_failed()),
                _ if is_complete || shown.is_null() => {
                    return Answer { status: 304, etag, ..Answer::ok(Value::Null) };
                }
                _ => {}
            }
        }
        let possible = left.min(most);
        let length = if is_complete { possible } else { shown.as_array().map_or(0, Vec::len).min(possible) };
        let next = if length == most && left > length { Next::Page(String::new()) } else { Next::None };
        let page = self.events.all.iter_mut().enumerate().skip(first).take(length);
        let page = page.map(|(index, event)| event.body(index + 1, &shown[index - first]));
        Answer { etag, next, ..Answer::ok(page.collect()) }
    }
}
