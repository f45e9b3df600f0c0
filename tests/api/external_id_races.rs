//! Many creations with one external id at once. They go to the functions in this process, as in
//! [`crate::invitation_races`].

use crate::{
    in_process::{Answer, Functions},
    invitation_races::{at_once, expected, is_ok, outcomes, rounds},
    stack,
};
use aws_sdk_dynamodb::types::AttributeValue;
use functions::Operation;
use serde_json::{Value, json};
use shared::{model::Timestamp, settings::Settings};
use support::{database::items, event::Request, invariants::Contents};

const SERVICE: &str = "service:crm";

/// How many requests are sent at once.
const AT_ONCE: usize = 20;

fn creating(owner: usize, external_id: &str) -> Request {
    let body =
        json!({ "organizationName": "Acme", "owner": format!("user-{owner}"), "externalId": external_id });
    Request::new(Operation::CreateOrganization, SERVICE).body(body)
}

/// The requests of as many owners with this external id.
fn of_each_owner(external_id: &str) -> Vec<Request> {
    (0..AT_ONCE).map(|owner| creating(owner, external_id)).collect()
}

/// The one organization that was created. It must be the only one that a lookup finds.
async fn winner(functions: &Functions, answers: &[Answer], external_id: &str) -> Value {
    let won: Vec<_> = answers.iter().filter(|answer| is_ok(answer)).collect();
    let [won] = won.as_slice() else { panic!("{} were created", won.len()) };
    assert_eq!(look_up(functions, external_id).await, json!([won.body]));
    won.body.clone()
}

async fn look_up(functions: &Functions, external_id: &str) -> Value {
    let request =
        Request::new(Operation::ListOrganizations, SERVICE).query(&format!("externalId={external_id}"));
    functions.send(&request).await.expect(200).clone()
}

/// Deletes an organization, which keeps its external id, and lets the time for restoring it pass.
async fn end(functions: &Functions, organization: &Value) {
    let id = organization["id"].as_str().unwrap();
    let delete = Request::new(Operation::DeleteOrganization, SERVICE).of("organization_id", id);
    functions.send(&delete).await.expect(200);
    let early = functions.send(&creating(0, organization["externalId"].as_str().unwrap())).await;
    early.expect_error(409, "external_id_taken");
    let key = AttributeValue::S(format!("ORG#{id}"));
    let update = functions.database.client.update_item().table_name(local::TABLE_NAME);
    let update = update.key("pk", key.clone()).key("sk", key).update_expression("SET expiresAt = :now");
    let now = AttributeValue::N(Timestamp::seconds_now().to_string());
    update.expression_attribute_values(":now", now).send().await.expect("the row is overwritten");
}

#[tokio::test]
async fn of_twenty_creations_with_one_external_id_one_succeeds() {
    let (functions, mut repeated) = (Functions::start(Settings::default()).await, 0);
    let rounds = rounds(10);
    for round in 0..rounds {
        let external_id = format!("acme-{round}");
        let (answers, again) = at_once(&functions, &of_each_owner(&external_id)).await;
        repeated += again;
        let one = expected([("ok", 1), ("409 external_id_taken", AT_ONCE - 1)]);
        assert_eq!(outcomes(&answers), one, "round {round}");
        winner(&functions, &answers, &external_id).await;
    }
    let contents = Contents::read(&functions.database.client).await;
    contents.expect_no_fault();
    assert_eq!((contents.organizations.len(), contents.external_ids.len()), (rounds, rounds));
    // Nothing is left of the refused ones: an organization, a member, a membership and an external id each.
    assert_eq!(items(&functions.database.client).await.len(), 4 * rounds);
    stack::report(&format!(
        "{AT_ONCE} creations with one external id at once, {rounds} times: one succeeded each time, {repeated} repeated"
    ));
}

#[tokio::test]
async fn of_twenty_creations_one_takes_over_an_external_id_that_has_become_free() {
    let functions = Functions::start(Settings::default()).await;
    let rounds = rounds(10);
    let mut holder = functions.send(&creating(0, "acme")).await.expect(201).clone();
    for round in 0..rounds {
        end(&functions, &holder).await;
        assert_eq!(look_up(&functions, "acme").await, json!([]));
        let (answers, _) = at_once(&functions, &of_each_owner("acme")).await;
        let one = expected([("ok", 1), ("409 external_id_taken", AT_ONCE - 1)]);
        assert_eq!(outcomes(&answers), one, "round {round}");
        holder = winner(&functions, &answers, "acme").await;
    }
    let contents = Contents::read(&functions.database.client).await;
    assert_eq!(contents.organizations.len(), rounds + 1);
    assert_eq!(contents.external_ids["acme"], holder["id"]);
}

#[tokio::test]
async fn of_twenty_repetitions_of_a_creation_all_get_its_answer() {
    let functions = Functions::start(Settings::default()).await;
    for round in 0..rounds(10) {
        let external_id = format!("acme-{round}");
        let request = creating(round, &external_id).header("idempotency-key", &format!("key-{round}"));
        let (mut answers, _) = at_once(&functions, &vec![request.clone(); AT_ONCE]).await;
        answers.push(functions.send(&request).await);
        let answered: Vec<_> = answers.iter().filter(|answer| is_ok(answer)).collect();
        assert!(answered.windows(2).all(|pair| pair[0].body == pair[1].body), "round {round}");
        for answer in answers.iter().filter(|answer| !is_ok(answer)) {
            answer.expect_error(409, "idempotency_in_progress");
        }
        winner(&functions, &answers[AT_ONCE..], &external_id).await;
    }
    Contents::read(&functions.database.client).await.expect_no_fault();
}

/// Each of two external ids goes to one organization, whichever requests have a key.
#[tokio::test]
async fn keys_and_external_ids_are_both_unique() {
    let functions = Functions::start(Settings::default()).await;
    for round in 0..rounds(10) {
        let ids = [format!("acme-{round}"), format!("emca-{round}")];
        let requests: Vec<_> = (0..AT_ONCE)
            .map(|index| match index % 4 {
                0 | 1 => creating(0, &ids[index % 2]).header("idempotency-key", &format!("key-{round}")),
                _ => creating(index, &ids[index % 2]),
            })
            .collect();
        let (answers, _) = at_once(&functions, &requests).await;
        for answer in answers.iter().filter(|answer| !is_ok(answer)) {
            let code = answer.body["code"].as_str().unwrap();
            let known = ["external_id_taken", "idempotency_key_reused", "idempotency_in_progress"];
            assert!(known.contains(&code), "{answer}");
        }
        for id in &ids {
            let found = look_up(&functions, id).await;
            assert_eq!(found.as_array().unwrap().len(), 1, "{id}");
            let created = answers.iter().filter(|answer| is_ok(answer) && answer.body["externalId"] == **id);
            assert!(created.into_iter().all(|answer| json!([answer.body]) == found), "{id}");
        }
    }
    Contents::read(&functions.database.client).await.expect_no_fault();
}
