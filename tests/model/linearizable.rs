//! Linearizability of requests to one organization: each is answered as if it was executed at one point in
//! time between its start and its end. So there is an order of these points in which the reference model
//! gives all of the answers.
//!
//! Some requests have several points, because they read items without isolation between them.
//! [`crate::action::Action::parts`] lists those of each operation:
//!
//! - getOrganization and getMember read the caller's membership and the organization, in any order; getMember
//!   reads the member, too. listOrganizations reads the memberships, then the organizations. A caller removed
//!   in between sees the role `member`.
//! - listMembers and listInvitations read the caller's membership and the organization, in any order, and then
//!   the members or invitations. A member who became an owner or admin in between appears with the role
//!   `member`. A list that begins after a change was answered shows the change.
//! - previewInvitation reads the invitation and the organization, in any order. So does an acceptInvitation
//!   that finds that the caller has accepted before. The transaction that accepts has one point.
//! - removeMember reads the organization after the change. So does a change that is retried and finds that
//!   it was already made, and an acceptInvitation reads the member. They also show later changes of others.

use crate::clients::{self, Answered};
use crate::histories::{Histories, Tally};
use crate::model::Model;
use crate::steps::{Reference, Step, View};
use crate::strategy::{self, Concurrent};
use serde_json::json;
use stateright::semantics::{ConsistencyTester, LinearizabilityTester};
use std::cell::Cell;
use std::fmt::Write as _;
use std::sync::Arc;
use support::database::Database;

/// Fields of answers, and false values.
const FALSE: [(&str, &str); 4] = [
    ("version", "1000"),
    ("joinedAt", "2000-01-01T00:00:00.000Z"),
    ("expiresAt", "2000-01-01T00:00:00.000Z"),
    ("code", "no_such_code"),
];

#[test]
fn requests_to_one_organization_are_linearizable() {
    Histories::new("linearizable", 40).run(strategy::of_one_organization(3, 2..7), run);
}

#[test]
fn requests_for_one_invitation_are_linearizable() {
    Histories::new("one invitation", 40).run(strategy::of_one_invitation(), run);
}

#[test]
fn reports_and_changes_of_the_limit_form_one_order() {
    Histories::new("one limit", 60).run(strategy::of_one_limit(3, 2..4), async |history, seed| {
        let (tally, first, others) = answers(history, seed).await;
        let search = tokio::task::spawn_blocking(move || {
            explain(&first, &others)?;
            explain_view(&first, &others, View::OneOrder)
        });
        search.await.unwrap().map(|()| tally)
    });
}

async fn run(history: Concurrent, seed: u64) -> Result<Tally, String> {
    let (tally, first, others) = answers(history, seed).await;
    // On a thread of its own: a long search must not let the requests of other histories time out.
    let search = tokio::task::spawn_blocking(move || explain(&first, &others));
    search.await.unwrap().map(|()| tally)
}

/// The answers to a history, half of the time with faults.
async fn answers(history: Concurrent, seed: u64) -> (Tally, Vec<Answered>, Vec<Answered>) {
    let history = history.seeded(seed);
    let database = Database::start().await;
    let (first, others) = clients::run(&database, &history).await;
    (history.tally(first.iter().chain(&others)), first, others)
}

/// Checks that the test can fail. The histories are short, because the tester tries all orders of a wrong
/// one.
#[test]
fn no_order_explains_a_false_answer() {
    let tried = Cell::new(0);
    let false_answers = async |history: Concurrent, _| {
        let database = Database::start().await;
        let history = Concurrent { last: Vec::new(), ..history };
        let (first, others) = clients::run(&database, &history).await;
        for (number, field) in (0..others.len()).flat_map(|number| FALSE.map(|field| (number, field))) {
            let mut changed = others.clone();
            let (field, value) = field;
            let body = &mut changed[number].answer.body;
            if body[field].is_null() {
                continue;
            }
            body[field] = json!(value);
            explain(&first, &changed).expect_err(&format!("an order explains a false {field}"));
            tried.set(tried.get() + 1);
        }
        Ok(history.tally(first.iter().chain(&others)))
    };
    Histories::new("false answers", 8).run(strategy::of_one_organization(2, 2..4), false_answers);
    assert!(tried.get() > 0);
}

/// Succeeds if the model explains the answers of `first`, and of `others` in some order after them.
pub fn explain(first: &[Answered], others: &[Answered]) -> Result<(), String> {
    explain_view(first, others, View::Parts)
}

fn explain_view(first: &[Answered], others: &[Answered], view: View) -> Result<(), String> {
    let mut model = Model::default();
    for Answered { call, time, answer, .. } in first {
        model.step(call, time, answer)?;
    }
    let others: Vec<_> = others.iter().cloned().map(Arc::new).collect();
    let steps: Vec<Step> =
        others.iter().enumerate().flat_map(|(number, answered)| Step::of(number, answered, view)).collect();
    let mut tester = LinearizabilityTester::new(Reference::from(model));
    for (begins, step) in in_order(&steps) {
        if begins {
            tester.on_invoke(step.thread(), step.clone())?;
        } else if !step.is_in_doubt {
            tester.on_return(step.thread(), ())?;
        }
    }
    if tester.is_consistent() { Ok(()) } else { Err(describe(&others)) }
}

/// The starts and ends of all steps, in order.
fn in_order(steps: &[Step]) -> impl Iterator<Item = (bool, &Step)> {
    let mut events: Vec<_> = steps
        .iter()
        .flat_map(|step| step.answered.order.into_iter().zip([(true, step), (false, step)]))
        .collect();
    events.sort_by_key(|(event, _)| *event);
    events.into_iter().map(|(_, event)| event)
}

/// Describes a history that no order explains.
fn describe(all: &[Arc<Answered>]) -> String {
    let mut text = "no order of these requests explains their answers:".to_owned();
    for answered in all {
        let Answered { client, call, asked, answer, order: [began, ended], .. } = &**answered;
        let (caller, action, condition) = (call.request.caller, call.action(), call.condition());
        write!(text, "\n{client}: {began} to {ended} {caller} {action:?} {condition:?} {asked:?}").unwrap();
        write!(text, "\n     {} {}", answer.status, answer.body).unwrap();
    }
    text
}
