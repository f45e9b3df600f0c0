//! Handwritten histories of a list of members and a change. They test which answers [`crate::linearizable`]
//! accepts.

use crate::action::Action;
use crate::answer::Answer;
use crate::clients::Answered;
use crate::linearizable::explain;
use crate::model::Model;
use crate::moment::{Now, Time};
use crate::request::{Call, Request};
use crate::values::SERVICES;
use serde_json::{Value, json};

const ORGANIZATION: &str = "org_1";

/// The positions of the change in a history, and of lists before, during and after it.
const CHANGE: [usize; 2] = [1, 3];
const BEFORE: [usize; 2] = [0, 0];
const DURING: [usize; 2] = [2, 4];
const AFTER: [usize; 2] = [4, 5];

#[test]
fn a_list_shows_the_members_at_one_time_with_the_roles_at_an_earlier_time() {
    let add = Action::AddMember { user: "cyd", role: Some("admin") };
    let promote = Action::UpdateMember { user: "bob", role: "admin" };
    let remove = Action::RemoveMember { user: "amy" };
    let delete = Action::DeleteOrganization;
    let old = "amy admin, ann owner, bob member";
    for (change, list, moments) in [
        // The third list reads the roles before the addition, and the members after it.
        (&add, old.to_owned(), vec![BEFORE, DURING]),
        (&add, format!("{old}, cyd admin"), vec![DURING, AFTER]),
        (&add, format!("{old}, cyd member"), vec![DURING]),
        (&promote, old.to_owned(), vec![BEFORE, DURING]),
        (&promote, old.replace("bob member", "bob admin"), vec![DURING, AFTER]),
        // The last list would need the roles after the removal, and the members before it.
        (&remove, old.to_owned(), vec![BEFORE, DURING]),
        (&remove, old.replace("amy admin, ", ""), vec![DURING, AFTER]),
        (&remove, old.replace("amy admin", "amy member"), vec![]),
        (&delete, old.to_owned(), vec![BEFORE, DURING]),
    ] {
        let (first, change) = history(change);
        for moment in [BEFORE, DURING, AFTER] {
            let others = [change.clone(), listed(&first, &change, &list, moment)];
            let explained = explain(&first, &others).is_ok();
            assert_eq!(explained, moments.contains(&moment), "{list} at {moment:?} of {:?}", change.call);
        }
    }
}

/// The requests that create an organization, and a change of it.
fn history(change: &Action) -> (Vec<Answered>, Answered) {
    let mut model = Model::default();
    let mut make = |action: &Action, order| {
        let (call, time) = (call(action.clone()), time());
        let answer = model.attempt(&call, &time, &json!({ "id": ORGANIZATION })).unwrap();
        Answered { client: 0, call, asked: Vec::new(), faults: false, answer, stored: 0, time, order }
    };
    let create = Action::creation();
    let add = |user, role| Action::AddMember { user, role: Some(role) };
    let first = [create, add("amy", "admin"), add("bob", "member")];
    (first.iter().map(|action| make(action, BEFORE)).collect(), make(change, CHANGE))
}

/// A request that was answered with a list such as `ann owner, bob member`.
fn listed(first: &[Answered], change: &Answered, list: &str, order: [usize; 2]) -> Answered {
    let bodies = first.iter().chain([change]).map(|answered| &answered.answer.body);
    let joined = bodies.clone().next().unwrap()["createdAt"].clone();
    let member = |text: &str| {
        let (user, role) = text.split_once(' ').unwrap();
        let known = bodies.clone().find(|body| body["userId"] == user && body["joinedAt"].is_string());
        let joined = known.map_or(&joined, |body| &body["joinedAt"]);
        json!({
            "organizationId": ORGANIZATION,
            "userId": user,
            "role": role,
            "addedBy": if user == "ann" { "ann" } else { SERVICES[0] },
            "joinedAt": joined,
        })
    };
    let answer = Answer::ok(Value::Array(list.split(", ").map(member).collect()));
    let (call, time) = (call(Action::ListMembers { limit: None }), time());
    Answered { client: 1, call, asked: Vec::new(), faults: false, answer, stored: 0, time, order }
}

fn call(action: Action) -> Call {
    let caller = if let Action::AddMember { .. } = action { SERVICES[0] } else { "ann" };
    let request = Request::plain(caller, action);
    let (organization, reference) = (ORGANIZATION.to_owned(), String::new());
    Call { request, organization, version: 1, reference, page: None }
}

fn time() -> Time {
    let now = Now::read();
    Time { start: now.clone(), end: Some(now) }
}
