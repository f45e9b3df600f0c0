//! The events say what the answers said was done: each event was caused by one request, each request that was answered
//! as done has caused one, and every answer that shows a version shows what the events up to it made.

use crate::action::Action;
use crate::clients::Answered;
use crate::record_facts::{Fact, State, Tokens, read};
use crate::record_table::Events;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::slice;

/// The fields of an answer that the events name.
const FIELDS: [&str; 9] = [
    "name",
    "domain",
    "metadata",
    "maxOverages",
    "includedUnits",
    "maxMembers",
    "externalId",
    "deletedAt",
    "purgeAt",
];

/// How many events a request can have caused.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Effect {
    None,
    Perhaps,
    Certainly,
    /// Perhaps one in each organization.
    Several,
}

/// Checks all events against all answers.
pub fn check(events: &Events, all: &[Answered]) -> Result<(), String> {
    let (facts, states) = read(events);
    let mut tokens = Tokens::new();
    for Answered { answer, .. } in all {
        let text = |field: &str| answer.body[field].as_str().map(str::to_owned);
        if let (Some(token), Some(id), Some(role)) = (text("token"), text("id"), text("role")) {
            tokens.insert(token, (id, role));
        }
    }
    causes(&facts, all, &tokens)?;
    for answered in all {
        let body = &answered.answer.body;
        for body in body.as_array().map_or(slice::from_ref(body), Vec::as_slice) {
            shown(body, &facts, &states).map_err(|what| format!("{what}\n  {answered:?}"))?;
        }
        erased(answered, &facts)?;
    }
    Ok(())
}

/// Assigns each event to a request that can have caused it, and to each request that was answered as done an event.
fn causes(facts: &[Fact<'_>], all: &[Answered], tokens: &Tokens) -> Result<(), String> {
    // A request that ends several memberships has a place for each organization.
    let organizations: BTreeSet<_> = facts.iter().map(|fact| fact.organization).collect();
    let places = all.iter().flat_map(|answered| {
        let effect = answered.effect();
        let several = organizations.iter().filter(move |_| effect == Effect::Several);
        let one = matches!(effect, Effect::Perhaps | Effect::Certainly).then_some((answered, None));
        several.map(move |id| (answered, Some(*id))).chain(one)
    });
    let places: Vec<_> = places.collect();
    let fits = |(answered, id): &(&Answered, Option<&str>), fact: &Fact<'_>| {
        id.is_none_or(|id| id == fact.organization) && fact.is_explained_by(answered, tokens)
    };
    let of_fact: Vec<Vec<usize>> = facts
        .iter()
        .map(|fact| (0..places.len()).filter(|place| fits(&places[*place], fact)).collect())
        .collect();
    let mut of_place = vec![Vec::new(); places.len()];
    for (fact, fitting) in of_fact.iter().enumerate() {
        fitting.iter().for_each(|place| of_place[*place].push(fact));
    }
    let (mut place_of, mut fact_of) = (vec![None; facts.len()], vec![None; places.len()]);
    for (place, (answered, _)) in places.iter().enumerate() {
        let is_certain = answered.effect() == Effect::Certainly;
        if is_certain && !assign(place, &of_place, &mut fact_of, &mut place_of, &mut BTreeSet::new()) {
            return Err(format!("no event says what was answered as done: {answered:?}\n{facts:#?}"));
        }
    }
    // A place keeps an event, perhaps another one.
    for (number, fact) in facts.iter().enumerate() {
        let is_assigned = place_of[number].is_some();
        if !is_assigned && !assign(number, &of_fact, &mut place_of, &mut fact_of, &mut BTreeSet::new()) {
            return Err(format!("no request has caused {fact:#?}"));
        }
    }
    Ok(())
}

/// Assigns `one` to one of those that fit, whose own assignment may change. Returns false if that is impossible.
fn assign(
    one: usize,
    fitting: &[Vec<usize>],
    other_of: &mut [Option<usize>],
    one_of: &mut [Option<usize>],
    seen: &mut BTreeSet<usize>,
) -> bool {
    for other in &fitting[one] {
        if !seen.insert(*other) {
            continue;
        }
        let is_free = match one_of[*other] {
            None => true,
            Some(before) => assign(before, fitting, other_of, one_of, seen),
        };
        if is_free {
            (other_of[one], one_of[*other]) = (Some(*other), Some(one));
            return true;
        }
    }
    false
}

/// Checks an answer that shows a version of an organization.
fn shown(body: &Value, facts: &[Fact<'_>], states: &BTreeMap<(&str, u64), State>) -> Result<(), String> {
    let id = body["organizationId"].as_str().or(body["id"].as_str());
    let (Some(id), Some(version)) = (id, body["version"].as_u64()) else { return Ok(()) };
    let Some(state) = states.get(&(id, version)) else {
        return Err(format!("{id} has no event {version}"));
    };
    // An organization that is not deleted has no fields about that.
    let is_whole = body["name"].is_string();
    for field in FIELDS.into_iter().filter(|field| is_whole || body.get(*field).is_some()) {
        if body[field] != state.field(field) {
            return Err(format!("{id} at {version} has {field} {}", state.field(field)));
        }
    }
    let event = facts.iter().find(|fact| fact.organization == id && fact.number == version).unwrap().event;
    if body["updatedAt"] != event["at"] {
        return Err(format!("{id} was changed at {}", event["at"]));
    }
    Ok(())
}

/// Checks that each organization that an erased user has left has an event of it.
fn erased(answered: &Answered, facts: &[Fact<'_>]) -> Result<(), String> {
    let (Action::DeleteUser { user }, 200) = (answered.call.action(), answered.answer.status) else {
        return Ok(());
    };
    for (list, kinds) in
        [("deleted", &["organization.deleted"][..]), ("left", &["organization.deleted", "member.removed"])]
    {
        for id in answered.answer.body[list].as_array().unwrap() {
            let is_end = |fact: &&Fact<'_>| {
                let event = fact.event;
                fact.organization == id
                    && kinds.iter().any(|kind| event["type"] == *kind)
                    && (event["target"].is_null() || event["target"]["userId"] == *user)
            };
            if !facts.iter().any(|fact| is_end(&fact)) {
                return Err(format!("no event says that {user} has left {id}: {answered:?}"));
            }
        }
    }
    Ok(())
}

impl Answered {
    fn effect(&self) -> Effect {
        let action = self.call.action();
        match (action, self.answer.status) {
            _ if action.is_read() => Effect::None,
            (Action::RecordUsage { .. }, _) => Effect::None,
            // It may fail after it has ended some memberships.
            (Action::DeleteUser { .. }, 200) => Effect::Several,
            (Action::DeleteUser { .. }, 409 | 422 | 503)
                if self.answer.code() != Some("validation_failed") =>
            {
                Effect::Several
            }
            (_, 503) => Effect::Perhaps,
            (_, 400..) => Effect::None,
            // They may have found nothing to do.
            (Action::DeleteOrganization | Action::RestoreOrganization, _) => Effect::Perhaps,
            (Action::CreateOrganization { .. }, _) if self.answer.replayed => Effect::None,
            (Action::AcceptInvitation { .. }, 200) => Effect::None,
            _ => Effect::Certainly,
        }
    }
}
