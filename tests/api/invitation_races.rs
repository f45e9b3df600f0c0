//! The limits of growth, and the one use of an invitation, under concurrent requests of many users. They go to the
//! functions in this process: the stack has four instances of each, so at most four requests overlap there.
//! [`crate::joining_races`] has those of few users.
//!
//! `RACES=10` runs ten times as many rounds of those that are repeated.

use crate::{
    in_process::{Answer, Functions, accepting, inviting},
    invitations::text,
    stack,
};
use functions::Operation;
use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::settings::Settings;
use std::{collections::BTreeMap, env};
use support::{database::items, event, invariants::Contents};

/// `number` times `RACES`.
pub(crate) fn rounds(number: usize) -> usize {
    let times = env::var("RACES").map_or(1, |times| times.parse().expect("RACES is a number"));
    number * times
}

/// Sends all requests at once, and each again while its answer is a conflict, or a 503 on a machine with much else
/// to do. So a request must do nothing more when it is repeated. Returns the answers, and how many were repetitions.
pub(crate) async fn at_once(functions: &Functions, requests: &[event::Request]) -> (Vec<Answer>, usize) {
    let sent = requests.iter().map(async |request| {
        let mut repetitions = 0;
        loop {
            let answer = functions.send(request).await;
            if !answer.is_conflict() && answer.status != 503 {
                return (answer, repetitions);
            }
            repetitions += 1;
            assert!(repetitions < 30, "{answer}");
        }
    });
    let (answers, repetitions): (Vec<_>, Vec<_>) = join_all(sent).await.into_iter().unzip();
    (answers, repetitions.iter().sum())
}

pub(crate) fn is_ok(answer: &Answer) -> bool {
    // A repetition of a creation is answered with 200.
    [200, 201].contains(&answer.status)
}

/// How many answers are successes, and how many have each error.
pub(crate) fn outcomes(answers: &[Answer]) -> BTreeMap<String, usize> {
    let mut outcomes = BTreeMap::new();
    for answer in answers {
        let outcome = match is_ok(answer) {
            true => "ok".to_owned(),
            false => format!("{} {}", answer.status, answer.body["code"].as_str().unwrap_or_default()),
        };
        *outcomes.entry(outcome).or_default() += 1;
    }
    outcomes
}

fn of_address(inviter: &str, organization: &str, name: &str) -> event::Request {
    inviting(inviter, organization, json!({ "email": format!("{name}@example.com") }))
}

pub(crate) fn expected<const N: usize>(outcomes: [(&str, usize); N]) -> BTreeMap<String, usize> {
    outcomes.map(|(outcome, count)| (outcome.to_owned(), count)).into()
}

/// The link that an owner or service makes.
pub(crate) async fn link(functions: &Functions, inviter: &str, organization: &str, role: &str) -> Value {
    let invited = functions.send(&inviting(inviter, organization, json!({ "role": role }))).await;
    invited.expect(201).clone()
}

#[tokio::test]
async fn of_twenty_users_who_accept_one_link_at_once_one_joins() {
    let (functions, mut repeated) = (Functions::start(Settings::default()).await, 0);
    let rounds = rounds(20);
    let organization = functions.organization("ann").await;
    for round in 0..rounds {
        let link = link(&functions, "ann", &organization, "member").await;
        let users: Vec<_> = (0..20).map(|user| format!("user-{round}-{user}")).collect();
        let requests: Vec<_> = users.iter().map(|user| accepting(user, &link)).collect();
        let (answers, again) = at_once(&functions, &requests).await;
        repeated += again;
        let one = expected([("ok", 1), ("404 invitation_not_found", 19)]);
        assert_eq!(outcomes(&answers), one, "round {round}");
        // The winner's repetition gets the same answer, and nobody else's does.
        let winner = answers.iter().position(is_ok).unwrap();
        let again = functions.send(&requests[winner]).await;
        assert_eq!(again.expect(200), &answers[winner].body);
        assert_eq!(again.body["userId"], users[winner]);
    }
    let contents = Contents::read(&functions.database.client).await;
    contents.expect_no_fault();
    let found = &contents.organizations[&organization];
    assert_eq!((found.members.len() as u64, found.version), (rounds as u64 + 1, 2 * rounds as u64 + 1));
    stack::report(&format!(
        "20 users accepted each of {rounds} links at once: {rounds} joined, {} refused, {repeated} repeated",
        19 * rounds
    ));
}

#[tokio::test]
async fn of_fifty_who_accept_at_once_three_get_the_last_three_places_of_admins() {
    let functions = Functions::start(Settings::default()).await;
    let organization = functions.organization("ann").await;
    for index in 0..96 {
        let body = json!({ "userId": format!("admin-{index}"), "role": "admin" });
        let add =
            event::Request::new(Operation::AddMember, "service:crm").of("organization_id", &organization);
        functions.send(&add.body(body)).await.expect(201);
    }
    let mut requests = Vec::new();
    for user in 0..50 {
        let link = link(&functions, "service:crm", &organization, "admin").await;
        requests.push(accepting(&format!("user-{user}"), &link));
    }
    let (answers, repeated) = at_once(&functions, &requests).await;
    assert_eq!(outcomes(&answers), expected([("ok", 3), ("422 too_many_admins", 47)]));
    let contents = Contents::read(&functions.database.client).await;
    contents.expect_no_fault();
    let found = &contents.organizations[&organization];
    assert_eq!(found.members.values().filter(|role| *role == "admin").count(), 99);
    let accepted = found.invitations.values().filter(|user| user.is_some()).count();
    assert_eq!((found.members.len(), accepted), (100, 3));
    stack::report(&format!(
        "50 users accepted 50 links for 3 places: 3 joined, 47 refused, {repeated} repeated"
    ));
}

#[tokio::test]
async fn of_120_invitations_made_at_once_100_are_pending() {
    let functions = Functions::start(Settings::default()).await;
    let organization = functions.organization("ann").await;
    let requests: Vec<_> =
        (0..120).map(|index| of_address("ann", &organization, &format!("user-{index}"))).collect();
    let (answers, repeated) = at_once(&functions, &requests).await;
    assert_eq!(outcomes(&answers), expected([("ok", 100), ("422 too_many_invitations", 20)]));
    let contents = Contents::read(&functions.database.client).await;
    contents.expect_no_fault();
    let found = &contents.organizations[&organization];
    assert_eq!(found.invitations.len(), 100);
    stack::report(&format!("120 invitations at once: 100 pending, 20 refused, {repeated} repeated"));
}

#[tokio::test]
async fn while_an_invitation_ends_at_most_one_of_twenty_takes_its_place() {
    let functions = Functions::start(Settings::default()).await;
    let organization = functions.organization("ann").await;
    let mut links = Vec::new();
    for _ in 0..100 {
        links.push(link(&functions, "ann", &organization, "member").await);
    }
    let (mut taken, rounds) = (0, rounds(8));
    for round in 0..rounds {
        let ends = match round % 2 {
            0 => event::Request::new(Operation::RevokeInvitation, "ann")
                .of("organization_id", &organization)
                .of("invitation_id", text(&links[round % 100], "id")),
            _ => accepting(&format!("user-{round}"), &links[round % 100]),
        };
        let one = |index| of_address("ann", &organization, &format!("user-{round}-{index}"));
        let mut requests: Vec<_> = (0..20).map(one).collect();
        requests.insert(round % 20, ends);
        let (mut answers, _) = at_once(&functions, &requests).await;
        let ended = answers.remove(round % 20);
        assert!(is_ok(&ended), "{ended}");
        let made = answers.iter().filter(|answer| is_ok(answer)).count();
        assert!(made <= 1, "round {round}: {:?}", outcomes(&answers));
        taken += made;
        if made == 0 {
            functions.send(&inviting("ann", &organization, json!({}))).await.expect(201);
        }
        let one_more = functions.send(&inviting("ann", &organization, json!({}))).await;
        one_more.expect_error(422, "too_many_invitations");
        Contents::read(&functions.database.client).await.expect_no_fault();
    }
    stack::report(&format!(
        "20 invitations at once while one of 100 ended, {rounds} times: {taken} took its place at once, never two"
    ));
}

#[tokio::test]
async fn of_110_organizations_that_a_user_creates_at_once_100_are_created() {
    let functions = Functions::start(Settings::default()).await;
    let create = |user, key: usize| {
        let request = event::Request::new(Operation::CreateOrganization, user);
        let request = request.header("idempotency-key", &format!("key-{key}"));
        request.body(json!({ "organizationName": "Acme" }))
    };
    let requests: Vec<_> = (0..110).map(|key| create("ann", key)).collect();
    let (answers, repeated) = at_once(&functions, &requests).await;
    assert_eq!(outcomes(&answers), expected([("ok", 100), ("422 too_many_organizations", 10)]));
    for refused in answers.iter().filter(|answer| answer.status == 422) {
        assert_eq!(refused.body["details"], json!({ "max": 100 }));
    }
    functions.send(&create("bob", 0)).await.expect(201);
    let contents = Contents::read(&functions.database.client).await;
    contents.expect_no_fault();
    assert_eq!((contents.organizations.len(), contents.created["ann"]), (101, 100));
    assert_eq!(items(&functions.database.client).await.len(), 101 * 4 + 2);
    stack::report(&format!("110 organizations at once: 100 created, 10 refused, {repeated} repeated"));
}
