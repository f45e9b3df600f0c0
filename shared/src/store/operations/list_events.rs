//! Reads `ORG#<id>`/`ORG#<id>` and, for a user, `USER#<caller>`/`ORG#<id>` in one BatchGetItem, then queries
//! `ORG#<id>`, `begins_with(sk, "EVENT#")`. Both are strongly consistent.
//!
//! `record-events` stores an event a moment after its change. But the newest event is in the organization's item, too,
//! so the list lacks nothing while all others are stored.

use crate::error::Error;
use crate::model::{Caller, Event, OrganizationId, Timestamp};
use crate::store::items::{self, EventItem, OrganizationItem};
use crate::store::keys::{self, Item};
use crate::store::rules::Rule;
use crate::store::table::{List, Page, Store};

/// One page of an organization's events.
#[derive(Debug)]
pub struct Events {
    /// The events, oldest first, with consecutive numbers.
    pub events: Vec<Event>,
    /// The organization's version, which is the number of the newest event.
    pub version: u64,
    /// True if the next page has events, too.
    pub more: bool,
}

impl Store {
    /// The events after number `after`, oldest first, at most `limit`. A user must be an owner or an admin. Owners can
    /// read those of a deleted organization, too.
    ///
    /// No event is skipped: one that is not stored yet ends the page. But those that have expired are left out at the start,
    /// and so are those that were never recorded, two days after the change that follows them.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::Forbidden`], [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn list_events(
        &self,
        caller: &Caller,
        id: &OrganizationId,
        after: u64,
        limit: usize,
    ) -> Result<Events, Error> {
        let (organization, []) = self.organization_even_deleted(caller, id, []).await?;
        Rule::Administers(caller).check(&organization)?;
        let now = Timestamp::seconds_now();
        let stored = self.stored_events(id, after, limit, now).await?;
        page(&organization, stored, after, limit, now)
    }

    /// The stored events from number `after` on: the newest event is compared with the one before it.
    async fn stored_events(
        &self,
        id: &OrganizationId,
        after: u64,
        limit: usize,
        now: u64,
    ) -> Result<Page<Row>, Error> {
        let mut before = after.checked_sub(1).map(keys::event_position);
        loop {
            let list = List {
                partition: keys::organization_key(id),
                prefix: keys::EVENT_PREFIX,
                projection: EventItem::LISTED,
            };
            let read = |item| row(item, after, now);
            let page = self.query_page(list, limit + 1, before.as_deref(), read).await?;
            // TTL deletes expired events days late: a page may have no others, and not be the last.
            let is_new = |row: &Row| row.as_ref().is_none_or(|item| item.event.number > after);
            if page.next.is_none() || page.items.iter().any(is_new) {
                return Ok(page);
            }
            before = page.next;
        }
    }
}

/// A stored event. `None` if it cannot be read, as one of a later release after a rollback.
type Row = Option<EventItem>;

/// What the page needs of an item: nothing if it has expired, or if it is the event `after` and unreadable.
fn row(item: Item, after: u64, now: u64) -> Option<Row> {
    if items::expiry(&item).is_some_and(|expires_at| expires_at <= now) {
        return None;
    }
    let is_before = keys::position(keys::EVENT_PREFIX, &item) == Some(&*keys::event_position(after));
    let read = items::read_for_list(item);
    (read.is_some() || !is_before).then_some(read)
}

/// The events of the page, without a gap.
fn page(
    organization: &OrganizationItem,
    stored: Page<Row>,
    after: u64,
    limit: usize,
    now: u64,
) -> Result<Events, Error> {
    let version = organization.version;
    let mut events = Vec::new();
    let mut last = after;
    // The organization as event number `last` left it.
    let mut snapshot = None;
    let mut more = stored.next.is_some();
    for row in stored.items {
        // Going on behind it would skip it.
        let Some(item) = row else {
            more = false;
            break;
        };
        let number = item.event.number;
        // Without the event `after`, events before this one have expired, or were lost, unless they may still come.
        let is_first = item.is_oldest_kept(now) || (snapshot.is_none() && item.is_settled(now));
        let follows = number == last + 1 || (events.is_empty() && number > after && is_first);
        if number == after {
            snapshot = Some(item.snapshot);
        } else if follows && number <= version && events.len() < limit {
            last = number;
            snapshot = Some(item.snapshot);
            events.push(item.event);
        } else {
            // The next page begins behind events that have expired.
            more = events.len() == limit || item.is_oldest_kept(now);
            break;
        }
    }
    // A release that does not know what happened leaves it to the next.
    let is_known = organization.change.is_some() && (snapshot.is_some() || version == 1);
    if version.checked_sub(last) == Some(1) && events.len() < limit && is_known {
        events.push(items::event(snapshot.as_ref(), organization)?);
        last = version;
    }
    // The same page again would be no progress.
    let more = last > after && last < version && (more || events.len() == limit);
    Ok(Events { events, version, more })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{NewOrganization, OrganizationName, UserId};
    use crate::store::items::Previous;

    const KEPT: u64 = 24 * 60 * 60;

    /// The organization at each version up to `last`, and the events up to that before it.
    fn history(last: u64) -> (Vec<OrganizationItem>, Vec<EventItem>) {
        let id = OrganizationId::generate();
        let ann = UserId::parse("ann").unwrap();
        let new = NewOrganization::new(OrganizationName::parse("Acme").unwrap(), None);
        let at = |version| {
            let caller = Caller::User(ann.clone());
            let mut organization = OrganizationItem::new(&id, &caller, &ann, &new, Timestamp::now());
            (organization.version, organization.name) = (version, format!("Acme {version}"));
            organization
        };
        let organizations: Vec<_> = (1..=last).map(at).collect();
        let mut before = None;
        let mut events = Vec::new();
        for organization in &organizations {
            events.push(
                EventItem::of_change(
                    &id,
                    before.map(|before| Previous::of(before, KEPT)),
                    organization,
                    KEPT,
                )
                .unwrap(),
            );
            before = Some(organization);
        }
        (organizations, events)
    }

    /// The numbers of the page after `after`, and whether there are more, if these events are stored.
    fn numbers(stored: &[u64], after: u64, limit: usize) -> (Vec<u64>, bool) {
        let (mut organizations, events) = history(5);
        let stored = events.into_iter().filter(|item| {
            let number = item.event.number;
            number >= after && stored.contains(&number)
        });
        let stored: Vec<_> = stored.take(limit + 1).map(Some).collect();
        let stored = Page { items: stored, next: None };
        let page =
            page(&organizations.pop().unwrap(), stored, after, limit, Timestamp::seconds_now()).unwrap();
        let newest = page.events.last().filter(|event| event.number == 5 && after < 4);
        if let Some(name) = newest.map(|event| &event.changes["name"]) {
            assert_eq!((name.from.as_str(), name.to.as_str()), (Some("Acme 4"), Some("Acme 5")));
        }
        (page.events.iter().map(|event| event.number).collect(), page.more)
    }

    #[test]
    fn the_newest_event_is_listed_before_it_is_stored() {
        assert_eq!(numbers(&[1, 2, 3, 4], 0, 10), (vec![1, 2, 3, 4, 5], false));
        assert_eq!(numbers(&[1, 2, 3, 4], 4, 10), (vec![5], false));
        assert_eq!(numbers(&[1, 2, 3, 4, 5], 4, 10), (vec![5], false));
        assert_eq!(numbers(&[1, 2, 3, 4, 5], 5, 10), (vec![], false));
        assert_eq!(numbers(&[1, 2, 3, 4, 5], 9, 10), (vec![], false));
        assert_eq!(numbers(&[1, 2, 3, 4, 5], u64::MAX, 10), (vec![], false));
    }

    #[test]
    fn an_event_that_is_not_stored_yet_ends_the_page() {
        assert_eq!(numbers(&[1, 2, 3], 0, 10), (vec![1, 2, 3], false));
        assert_eq!(numbers(&[1, 2, 4], 0, 10), (vec![1, 2], false));
        assert_eq!(numbers(&[2, 3, 4], 0, 10), (vec![], false));
        assert_eq!(numbers(&[1, 2, 3], 4, 10), (vec![], false));
        assert_eq!(numbers(&[], 0, 10), (vec![], false));
    }

    #[test]
    fn a_full_page_says_whether_there_are_more() {
        assert_eq!(numbers(&[1, 2, 3, 4], 0, 2), (vec![1, 2], true));
        assert_eq!(numbers(&[1, 2, 3, 4], 3, 1), (vec![4], true));
        assert_eq!(numbers(&[1, 2, 3, 4], 4, 1), (vec![5], false));
        assert_eq!(numbers(&[1, 2, 3, 4, 5], 0, 5), (vec![1, 2, 3, 4, 5], false));
    }

    #[test]
    fn a_page_ends_before_a_gap_of_expired_events_and_the_next_begins_behind_it() {
        let (mut organizations, events) = history(5);
        let mut expiring = events.get(3).cloned().unwrap();
        expiring.previous_expires_at = Some(0);
        let organization = organizations.pop().unwrap();
        let second = || events.get(1).cloned().unwrap();
        let listed = |items: Vec<_>, after| {
            let items = items.into_iter().map(Some).collect();
            let page =
                page(&organization, Page { items, next: None }, after, 10, Timestamp::seconds_now()).unwrap();
            (page.events.iter().map(|event| event.number).collect::<Vec<_>>(), page.more)
        };
        assert_eq!(listed(vec![second(), expiring.clone()], 1), (vec![2], true));
        assert_eq!(listed(vec![second(), expiring], 2), (vec![4, 5], false));
    }

    #[test]
    fn the_first_event_needs_no_stored_one() {
        let (organizations, _) = history(1);
        let none = Page { items: Vec::new(), next: None };
        let events = page(&organizations[0], none, 0, 10, Timestamp::seconds_now()).unwrap().events;
        assert_eq!(events.iter().map(|event| event.number).collect::<Vec<_>>(), [1]);
    }
}
