//! What the records of the table's stream mean. A record has an item's images before and after a write.

use super::items::{self, EventItem, OrganizationItem, Previous, UsageItem};
use super::keys;
use super::table::Store;
use crate::error::Error;
use crate::model::{Caller, Event, ExternalId, Limit, OrganizationId, Period, ReachedThreshold};
use aws_lambda_events::event::dynamodb::EventRecord;

/// What has to be done about a record of the stream.
#[derive(Debug)]
pub enum Recorded {
    /// An organization changed: this is its event.
    Event(Box<RecordedEvent>),
    /// Usage reached these parts of the overage limit.
    Thresholds(Vec<ReachedThreshold>),
    /// An organization's item was removed. What belongs to it is to be purged.
    Removal(RemovedOrganization),
    /// Nothing: it is about another item, or a write that changed no version.
    Nothing,
}

/// An event that was read from the stream.
#[derive(Debug)]
pub struct RecordedEvent {
    /// The organization.
    pub organization_id: OrganizationId,
    pub(super) item: EventItem,
    /// The organization before the change.
    pub(super) before: Option<OrganizationItem>,
}

impl RecordedEvent {
    /// The event.
    pub fn event(&self) -> &Event {
        &self.item.event
    }
}

/// An organization whose item was removed from the table.
#[derive(Debug)]
pub struct RemovedOrganization {
    /// Its id.
    pub id: OrganizationId,
    pub(super) created_by: Caller,
    pub(super) external_id: Option<ExternalId>,
}

impl Store {
    /// What has to be done about a record of the table's stream. About one of another table, nothing.
    ///
    /// # Errors
    /// [`Error::Internal`] when an image is not that of an item of this table.
    pub fn recorded(&self, record: &EventRecord) -> Result<Recorded, Error> {
        // After a restore, a record may be of the table from before. It says nothing about this one.
        let of_table = format!(":table/{}/", self.table);
        if record.event_source_arn.as_ref().is_some_and(|arn| !arn.contains(&of_table)) {
            return Ok(Recorded::Nothing);
        }
        Recorded::read(record, self.event_retention())
    }

    /// How long an event is kept, in seconds.
    pub(super) fn event_retention(&self) -> u64 {
        u64::from(self.settings().event_retention_days) * 24 * 60 * 60
    }
}

impl Recorded {
    fn read(record: &EventRecord, retention: u64) -> Result<Self, Error> {
        let change = &record.change;
        let key = |name: &str| match change.keys.get(name) {
            Some(serde_dynamo::AttributeValue::S(text)) => Ok(text.as_str()),
            _ => Err(Error::Internal("a record of the stream has no key of the table".into())),
        };
        let (pk, sk) = (key("pk")?, key("sk")?);
        let Some(id) = pk.strip_prefix(keys::MEMBERSHIP_PREFIX) else { return Ok(Self::Nothing) };
        let id = OrganizationId::parse(id)
            .ok_or_else(|| Error::Internal("a record's partition is not that of an organization".into()))?;
        let images = Images { old: &change.old_image, new: &change.new_image };
        if sk == pk {
            images.organization(id, retention)
        } else if let Some(period) = sk.strip_prefix(keys::USAGE_PREFIX) {
            images.usage(&id, period)
        } else {
            Ok(Self::Nothing)
        }
    }
}

/// What a purge needs of the item that was removed. The rest of it may be unreadable.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Removed {
    created_by: Caller,
    #[serde(default)]
    external_id: Option<ExternalId>,
}

/// The images of an item. One that does not exist is empty.
struct Images<'a> {
    old: &'a serde_dynamo::Item,
    new: &'a serde_dynamo::Item,
}

impl Images<'_> {
    fn organization(&self, id: OrganizationId, retention: u64) -> Result<Recorded, Error> {
        if self.new.is_empty() {
            let removed: Option<Removed> = items::read_image(&id, self.old)?;
            return Ok(removed.map_or(Recorded::Nothing, |Removed { created_by, external_id }| {
                Recorded::Removal(RemovedOrganization { id, created_by, external_id })
            }));
        }
        // Compared as they are: a write by hand that breaks or mends an item, and leaves its version, is no change.
        if self.old.get("version") == self.new.get("version") {
            return Ok(Recorded::Nothing);
        }
        let old: Option<OrganizationItem> = items::read_image(&id, self.old)?;
        let Some(new) = items::read_image::<OrganizationItem>(&id, self.new)? else {
            return Ok(Recorded::Nothing);
        };
        let previous = old.as_ref().map(|old| Previous::of(old, retention));
        let item = EventItem::of_change(&id, previous, &new, retention)?;
        Ok(Recorded::Event(Box::new(RecordedEvent { organization_id: id, item, before: old })))
    }

    fn usage(&self, id: &OrganizationId, period: &str) -> Result<Recorded, Error> {
        let period = Period::parse(period)
            .map_err(|_| Error::Internal("a record's sort key is not that of a billing period".into()))?;
        let reached = |image| {
            let usage: Option<UsageItem> = items::read_image(id, image)?;
            let reached = usage.map(|usage| {
                let limit = Limit { included_units: usage.included_units, max_overages: usage.max_overages };
                ReachedThreshold::reached(id, period, limit, usage.used).collect::<Vec<_>>()
            });
            Ok::<_, Error>(reached.unwrap_or_default())
        };
        let before: Vec<_> = reached(self.old)?.iter().map(|reached| reached.threshold).collect();
        let mut reached = if self.new.is_empty() { Vec::new() } else { reached(self.new)? };
        reached.retain(|reached| !before.contains(&reached.threshold));
        Ok(if reached.is_empty() { Recorded::Nothing } else { Recorded::Thresholds(reached) })
    }
}
