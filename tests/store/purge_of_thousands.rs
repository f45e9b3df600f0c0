//! The purge of an organization of 5,000 members, whose consumer is killed twenty times.

use crate::purge::{assert_purged, furnish, purged};
use crate::recording::{TIME, handle, options};
use crate::table::{ANY, Table, acme, caller, user};
use local::EventSourceMapping;
use serde_json::{Value, json};
use shared::model::{ExternalId, NewOrganization, OrganizationId};
use shared::store::meter::measure;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::bus::Bus;
use support::faults::Fault;
use tokio::sync::Notify;

const MEMBERS: usize = 5_000;

const KILLS: usize = 20;

/// More than one page of a query.
const INVITATIONS: usize = 300;

/// Kills the consumer at requests that are far apart by chance: in turn before and after DynamoDB has done them.
fn kill_at_random(table: &Table, killed: &Arc<Notify>) -> Arc<AtomicUsize> {
    let (kills, count) = (Arc::new(AtomicUsize::new(0)), killed.clone());
    let made = kills.clone();
    let mut random = fastrand::Rng::with_seed(20);
    let mut next = 1;
    table.proxy.plan(move |_, number| {
        if number < next || made.load(Ordering::Relaxed) == KILLS {
            return None;
        }
        next = number + random.usize(1..40);
        let kill = count.clone();
        if made.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
            return Some(Fault::LostAnswerAfter(Box::pin(async move { kill.notify_one() })));
        }
        kill.notify_one();
        Some(Fault::Stall)
    });
    kills
}

/// Creates an organization of `ann` with 5,000 members and something of everything.
async fn large(table: &Table, creator: &str, external_id: Option<&str>) -> OrganizationId {
    let external_id = external_id.map(|id| ExternalId::parse(id).unwrap());
    let new = NewOrganization { external_id, ..acme() };
    let created = table.create_organization(&caller(creator), &user("ann"), new, None).await;
    let id = created.unwrap().organization.id;
    furnish(table, &id).await;
    let invited = table.invite(&caller("ann"), &id, shared::model::Role::Member).await;
    table.fill_with_invitations(&id, &invited, INVITATIONS).await;
    id
}

fn by_action(actions: &[String]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for action in actions {
        *counts.entry(action.as_str()).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn an_organization_of_5000_members_is_purged_although_the_consumer_is_killed_20_times() {
    let (table, bus) = (Table::new().await, Bus::start().await);
    let id = large(&table, "ann", None).await;
    let customer = large(&table, "service:crm", Some("customer")).await;
    let other = large(&table, "ann", None).await;
    for id in [&id, &customer] {
        table.delete_organization(&caller("ann"), id, &ANY).await.unwrap();
    }
    let killed = Arc::new(Notify::new());
    // Each invocation is on an instance of its own.
    let invoke = async |event: Value| {
        let store = support::database::store(table.proxy.url()).await;
        let records = event["Records"].as_array().unwrap();
        tokio::select! {
            biased;
            () = killed.notified() => Err("the function was killed"),
            answer = handle(&store, &bus, records, TIME) => Ok(answer),
        }
    };
    let url = table.dynamodb_url();
    let mut mapping = EventSourceMapping::new(&url, local::TABLE_NAME, options(), invoke).unwrap();
    mapping.run_until_idle().await.unwrap();
    // The members of the others are members of the first, too.
    for (id, members) in [(&id, MEMBERS), (&customer, MEMBERS / 10), (&other, MEMBERS / 10)] {
        table.crowd(id, members).await;
    }
    mapping.run_until_idle().await.unwrap();

    table.expire_organization(&id).await;
    let (before, sent) = (table.items().await, table.proxy.actions().len());
    let kills = kill_at_random(&table, &killed);
    assert_eq!(mapping.run_until_idle().await.unwrap(), [Value::Null; 0]);

    assert_eq!(kills.load(Ordering::Relaxed), KILLS);
    let requests = table.proxy.actions().split_off(sent);
    let after = table.items().await;
    assert_eq!(before.len() - after.len(), 2 * MEMBERS + INVITATIONS + 2 + 1 + 3 - 1);
    assert_purged(after, &id, &purged(&before, &id, Some("ann")));
    println!("killed {KILLS} times: {} requests, {:?}", requests.len(), by_action(&requests));

    // The smaller one is purged without interruption, to see what it takes.
    table.proxy.end();
    let removed = table.expire_organization(&customer).await;
    let (before, sent) = (table.items().await, table.proxy.actions().len());
    let (answer, usage) = measure(handle(&table.store, &bus, &[removed], TIME)).await;
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    assert_purged(table.items().await, &customer, &purged(&before, &customer, None));
    let requests = table.proxy.actions().split_off(sent);
    println!("not killed: {} requests, {} units, {:?}", usage.requests, usage.capacity, by_action(&requests));
    // Two pages of 250 members and two of invitations, each with a request for every 25 items to delete.
    assert_eq!(by_action(&requests)["Query"], 2 + 2 + 1 + 1);
    assert_eq!(by_action(&requests)["BatchWriteItem"], 2 * (10 + 10) + 10 + 3 + 1 + 1);
}
