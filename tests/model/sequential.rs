//! Sequential requests: each answer equals the model's in every field, and so does each event.

use crate::action::Action;
use crate::answer::{Answer, Next};
use crate::clock;
use crate::histories::{Histories, Tally};
use crate::instance::Instance;
use crate::known::Known;
use crate::model::Model;
use crate::moment::{Now, Time};
use crate::record_bus;
use crate::record_consumer::{Consumer, Weather};
use crate::record_table;
use crate::request::Call;
use crate::strategy::{self, Event};
use proptest::test_runner::{Config, FileFailurePersistence, RngSeed, TestCaseError, TestRunner};
use std::cell::Cell;
use std::collections::BTreeMap;
use support::database::Database;
use support::invariants::Contents;

/// Maximum number of pages of a list. No list in a history has as many items.
const MAX_PAGES: usize = 300;

/// File of shrunk failures, which are tried first in later runs.
const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/model/sequential.proptest-regressions");

#[test]
fn every_answer_equals_that_of_the_model() {
    let histories = Histories::new("sequential", 30);
    let config = Config {
        cases: histories.number,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS))),
        rng_seed: RngSeed::Fixed(histories.seed),
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&strategy::history(1..60), |events| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let tally = runtime.block_on(run(&events)).map_err(TestCaseError::fail)?;
        histories.count(tally);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    histories.expect_every_operation();
}

/// Sends the requests to two instances in turn.
async fn run(events: &[Event]) -> Result<Tally, String> {
    let database = Database::start().await;
    let instances = [Instance::on(database.url()).await, Instance::on(database.url()).await];
    let consumer = Consumer::start(&database, Weather { seed: 0, is_rough: false, is_poisoned: false }).await;
    let (mut model, mut known, mut tally) = (Model::default(), Known::default(), Tally::of_history(false));
    for (event, instance) in events.iter().zip(instances.iter().cycle()) {
        let request = match event {
            Event::Request(request) => request,
            Event::End(which) => {
                clock::end(*which, &database, &known, &mut model).await;
                continue;
            }
        };
        let is_recorded = matches!(request.action, Action::ListEvents { .. });
        if is_recorded && known.created.len() % 2 == 1 {
            record(&consumer, &database, &mut model).await?;
        }
        let call = known.call(request);
        let version = model.organizations.get(&call.organization).map_or(1, |found| found.version);
        let mut call = Call { version, ..call };
        let mut answer = step(&mut model, instance, &call, &mut tally).await?;
        known.learn(&call, &answer);
        let mut pages = 1;
        while let Next::Page(next) = &answer.next {
            let before = call.page.as_ref().map_or(0, |(before, _)| *before)
                + answer.body.as_array().map_or(0, Vec::len);
            let query = next.strip_prefix('?').ok_or("a link to another path")?;
            call.page = Some((before, query.to_owned()));
            answer = step(&mut model, instance, &call, &mut tally).await?;
            pages += 1;
            if pages > MAX_PAGES {
                return Err(format!("{call:?}\n  has no last page"));
            }
        }
    }
    record(&consumer, &database, &mut model).await?;
    let events = record_table::events(&database).await;
    for (id, events) in &events {
        let organization = model.organizations.get_mut(id).ok_or("events of an unknown organization")?;
        for ((number, event), index) in events.iter().zip(0..) {
            let expected = organization.record.event(index, event);
            if *event != expected {
                return Err(format!(
                    "event {number} of {id} is {event}\n  but the model expects\n  {expected}"
                ));
            }
        }
    }
    record_bus::check(&consumer.taken(), &events)?;
    let contents = Contents::read(&database.client).await;
    let expected = model.organizations.iter().map(|(id, organization)| (id.clone(), organization.stored()));
    let used = model.organizations.iter().flat_map(|(id, organization)| {
        let totals = organization.usage.totals.iter();
        totals.map(|(period, used)| ((id.clone(), period.clone()), used.unsigned_abs()))
    });
    let recorded =
        contents.events.iter().map(|(id, numbers)| (id.clone(), numbers.iter().copied().collect::<Vec<_>>()));
    let versions =
        model.organizations.iter().map(|(id, one)| (id.clone(), (1..=one.version).collect::<Vec<_>>()));
    if contents.organizations == expected.collect()
        && recorded.collect::<BTreeMap<_, _>>() == versions.collect()
        && contents.usage == used.collect()
        && contents.faults.is_empty()
    {
        Ok(tally)
    } else {
        Err(format!("{contents:?}\n  but the model expects\n  {model:?}"))
    }
}

/// Lets the consumer of the stream store all events.
async fn record(consumer: &Consumer, database: &Database, model: &mut Model) -> Result<(), String> {
    consumer.run(database, &Cell::new(true)).await?;
    model.organizations.values_mut().for_each(|organization| organization.record.is_stored());
    Ok(())
}

async fn step(
    model: &mut Model,
    instance: &Instance,
    call: &Call,
    tally: &mut Tally,
) -> Result<Answer, String> {
    let start = Now::read();
    let answer = instance.send(call).await;
    tally.count(call, &answer);
    let time = Time { start, end: Some(Now::read()) };
    model.step(call, &time, &answer).map_err(|difference| format!("{call:?}\n  {difference}"))?;
    Ok(answer)
}
