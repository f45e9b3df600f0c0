//! Sequential requests: each answer equals the model's in every field.

use crate::action::Action;
use crate::histories::Histories;
use crate::instance::{Answer, Instance};
use crate::model::{Model, Time};
use crate::moment::Moment;
use crate::request::{Call, Request};
use crate::strategy;
use crate::values::NOWHERE;
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngSeed, TestRunner};
use support::database::Database;
use support::invariants::Contents;

/// File of shrunk failures, which are tried first in later runs.
const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/model/sequential.proptest-regressions");

#[test]
fn every_answer_equals_that_of_the_model() {
    let histories = Histories::new("sequential", 30);
    let config = ProptestConfig {
        cases: histories.number,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS))),
        rng_seed: RngSeed::Fixed(histories.seed),
        ..ProptestConfig::default()
    };
    let result = TestRunner::new(config).run(&strategy::history(1..60), |requests| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        histories.count(requests.len());
        runtime.block_on(run(&requests)).map_err(TestCaseError::fail)
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Sends the requests to two instances in turn.
async fn run(requests: &[Request]) -> Result<(), String> {
    let database = Database::start().await;
    let instances = [Instance::on(database.url()).await, Instance::on(database.url()).await];
    let mut model = Model::default();
    let mut created = Vec::new();
    for (request, instance) in requests.iter().zip(instances.iter().cycle()) {
        let nowhere = || NOWHERE[request.organization % NOWHERE.len()].to_owned();
        let organization = created.get(request.organization).cloned().unwrap_or_else(nowhere);
        let version = model.organizations.get(&organization).map_or(1, |found| found.version);
        let mut call = Call { request: request.clone(), organization, version, page: None };
        let mut answer = step(&mut model, instance, &call).await?;
        if answer.status == 201 && matches!(request.action, Action::CreateOrganization { .. }) {
            let id = answer.body["id"].as_str().unwrap_or_default().to_owned();
            created.extend((!created.contains(&id)).then_some(id));
        }
        while let Some(next) = answer.next {
            let before = call.page.as_ref().map_or(0, |(before, _)| *before)
                + answer.body.as_array().map_or(0, Vec::len);
            let query = next.strip_prefix('?').ok_or("a link to another path")?;
            call.page = Some((before, query.to_owned()));
            answer = step(&mut model, instance, &call).await?;
        }
    }
    let contents = Contents::read(&database.client).await;
    let expected = model.organizations.iter().map(|(id, organization)| (id.clone(), organization.stored()));
    if contents.organizations == expected.collect() && contents.faults.is_empty() {
        Ok(())
    } else {
        Err(format!("{contents:?}\n  but the model expects\n  {model:?}"))
    }
}

async fn step(model: &mut Model, instance: &Instance, call: &Call) -> Result<Answer, String> {
    let start = Moment::now();
    let answer = instance.send(call).await;
    let time = Time { start, end: Some(Moment::now()) };
    model.step(call, &time, &answer).map_err(|difference| format!("{call:?}\n  {difference}"))?;
    Ok(answer)
}
