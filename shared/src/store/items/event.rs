use super::OrganizationItem;
use super::snapshot::{Snapshot, differences};
use crate::error::Error;
use crate::model::{Difference, Event, EventTarget, EventType, OrganizationId, Role};
use crate::store::keys::{self, Item};
use crate::store::table::Projection;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// For how long after its change an event may be recorded, in seconds. The stream keeps a record for a day
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>), and reading it takes some time.
const RECORDABLE: u64 = 2 * 24 * 60 * 60;

/// One event, in its organization's partition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::store) struct EventItem {
    #[serde(skip_deserializing)]
    pk: String,
    #[serde(skip_deserializing)]
    sk: String,
    #[serde(flatten)]
    pub event: Event,
    pub snapshot: Snapshot,
    /// Until when the event before this one is kept. None for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_expires_at: Option<u64>,
    /// In seconds after 1970. The table's TTL attribute.
    pub expires_at: u64,
}

/// What an event needs of the one before it.
pub(in crate::store) struct Previous {
    snapshot: Snapshot,
    expires_at: u64,
}

impl Previous {
    /// Of the event that made the organization's item what it is. It is kept for this long.
    pub(in crate::store) fn of(organization: &OrganizationItem, retention_seconds: u64) -> Self {
        let expires_at = organization.updated_at.as_seconds() + retention_seconds;
        Self { snapshot: Snapshot::of(organization), expires_at }
    }
}

impl From<EventItem> for Previous {
    fn from(stored: EventItem) -> Self {
        Self { snapshot: stored.snapshot, expires_at: stored.expires_at }
    }
}

impl EventItem {
    /// The attributes that a list reads.
    pub(in crate::store) const LISTED: Projection = Projection {
        attributes: "sk, #number, #type, #actor, #at, #target, #changes, #snapshot, previousExpiresAt, expiresAt",
        names: &[
            ("#number", "number"),
            ("#type", "type"),
            ("#actor", "actor"),
            ("#at", "at"),
            ("#target", "target"),
            ("#changes", "changes"),
            ("#snapshot", "snapshot"),
        ],
    };

    /// The event of a change: `after` is the organization's item that the change left, `previous` the event before, if
    /// the change did not create it.
    ///
    /// # Errors
    /// When `after` does not say what happened.
    pub(in crate::store) fn of_change(
        id: &OrganizationId,
        previous: Option<Previous>,
        after: &OrganizationItem,
        retention_seconds: u64,
    ) -> Result<Self, Error> {
        let event = event(previous.as_ref().map(|previous| &previous.snapshot), after)?;
        let Previous { snapshot, expires_at } = Previous::of(after, retention_seconds);
        Ok(Self {
            pk: keys::organization_key(id),
            sk: keys::event_key(event.number),
            event,
            snapshot,
            expires_at,
            previous_expires_at: previous.map(|previous| previous.expires_at),
        })
    }

    /// True if the event before this one has expired.
    pub(in crate::store) fn is_oldest_kept(&self, now: u64) -> bool {
        self.previous_expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    /// True if the event before this one cannot be recorded any more: its change is too old.
    pub(in crate::store) fn is_settled(&self, now: u64) -> bool {
        self.event.at.as_seconds() + RECORDABLE <= now
    }
}

/// Until when a stored event is kept.
pub(in crate::store) fn expiry(stored: &Item) -> Option<u64> {
    stored.get(keys::EXPIRES_AT)?.as_n().ok()?.parse().ok()
}

/// The event that made the organization's item what it is. `before` is the organization as the event before left it,
/// unless this is the first.
///
/// # Errors
/// When the item does not say what happened.
pub(in crate::store) fn event(before: Option<&Snapshot>, after: &OrganizationItem) -> Result<Event, Error> {
    let happening =
        after.change.clone().ok_or_else(|| Error::Internal("the item does not say what happened".into()))?;
    let now = Snapshot::of(after);
    let mut changes = differences(before, &now)?;
    if let Some((from, to)) = roles(before, &now, happening.kind, happening.target.as_ref())
        && from != to
    {
        let value = |role: Option<Role>| role.map_or(Value::Null, |role| role.as_str().into());
        changes.insert("role".to_owned(), Difference { from: value(from), to: value(to) });
    }
    Ok(Event {
        number: after.version,
        kind: happening.kind,
        actor: after.updated_by()?.into(),
        at: after.updated_at.clone(),
        target: happening.target,
        changes,
    })
}

/// The roles before and after of the member that an event is about.
fn roles(
    before: Option<&Snapshot>,
    after: &Snapshot,
    kind: EventType,
    target: Option<&EventTarget>,
) -> Option<(Option<Role>, Option<Role>)> {
    let user = target?.user_id.as_ref()?;
    let role = |snapshot: Option<&Snapshot>| snapshot.map(|snapshot| snapshot.role_of(user));
    Some(match kind {
        EventType::MemberAdded | EventType::InvitationAccepted => (None, role(Some(after))),
        EventType::MemberRemoved => (role(before), None),
        _ => (role(before), role(Some(after))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Caller, NewOrganization, OrganizationName, Timestamp, UserId};
    use crate::store::items::tests::{item, text};
    use crate::store::items::{read, write};
    use aws_sdk_dynamodb::primitives::Blob;
    use aws_sdk_dynamodb::types::AttributeValue::{Bs, M, N, Null};
    use std::collections::BTreeMap;

    const DAY: u64 = 24 * 60 * 60;

    fn id() -> OrganizationId {
        OrganizationId::parse("org_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap()
    }

    fn organization() -> OrganizationItem {
        let ann = UserId::parse("ann").unwrap();
        let new = NewOrganization::new(OrganizationName::parse("Acme").unwrap(), None);
        OrganizationItem::new(&id(), &Caller::User(ann.clone()), &ann, &new, Timestamp::now())
    }

    #[test]
    fn the_stored_form_of_an_event_does_not_change() {
        let organization = organization();
        let at = organization.updated_at.as_str().to_owned();
        // `printf ann | sha256sum | cut -c 1-32`
        let ann = Bs(vec![Blob::new(0x49915e0d7d4b402e3017d010bc1c0e83u128.to_be_bytes())]);
        let map = |attributes| M(attributes);
        let from_null = |to| map(item([("from", Null(true)), ("to", to)]));
        let number = |number: u64| N(number.to_string());
        let expected = item([
            ("pk", text("ORG#org_01ARZ3NDEKTSV4RRFFQ69G5FAV")),
            ("sk", text("EVENT#00000000000000000001")),
            ("number", number(1)),
            ("type", text("organization.created")),
            ("actor", map(item([("kind", text("user")), ("id", text("ann"))]))),
            ("at", text(&at)),
            (
                "changes",
                map(item([
                    ("name", from_null(text("Acme"))),
                    ("metadata", from_null(map(item([])))),
                    ("maxOverages", from_null(number(0))),
                    ("includedUnits", from_null(number(0))),
                ])),
            ),
            (
                "snapshot",
                map(item([
                    (
                        "fields",
                        map(item([
                            ("name", text("Acme")),
                            ("domain", Null(true)),
                            ("metadata", map(item([]))),
                            ("maxOverages", number(0)),
                            ("includedUnits", number(0)),
                            ("maxMembers", Null(true)),
                            ("externalId", Null(true)),
                            ("deletedAt", Null(true)),
                            ("purgeAt", Null(true)),
                        ])),
                    ),
                    ("owners", ann.clone()),
                    ("privileged", ann),
                ])),
            ),
            ("expiresAt", number(organization.updated_at.as_seconds() + DAY)),
        ]);
        let event = EventItem::of_change(&id(), None, &organization, DAY).unwrap();
        assert_eq!(write(&event).unwrap(), expected);
        let stored: EventItem = read(expected).unwrap();
        assert_eq!((stored.event, stored.snapshot), (event.event, event.snapshot));
    }

    #[test]
    fn changes_name_what_differs_and_nothing_else() {
        let before = organization();
        let mut after = organization();
        (after.version, after.name) = (2, "Acme 2".to_owned());
        let changed = |after: &OrganizationItem| {
            EventItem::of_change(&id(), Some(Previous::of(&before, DAY)), after, DAY).unwrap()
        };
        let event = changed(&after).event;
        let name = Difference { from: "Acme".into(), to: "Acme 2".into() };
        assert_eq!(event.changes, BTreeMap::from([("name".to_owned(), name)]));
        after.name = before.name.clone();
        assert!(changed(&after).event.changes.is_empty());
    }

    #[test]
    fn an_item_without_a_change_makes_no_event() {
        let mut organization = organization();
        organization.change = None;
        assert!(EventItem::of_change(&id(), None, &organization, DAY).is_err());
    }

    #[test]
    fn the_oldest_event_that_is_kept_follows_those_that_expired() {
        let (before, mut after) = (organization(), organization());
        after.version = 2;
        let event = EventItem::of_change(&id(), Some(Previous::of(&before, DAY)), &after, DAY).unwrap();
        let expired = before.updated_at.as_seconds() + DAY;
        assert!(event.is_oldest_kept(expired) && !event.is_oldest_kept(expired - 1));
        let first = EventItem::of_change(&id(), None, &before, DAY).unwrap();
        assert!(!first.is_oldest_kept(u64::MAX));
    }
}
