use super::OrganizationItem;
use super::digest::{UserDigest, role_in};
use crate::error::Error;
use crate::model::{
    Difference, Event, EventTarget, EventType, ExternalId, IncludedUnits, MaxMembers, MaxOverages, Metadata,
    OrganizationId, Role, Timestamp, UserId,
};
use crate::store::keys;
use crate::store::table::Projection;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The fields of an organization that an event's `changes` may name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    name: String,
    domain: Option<String>,
    metadata: Metadata,
    #[serde(deserialize_with = "MaxOverages::deserialize")]
    max_overages: MaxOverages,
    included_units: IncludedUnits,
    #[serde(deserialize_with = "MaxMembers::deserialize")]
    max_members: MaxMembers,
    external_id: Option<ExternalId>,
    deleted_at: Option<Timestamp>,
    purge_at: Option<Timestamp>,
}

/// What the event after this one is compared with: the organization as this event left it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::store) struct Snapshot {
    fields: Fields,
    #[serde(with = "serde_dynamo::binary_set")]
    owners: Vec<UserDigest>,
    #[serde(with = "serde_dynamo::binary_set")]
    privileged: Vec<UserDigest>,
}

impl Snapshot {
    pub(in crate::store) fn of(organization: &OrganizationItem) -> Self {
        Self {
            fields: Fields {
                name: organization.name.clone(),
                domain: organization.domain.clone(),
                metadata: organization.metadata.clone(),
                max_overages: organization.max_overages,
                included_units: organization.included_units,
                max_members: organization.max_members,
                external_id: organization.external_id.clone(),
                deleted_at: organization.deleted_at().cloned(),
                purge_at: organization.purge_at(),
            },
            owners: organization.owners.clone(),
            privileged: organization.privileged.clone(),
        }
    }

    /// The role of a user who is a member at this moment.
    fn role_of(&self, user: &UserId) -> Role {
        role_in(&self.owners, &self.privileged, user)
    }
}

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

/// The event before another.
pub(in crate::store) struct Previous {
    snapshot: Snapshot,
    expires_at: u64,
}

impl Previous {
    /// The event that left this organization's item, if it is kept for this long.
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
        Ok(Self {
            pk: keys::organization_key(id),
            sk: keys::event_key(event.number),
            expires_at: event.at.as_seconds() + retention_seconds,
            event,
            snapshot: Snapshot::of(after),
            previous_expires_at: previous.map(|previous| previous.expires_at),
        })
    }

    /// False if TTL has not deleted it yet, although its time has come.
    pub(in crate::store) fn is_kept(&self, now: u64) -> bool {
        self.expires_at > now
    }

    /// True if the event before this one has expired.
    pub(in crate::store) fn is_oldest_kept(&self, now: u64) -> bool {
        self.previous_expires_at.is_some_and(|expires_at| expires_at <= now)
    }
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
    let mut changes = differences(before.map(|before| &before.fields), &now.fields)?;
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

fn differences(before: Option<&Fields>, after: &Fields) -> Result<BTreeMap<String, Difference>, Error> {
    let values = |fields: &Fields| match serde_json::to_value(fields) {
        Ok(Value::Object(values)) => Ok(values),
        Ok(_) => Err(Error::Internal("the fields of an organization are not an object".into())),
        Err(error) => Err(Error::Internal(error.into())),
    };
    let mut before = before.map(values).transpose()?.unwrap_or_default();
    let changed = values(after)?.into_iter().filter_map(|(field, to)| {
        let from = before.remove(&field).unwrap_or_default();
        (from != to).then_some((field, Difference { from, to }))
    });
    Ok(changed.collect())
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
    use crate::model::{Caller, NewOrganization, OrganizationName};
    use crate::store::items::tests::{item, text};
    use crate::store::items::{read, write};
    use aws_sdk_dynamodb::primitives::Blob;
    use aws_sdk_dynamodb::types::AttributeValue::{Bs, M, N, Null};

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
        assert!(!first.is_oldest_kept(u64::MAX) && !first.is_kept(expired) && first.is_kept(expired - 1));
    }
}
