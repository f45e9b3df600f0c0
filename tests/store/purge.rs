//! The purge of an organization whose item was removed: what it deletes, and that it can be interrupted anywhere.

use crate::recording::{Items, Log, TIME, handle};
use crate::table::{ANY, Table, acme, caller, number, user};
use crate::usage::{key, units};
use serde_json::{Value, json};
use shared::model::{ExternalId, MaxOverages, NewOrganization, OrganizationId, Role};
use shared::store::Store;
use std::sync::Arc;
use std::time::Duration;
use support::bus::Bus;
use support::faults::Fault;
use tokio::sync::Notify;

const CUSTOMER: &str = "customer";

/// What an answer without failures is.
fn done() -> Value {
    json!({ "batchItemFailures": [] })
}

fn customer() -> ExternalId {
    ExternalId::parse(CUSTOMER).unwrap()
}

/// Gives an organization an admin, a member, invitations, usage and, once it is recorded, thresholds and events.
pub async fn furnish(table: &Table, id: &OrganizationId) {
    let service = caller("service:crm");
    for (name, role) in [("bob", Role::Admin), ("cyd", Role::Member)] {
        table.with(id, name, role).await;
    }
    table.set_max_overages(&service, id, MaxOverages::units(10).unwrap(), &ANY).await.unwrap();
    table.invite_address(&service, id, "dan@acme.example").await;
    let link = table.invite(&service, id, Role::Admin).await;
    table.accept("dan", &link).await.unwrap();
    table.record_usage(&user("meter"), id, units(10), Some(&key(id.as_str()))).await.unwrap();
}

/// The table after the purge of this organization, if it was like this before. Only its events stay, and the mark that it was
/// purged. It is not looked at when the mark expires.
pub fn purged(before: &Items, id: &OrganizationId, creator: Option<&str>) -> Items {
    let own = format!("ORG#{}", id.as_str());
    let mut items = before.clone();
    items.retain(|(pk, sk), item| {
        let is_reserved = item.get("organizationId").is_some_and(|id| own.ends_with(id.as_s().unwrap()));
        let is_of_it = *pk == own || *sk == own || (pk.starts_with("EXTERNAL#") && is_reserved);
        !is_of_it || sk.starts_with("EVENT#") || sk == "PURGED"
    });
    if let Some(creator) = creator.map(|creator| format!("USER#{creator}")) {
        let count = items.get_mut(&(creator.clone(), creator)).unwrap();
        let less = number(count, "organizations") - 1;
        count.insert("organizations".to_owned(), crate::table::integer(less));
    }
    items
}

/// Checks that the table is this, but for the mark of the purge.
#[track_caller]
pub fn assert_purged(mut found: Items, id: &OrganizationId, expected: &Items) {
    let mark = found.remove(&(format!("ORG#{}", id.as_str()), "PURGED".to_owned())).expect("the mark");
    assert!(number(&mark, "expiresAt") > crate::table::now() + 29 * 24 * 60 * 60, "{mark:?}");
    let (found_keys, keys): (Vec<_>, Vec<_>) = (found.keys().collect(), expected.keys().collect());
    assert_eq!(found_keys, keys);
    assert_eq!(&found, expected);
}

/// An organization whose item was removed, and another one with the same members.
struct Removed {
    table: Table,
    bus: Bus,
    id: OrganizationId,
    record: Value,
    before: Items,
    creator: Option<&'static str>,
}

impl Removed {
    /// One that `creator` created; a service creates it with an external id.
    async fn new(creator: &'static str) -> Self {
        let (table, bus) = (Table::new().await, Bus::start().await);
        let by = caller(creator);
        let external_id = by.user().is_none().then(customer);
        let new = NewOrganization { external_id, ..acme() };
        let id = table.create_organization(&by, &user("ann"), new, None).await.unwrap().organization.id;
        let other = table.organization_of(&caller("ann")).await.id;
        for id in [&id, &other] {
            furnish(&table, id).await;
        }
        table.delete_organization(&caller("ann"), &id, &ANY).await.unwrap();
        table.record(&bus).await;
        let record = table.expire_organization(&id).await;
        let before = table.items().await;
        let creator = by.user().map(|_| creator);
        Self { table, bus, id, record, before, creator }
    }

    async fn handle(&self, store: &Store) -> Value {
        handle(store, &self.bus, std::slice::from_ref(&self.record), TIME).await
    }

    /// Handles the record, but the function is killed at its request of this number, before or after DynamoDB has done it.
    /// Returns false if it makes fewer requests.
    async fn handle_killed_at(&self, place: usize, is_done: bool) -> bool {
        let killed = Arc::new(Notify::new());
        let kill = killed.clone();
        self.table.proxy.plan(move |_, number| {
            let kill = kill.clone();
            match (number == place, is_done) {
                (false, _) => None,
                (true, true) => Some(Fault::LostAnswerAfter(Box::pin(async move { kill.notify_one() }))),
                (true, false) => {
                    kill.notify_one();
                    Some(Fault::Stall)
                }
            }
        });
        // Each invocation after a kill is on another instance.
        let store = support::database::store(self.table.proxy.url()).await;
        tokio::select! {
            biased;
            () = killed.notified() => true,
            answer = self.handle(&store) => {
                assert_eq!(answer, done());
                false
            }
        }
    }
}

#[tokio::test]
async fn what_belongs_to_a_removed_organization_is_deleted_except_its_events() {
    for creator in ["ann", "service:crm"] {
        let removed = Removed::new(creator).await;
        assert_eq!(removed.handle(&removed.table.store).await, done());

        let expected = purged(&removed.before, &removed.id, removed.creator);
        let of_it = |items: &Items, prefix: &str| {
            let own = format!("ORG#{}", removed.id.as_str());
            items.keys().filter(|(pk, sk)| *pk == own && sk.starts_with(prefix)).count()
        };
        let kinds = ["MEMBER#", "INVITATION#", "USAGE#", "THRESHOLD#", "EVENT#"];
        assert_eq!(kinds.map(|kind| of_it(&removed.before, kind)), [4, 2, 1, 3, 8]);
        assert_eq!(kinds.map(|kind| of_it(&expected, kind)), [0, 0, 0, 0, 8]);
        assert_purged(removed.table.items().await, &removed.id, &expected);
    }
}

#[tokio::test]
async fn a_purge_that_is_killed_at_any_request_is_finished_by_the_next_delivery() {
    for creator in ["ann", "service:crm"] {
        let requests = {
            let removed = Removed::new(creator).await;
            let before = removed.table.proxy.actions().len();
            removed.handle(&removed.table.store).await;
            removed.table.proxy.actions().len() - before
        };
        for place in 0..requests {
            for is_done in [false, true] {
                let removed = Removed::new(creator).await;
                assert!(removed.handle_killed_at(place, is_done).await, "request {place}");
                removed.table.proxy.end();
                assert_eq!(removed.handle(&removed.table.store).await, done());
                let expected = purged(&removed.before, &removed.id, removed.creator);
                assert_purged(removed.table.items().await, &removed.id, &expected);
            }
        }
    }
}

#[tokio::test]
async fn a_delivery_after_the_purge_counts_nothing_a_second_time() {
    let removed = Removed::new("ann").await;
    let table = &removed.table;
    removed.handle(&table.store).await;
    let created = table.organization_of(&caller("ann")).await.id;
    let before = table.items().await;
    assert_eq!(number(&table.user_item("ann").await.unwrap(), "organizations"), 2);

    for _ in 0..2 {
        assert_eq!(removed.handle(&table.store).await, done());
    }
    assert_eq!(table.items().await, before);
    table.get_organization(&caller("ann"), &created).await.unwrap();
}

#[tokio::test]
async fn an_external_id_stays_with_the_organization_that_has_taken_it() {
    let removed = Removed::new("service:crm").await;
    let (table, service) = (&removed.table, caller("service:crm"));
    let new = || NewOrganization { external_id: Some(customer()), ..acme() };
    // That of an organization that is gone is taken, although the purge has not freed it yet.
    let taken = table.create_organization(&service, &user("eve"), new(), None).await.unwrap();
    let before = table.items().await;

    assert_eq!(removed.handle(&table.store).await, done());
    assert_purged(table.items().await, &removed.id, &purged(&before, &removed.id, None));
    let found = table.organization_by_external_id(&user("crm"), &customer()).await.unwrap().unwrap();
    assert_eq!(found.id, taken.organization.id);
    // Whereas a purge frees the one that the organization still has.
    table.delete_organization(&service, &found.id, &ANY).await.unwrap();
    let record = table.expire_organization(&found.id).await;
    assert_eq!(handle(table, &removed.bus, &[record], TIME).await, done());
    assert!(table.item("EXTERNAL#customer", "EXTERNAL#customer").await.is_none());
}

/// A table that was restored from a backup may have it.
#[tokio::test]
async fn an_organization_that_is_there_again_is_not_purged() {
    let removed = Removed::new("ann").await;
    let table = &removed.table;
    let other = table.organization_of(&caller("ann")).await.id;
    let mut item = table.organization_item(&other).await;
    let key = crate::table::text(&format!("ORG#{}", removed.id.as_str()));
    item.extend([("pk".to_owned(), key.clone()), ("sk".to_owned(), key)]);
    table.put(item).await;
    let before = table.items().await;
    assert_eq!(removed.handle(&table.store).await, done());
    assert_eq!(table.items().await, before);
}

/// The answer reports the record before Lambda ends the function. That is no error: the log's errors raise an alarm.
#[tokio::test]
async fn a_purge_without_enough_time_is_no_error_and_goes_on_when_it_is_delivered_again() {
    let removed = Removed::new("ann").await;
    let records = std::slice::from_ref(&removed.record);
    let log = Log::start();
    let answer = handle(&removed.table.store, &removed.bus, records, Duration::from_secs(9)).await;
    let number = &removed.record["dynamodb"]["SequenceNumber"];
    assert_eq!(answer, json!({ "batchItemFailures": [{ "itemIdentifier": number }] }));
    let [line] = log.lines().try_into().unwrap();
    assert_eq!((&line["level"], &line["records"], &line["done"]), (&json!("INFO"), &json!(1), &json!(0)));
    assert!(line["message"].as_str().unwrap().starts_with("the time is up"), "{line}");

    removed.table.inject(std::iter::repeat_with(|| Fault::exception("AccessDeniedException")).take(9));
    assert_ne!(removed.handle(&removed.table.store).await, done());
    let levels: Vec<_> = log.lines().iter().map(|line| line["level"].clone()).collect();
    assert_eq!(levels, ["INFO", "ERROR"]);

    removed.table.proxy.end();
    assert_eq!(removed.handle(&removed.table.store).await, done());
    let expected = purged(&removed.before, &removed.id, removed.creator);
    assert_purged(removed.table.items().await, &removed.id, &expected);
}

/// Nothing is counted of a creator whose count is lost. The rest is purged all the same.
#[tokio::test]
async fn a_count_never_falls_below_zero() {
    let removed = Removed::new("ann").await;
    let table = &removed.table;
    let mut count = table.user_item("ann").await.unwrap();
    count.insert("organizations".to_owned(), crate::table::integer(0));
    table.put(count).await;
    for _ in 0..2 {
        assert_eq!(removed.handle(&table.store).await, done());
        assert_eq!(number(&table.user_item("ann").await.unwrap(), "organizations"), 0);
    }
    assert!(table.member_item("cyd", &removed.id).await.is_none());
}
