//! The record: events 1, 2, … of every organization, each once, that say what the answers said was done, whatever happens
//! to requests and to the consumer of the table's stream.

use crate::action::Action;
use crate::clients;
use crate::histories::{Histories, Tally};
use crate::instance::Instance;
use crate::record_answers;
use crate::record_bus;
use crate::record_consumer::{Consumer, Counts, Weather, poison};
use crate::record_lists;
use crate::record_removal;
use crate::record_table::{self, Events};
use crate::request::{Call, Request};
use crate::strategy::{self, Concurrent};
use crate::values::{SERVICES, USERS};
use futures_util::future::join;
use proptest::prelude::*;
use serde_json::Value;
use shared::model::Timestamp;
use std::cell::Cell;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;
use support::database::Database;
use support::invariants::Contents;

/// The number of histories, unless `HISTORIES` multiplies it.
const HISTORIES: u32 = 8;

/// What happened in all histories.
#[derive(Debug, Default)]
struct Statistics {
    events: usize,
    sent: usize,
    thresholds: usize,
    lists: usize,
    removed: usize,
    poisoned: usize,
    discarded: usize,
    consumers: Counts,
}

#[test]
fn the_events_say_what_was_done_each_once_and_without_a_gap() {
    let histories = Histories::new("record", HISTORIES);
    let statistics = Mutex::new(Statistics::default());
    histories.run(recorded(), async |history, seed| run(history, seed, &statistics).await);
    let Statistics { events, sent, thresholds, lists, removed, poisoned, discarded, consumers } =
        statistics.into_inner().unwrap();
    let Counts { records, batches, twice, crashes, faults, unfinished } = consumers;
    println!(
        "  {events} events, sent {sent} times, {thresholds} thresholds, {lists} pages of events, {removed} \
         organizations removed\n  {records} records in {batches} batches: {twice} delivered twice, {crashes} crashes, \
         {faults} faults, {unfinished} unfinished, {poisoned} poison records, {discarded} messages to the failure queue"
    );
    let often = [events, lists, twice, crashes, faults, unfinished, poisoned, discarded];
    assert!(often.iter().all(|count| *count > 0), "not everything happened");
    assert!(thresholds > 0 && removed > 0 || histories.number < 10 * HISTORIES, "not everything happened");
    if histories.number >= 10 * HISTORIES {
        histories.expect_every_operation();
    }
}

/// Any requests, mostly to one organization, which are often deleted in the end. Without large teams: each member is an
/// event, and the same as the others.
fn recorded() -> impl Strategy<Value = Concurrent> {
    let histories = prop_oneof![
        strategy::concurrent(4, 6..14).boxed(),
        strategy::of_one_organization(3, 6..14).boxed(),
        strategy::of_one_limit(3, 5..9).boxed(),
    ];
    let ends = prop_oneof![
        2 => Just(vec![]),
        2 => Just(vec![Action::DeleteOrganization]),
        1 => Just(USERS.map(|user| Action::DeleteUser { user }).to_vec()),
        3 => Just(reports()),
    ];
    (histories.prop_filter("large", |history| history.first.len() < 30), ends).prop_map(|(history, ends)| {
        let ends = ends.into_iter().map(|action| Request::plain(SERVICES[0], action));
        let last = history.last.into_iter().chain(ends).collect();
        Concurrent { last, ..history }
    })
}

/// Reports that reach each part of a limit exactly, in a period of their own.
fn reports() -> Vec<Action> {
    static DAY: LazyLock<&str> = LazyLock::new(|| {
        let then = Timestamp::from_seconds(Timestamp::seconds_now() - 60 * 24 * 60 * 60).unwrap();
        then.as_str()[.."2026-11-27".len()].to_owned().leak()
    });
    let period = Some((*DAY, Ok(*DAY)));
    let report = |units| Action::RecordUsage { units, period, over_limit: None, key: None };
    let limit = [
        Action::RestoreOrganization,
        Action::SetPlan { included_units: Some(0), max_members: None },
        Action::SetMaxOverages { units: Some(10) },
    ];
    limit.into_iter().chain([5, 3, 2].map(report)).collect()
}

async fn run(history: Concurrent, seed: u64, statistics: &Mutex<Statistics>) -> Result<Tally, String> {
    let history = history.seeded(seed);
    let database = Database::start().await;
    let mut random = fastrand::Rng::with_seed(seed);
    let weather = Weather { seed, is_rough: seed % 4 != 1, is_poisoned: seed % 4 == 3 };
    let consumer = Consumer::start(&database, weather).await;
    let poisoned = if weather.is_poisoned { Some(other_organization(&database).await) } else { None };

    let is_done = Cell::new(false);
    let requests = async {
        let (mut all, others) = clients::run(&database, &history).await;
        all.extend(others);
        is_done.set(true);
        all
    };
    let poisoning = async {
        if let Some(id) = &poisoned {
            tokio::time::sleep(Duration::from_millis(random.u64(..400))).await;
            poison(&database, id).await;
        }
    };
    let ((all, ()), discarded) = join(join(requests, poisoning), consumer.run(&database, &is_done)).await;
    let mut discarded = discarded?;

    // The poison record stays in the stream, and fails again whenever it is delivered.
    let before = contents(&database, poisoned.as_deref()).await;
    if let Some(fault) = before.faults.first() {
        return Err(fault.clone());
    }
    let removed = record_removal::remove(&database, &before, &mut random).await;
    discarded.extend(consumer.run(&database, &Cell::new(true)).await?);
    consumer.calm();
    let failed = consumer.redrive(&database, &discarded).await?;
    let is_poison = |record: &Value| {
        let key = record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap().strip_prefix("ORG#");
        key == poisoned.as_deref()
    };
    if failed.len() != usize::from(weather.is_poisoned) || !failed.iter().all(is_poison) {
        return Err(format!("these records were given up, and failed again: {failed:?}"));
    }

    let events = record_table::events(&database).await;
    numbers(&before, &events, poisoned.as_deref())?;
    let taken = consumer.taken();
    let told = record_bus::check(&taken, &events)?;
    let interrupted = consumer.counts().crashes + consumer.counts().unfinished + consumer.counts().faults;
    let repeats = |organization: &str| match removed.contains(organization) {
        // A purge forgets what was told.
        true => consumer.counts().twice,
        false => 0,
    };
    record_bus::thresholds(&told, &all, |organization| 1 + interrupted + repeats(organization))?;
    record_answers::check(&events_of_requests(&events, poisoned.as_deref()), &all)?;
    let mut lists = 0;
    for answered in &all {
        record_lists::check(answered, &events)?;
        lists += usize::from(matches!(answered.call.action(), Action::ListEvents { .. }));
    }
    record_removal::check(&database, &removed, !discarded.is_empty()).await?;
    let after = contents(&database, poisoned.as_deref()).await;
    if let Some(fault) = after.faults.first() {
        return Err(format!("after the purge: {fault}"));
    }
    let instance = Instance::on(database.url()).await;
    for (id, _) in after.organizations.iter().filter(|(_, found)| !found.is_gone) {
        record_lists::read_around_hole(&instance, &database, (id, &events), &mut random).await?;
        lists += 1 + record_lists::read_all(&instance, id, &events, &mut random).await?;
    }
    let mut statistics = statistics.lock().unwrap();
    statistics.events += events.values().map(|events| events.len()).sum::<usize>();
    statistics.sent += taken.len();
    statistics.thresholds += told.len();
    statistics.lists += lists;
    statistics.removed += removed.len();
    statistics.poisoned += failed.len();
    statistics.discarded += discarded.len();
    statistics.consumers += consumer.counts();
    Ok(history.tally(&all))
}

/// An organization that no client knows.
async fn other_organization(database: &Database) -> String {
    let Action::CreateOrganization { name, .. } = Action::creation() else { unreachable!() };
    let (owner, key) = (Some("zoe"), None);
    let (domain, external_id, metadata) = (None, None, None);
    let action = Action::CreateOrganization { name, domain, owner, external_id, metadata, key };
    let (organization, reference) = (String::new(), String::new());
    let request = Request::plain(SERVICES[0], action);
    let call = Call { request, organization, version: 1, reference, page: None };
    let answer = Instance::on(database.url()).await.send(&call).await;
    answer.body["id"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

/// The table's content without the poisoned organization.
async fn contents(database: &Database, poisoned: Option<&str>) -> Contents {
    Contents::read_without(&database.client, poisoned).await
}

/// The events without those of the poisoned organization, which no client has caused.
fn events_of_requests(events: &Events, poisoned: Option<&str>) -> Events {
    let mut events = events.clone();
    poisoned.map(|id| events.remove(id));
    events
}

/// Checks that the events of each organization have the numbers 1 to its version.
fn numbers(contents: &Contents, events: &Events, poisoned: Option<&str>) -> Result<(), String> {
    for (id, found) in &contents.organizations {
        let numbers: Vec<_> = events.get(id).into_iter().flat_map(|events| events.keys().copied()).collect();
        if numbers != (1..=found.version).collect::<Vec<_>>() {
            return Err(format!("{id} is at version {} and has the events {numbers:?}", found.version));
        }
    }
    let is_known = |id: &String| contents.organizations.contains_key(id) || Some(id.as_str()) == poisoned;
    match events.keys().find(|id| !is_known(id)) {
        Some(id) => Err(format!("events of {id}, which does not exist")),
        None => Ok(()),
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.records += other.records;
        self.batches += other.batches;
        self.twice += other.twice;
        self.crashes += other.crashes;
        self.faults += other.faults;
        self.unfinished += other.unfinished;
    }
}
