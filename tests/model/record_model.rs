//! The record of one organization of the reference model: an event for each of its versions.

use crate::action::Action;
use crate::answer::{Answer, MAX_PAGE, Next};
use crate::moment::Moment;
use crate::organization::{Deletion, Organization};
use crate::request::Call;
use crate::values::is_service;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The fields that an event's changes may name.
type Fields = BTreeMap<&'static str, Field>;

/// The events of an organization.
#[derive(Debug, Clone, Default)]
pub struct Record {
    events: Vec<Event>,
    /// The times that the functions chose. Fields and events refer to them, so that each is learned once.
    moments: Vec<Moment>,
    /// The organization as the last event left it.
    fields: Fields,
    roles: BTreeMap<String, &'static str>,
    /// How many events are stored for certain.
    stored: usize,
}

/// A value of a field.
#[derive(Debug, Clone, PartialEq)]
enum Field {
    Known(Value),
    /// The moment with this index.
    At(usize),
}

/// What happened.
#[derive(Debug, Clone, Default)]
pub struct Happening {
    pub kind: &'static str,
    pub user: Option<String>,
    /// The inner value is `None` until an answer shows the invitation's id.
    pub invitation: Option<Option<String>>,
}

#[derive(Debug, Clone)]
struct Event {
    what: Happening,
    actor: String,
    at: usize,
    changes: BTreeMap<&'static str, (Field, Field)>,
}

impl Record {
    /// A new moment.
    pub fn moment(&mut self, moment: Moment) -> usize {
        self.moments.push(moment);
        self.moments.len() - 1
    }

    /// Learns a moment from an answer. Returns its text.
    pub fn learn(&mut self, moment: usize, shown: &Value) -> String {
        self.moments[moment].learn(shown);
        self.moments[moment].text()
    }

    /// The moment of the last event.
    pub fn newest(&self) -> usize {
        self.events.last().expect("an organization has events").at
    }

    /// Learns the id of the invitation that the last event is about.
    pub fn learn_invitation(&mut self, id: Option<String>) {
        let last = self.events.last_mut().expect("an organization has events");
        last.what.invitation = Some(id);
    }

    /// All events are stored.
    pub fn is_stored(&mut self) {
        self.stored = self.events.len();
    }

    /// An event as shown.
    pub fn event(&mut self, index: usize, shown: &Value) -> Value {
        let Event { what, actor, at, changes } = &mut self.events[index];
        if let Some(id @ None) = &mut what.invitation {
            let shown = shown["target"]["invitationId"].as_str();
            *id = shown.filter(|id| id.starts_with("inv_")).map(str::to_owned);
        }
        let mut value = |field: &Field, shown: &Value| match field {
            Field::Known(value) => value.clone(),
            Field::At(moment) => {
                self.moments[*moment].learn(shown);
                json!(self.moments[*moment].text())
            }
        };
        let changes = changes.iter().map(|(field, (from, to))| {
            let shown = &shown["changes"][field];
            let change = json!({ "from": value(from, &shown["from"]), "to": value(to, &shown["to"]) });
            ((*field).to_owned(), change)
        });
        let changes = changes.collect();
        let kind = if is_service(actor) { "service" } else { "user" };
        let mut event = json!({
            "number": index + 1,
            "type": what.kind,
            "actor": { "kind": kind, "id": actor.trim_start_matches("service:") },
            "at": value(&Field::At(*at), &shown["at"]),
            "changes": Value::Object(changes),
        });
        if let Some(user) = &what.user {
            event["target"]["userId"] = json!(user);
        }
        if let Some(invitation) = &what.invitation {
            event["target"]["invitationId"] = json!(invitation);
        }
        event
    }

    /// The page of events that a call asks for. Those that are not stored yet may be missing at its end, but for the
    /// last one if all before it are stored.
    fn page(&mut self, call: &Call, shown: &Value) -> Answer {
        let Action::ListEvents { after, limit } = call.action() else { panic!("not a list of events") };
        let after = after.map_or(0, |after| after.parse().expect("a valid number"));
        let after = call.page.as_ref().map_or(0, |(before, _)| *before) + after;
        let (limit, version) = (limit.unwrap_or(MAX_PAGE), self.events.len());
        let most = version.saturating_sub(after).min(limit);
        let least =
            if self.stored + 1 >= version { most } else { self.stored.saturating_sub(after).min(most) };
        let length = shown.as_array().map_or(least, Vec::len).clamp(least, most);
        let events = (after..after + length).zip(0..);
        let events: Vec<_> = events.map(|(index, place)| self.event(index, &shown[place])).collect();
        let has_more = length == limit && after + length < version;
        let next = if has_more { Next::Page(String::new()) } else { Next::None };
        Answer { next, etag: Some(format!("\"{version}\"")), ..Answer::ok(Value::Array(events)) }
    }
}

impl Organization {
    /// Adds the event of a change.
    pub fn record(&mut self, what: Happening, actor: &str, at: usize) {
        let text = |value: &Option<String>| Field::Known(json!(value));
        let (deleted_at, purge_at) = match self.deletion {
            Deletion::None => (Field::Known(Value::Null), Field::Known(Value::Null)),
            Deletion::Until { deleted_at, purge_at } | Deletion::Final { deleted_at, purge_at } => {
                (Field::At(deleted_at), Field::At(purge_at))
            }
        };
        let fields = Fields::from([
            ("name", Field::Known(json!(self.name))),
            ("domain", text(&self.domain)),
            ("metadata", Field::Known(self.metadata.clone())),
            ("maxOverages", Field::Known(json!(self.max_overages))),
            ("includedUnits", Field::Known(json!(self.included_units))),
            ("maxMembers", Field::Known(json!(self.max_members))),
            ("externalId", Field::Known(json!(self.external_id))),
            ("deletedAt", deleted_at),
            ("purgeAt", purge_at),
        ]);
        let roles: BTreeMap<_, _> =
            self.members.iter().map(|(user, member)| (user.clone(), member.role)).collect();
        let before = |field| self.record.fields.get(field).cloned().unwrap_or(Field::Known(Value::Null));
        let changes = fields.iter().map(|(field, to)| (*field, (before(field), to.clone())));
        let mut changes: BTreeMap<_, _> = changes.filter(|(_, (from, to))| from != to).collect();
        if let Some(user) = &what.user {
            let role = |of: &BTreeMap<String, &'static str>| Field::Known(json!(of.get(user)));
            let (from, to) = (role(&self.record.roles), role(&roles));
            if from != to {
                changes.insert("role", (from, to));
            }
        }
        self.record.events.push(Event { what, actor: actor.to_owned(), at, changes });
        (self.record.fields, self.record.roles) = (fields, roles);
    }

    /// The events that a call asks for.
    pub fn events(&mut self, call: &Call, shown: &Value) -> Answer {
        self.record.page(call, shown)
    }
}

impl Action {
    /// What a change made of the organization, which is as the change left it.
    pub fn happening(&self, organization: &Organization, call: &Call) -> Happening {
        let kind = match self {
            Self::UpdateOrganization { .. } => "organization.updated",
            Self::DeleteOrganization => "organization.deleted",
            Self::RestoreOrganization => "organization.restored",
            Self::SetMaxOverages { .. } => "max_overages.set",
            Self::SetPlan { .. } => "plan.set",
            Self::AddMember { .. } => "member.added",
            Self::UpdateMember { .. } => "member.role_changed",
            Self::RemoveMember { .. } => "member.removed",
            Self::CreateInvitation { .. } => {
                let (id, is_renewed) = organization.invitations.newest();
                let kind = if is_renewed { "invitation.renewed" } else { "invitation.created" };
                return Happening { kind, invitation: Some(id), ..Happening::default() };
            }
            Self::RevokeInvitation { .. } => {
                let invitation = Some(Some(call.reference.clone()));
                return Happening { kind: "invitation.revoked", invitation, ..Happening::default() };
            }
            other => panic!("not a change to an organization: {other:?}"),
        };
        Happening { kind, user: self.target().map(str::to_owned), invitation: None }
    }
}
