//! Concurrent requests: afterwards the table is consistent, and contains exactly the answered changes.

use crate::action::Action;
use crate::clients::{self, Answered};
use crate::hidden;
use crate::histories::{Histories, Tally};
use crate::model::MAX_ORGANIZATIONS;
use crate::strategy::{self, Concurrent};
use crate::totals::Totals;
use crate::usage::Report;
use crate::values::is_service;
use std::collections::{BTreeMap, BTreeSet};
use support::database::Database;
use support::invariants::Contents;

#[test]
fn every_answered_change_is_made_once_and_the_table_stays_consistent() {
    let histories = Histories::new("concurrent", 30);
    histories.run(strategy::concurrent(4, 4..12), run);
    histories.expect_every_operation();
}

async fn run(history: Concurrent, seed: u64) -> Result<Tally, String> {
    let history = history.seeded(seed);
    let database = Database::start().await;
    let (mut all, others) = clients::run(&database, &history).await;
    all.extend(others);
    let mut contents = Contents::read(&database.client).await;
    for answered in &all {
        let definite = is_definite(answered);
        contents.must(definite, "not a definite answer", &format!("{answered:?}"));
    }
    changes(&mut contents, &all);
    creations(&mut contents, &all);
    acceptances(&mut contents, &all);
    usage(&mut contents, &all);
    hidden::check(&mut contents, &database, &all).await;
    if !contents.faults.is_empty() {
        return Err(contents.faults.join("\n"));
    }
    Ok(history.tally(&all))
}

/// True if the answer is definite, or if the request met faults that explain an indefinite one.
fn is_definite(Answered { answer, faults, .. }: &Answered) -> bool {
    match answer.status {
        503 => *faults,
        500.. => false,
        _ => *faults || !matches!(answer.code(), Some("conflict" | "idempotency_in_progress")),
    }
}

/// The changes, additions and removals that were answered as done, and those answered 503. Deletions and
/// restorations are counted apart.
#[derive(Default)]
struct Changes {
    done: [i64; 3],
    open: [i64; 3],
    /// The times of deletions.
    deleted: BTreeSet<String>,
    /// The number of deletions whose answers do not show one: unanswered, or undone before they were answered.
    open_deletions: i64,
}

/// Checks that the version counts the changes, and that the number of members is additions less removals.
fn changes(contents: &mut Contents, all: &[Answered]) {
    let mut organizations: BTreeMap<&str, Changes> = BTreeMap::new();
    for Answered { call, answer, .. } in all {
        let bodies = answer.body.as_array().map_or(std::slice::from_ref(&answer.body), Vec::as_slice);
        for body in bodies.iter().filter(|body| body["deletedAt"].is_string()) {
            let of = organizations.entry(body["id"].as_str().unwrap()).or_default();
            of.deleted.insert(body["deletedAt"].as_str().unwrap().to_owned());
        }
        let of = organizations.entry(&call.organization).or_default();
        if let Action::DeleteOrganization = call.action()
            && matches!(answer.status, 200 | 503)
            && !answer.body["deletedAt"].is_string()
        {
            of.open_deletions += 1;
        }
        let kind = match call.action().growth() {
            Some(0) => 0,
            Some(1..) => 1,
            Some(_) => 2,
            None => continue,
        };
        match (call.action(), answer.status) {
            // It was accepted before.
            (Action::AcceptInvitation { .. }, 200) => {}
            (_, 200..300) => of.done[kind] += 1,
            (_, 503) => of.open[kind] += 1,
            _ => {}
        }
    }
    // Any of them may have ended a membership in any organization, or an organization with it.
    let is_erasure = |answered: &&Answered| matches!(answered.call.action(), Action::DeleteUser { .. });
    let erasures =
        all.iter().filter(is_erasure).filter(|one| matches!(one.answer.status, 200 | 409 | 422 | 503));
    let erasures = erasures.count() as i64;
    for (id, Changes { done, mut open, deleted, open_deletions }) in organizations {
        open[2] += erasures;
        let Some(found) = contents.organizations.get(id) else { continue };
        let (version, members) = (found.version as i64, found.members.len() as i64);
        // Every deletion is followed by a restoration, but for the last one of a deleted organization. An organization that
        // ended with its last owner may have been restored before.
        let stays = found.is_deleted && (!found.is_gone || erasures == 0);
        let changes_for = |deletions: i64| 2 * deletions - i64::from(stays && deletions > 0);
        let certain = 1 + done.iter().sum::<i64>();
        let deletions = deleted.len() as i64;
        let versions = certain + changes_for(deletions)
            ..=certain + open.iter().sum::<i64>() + changes_for(deletions + open_deletions);
        let stayed = 1 + done[1] - done[2];
        let counts = stayed - open[2]..=stayed + open[1];
        contents.must(versions.contains(&version), &format!("version {version}, not {versions:?}"), id);
        contents.must(counts.contains(&members), &format!("{members} members, not {counts:?}"), id);
    }
}

/// Checks that every creation made one organization, counting all creations with the same caller and key as
/// one, and that nobody has created too many.
fn creations(contents: &mut Contents, all: &[Answered]) {
    let mut created = BTreeSet::new();
    let mut open = 0;
    for Answered { call, answer, .. } in all {
        let Action::CreateOrganization { key, name, domain, .. } = call.action() else { continue };
        let id = answer.body["id"].as_str().unwrap_or_default().to_owned();
        open += usize::from(answer.status == 503);
        if answer.code() == Some("too_many_organizations") {
            let count = contents.created.get(call.request.caller);
            let is_full = count == Some(&u64::from(MAX_ORGANIZATIONS));
            contents.must(is_full, "refused to create another", call.request.caller);
        }
        if answer.status != 201 {
            continue;
        }
        contents.must(contents.organizations.contains_key(&id), "answered but not created", &id);
        if let Some(key) = key {
            let recorded = contents.idempotency.get(&(call.request.caller.to_owned(), (*key).to_owned()));
            contents.must(recorded == Some(&id), "not the organization recorded for its key", &id);
            let asked = [name.1.ok(), domain.and_then(|(_, domain)| domain.ok())];
            let answered = ["name", "domain"].map(|field| answer.body[field].as_str());
            contents.must(answered == asked, "answered with the organization of another request", &id);
        }
        created.insert(id);
    }
    let (found, made) = (contents.organizations.len(), created.len());
    let counts = made..=made + open;
    contents.must(counts.contains(&found), &format!("{found} organizations, not {counts:?}"), "the table");
    let most = contents.created.values().max().copied().unwrap_or_default();
    contents.must(
        most <= MAX_ORGANIZATIONS.into(),
        &format!("{most} organizations of one user"),
        "the table",
    );
}

/// Checks that each total of a period is the sum of what was answered as recorded.
fn usage(contents: &mut Contents, all: &[Answered]) {
    let mut totals = Totals::default();
    for Answered { call, answer, .. } in all {
        if let Some(report) = Report::of(call, &answer.body) {
            totals.count(&call.organization, &report, (answer.status, &answer.body));
        }
    }
    for fault in &totals.faults {
        contents.must(false, fault, "usage");
    }
    let reported = all.iter().filter_map(|Answered { call, answer, .. }| {
        let report = Report::of(call, &answer.body).filter(|_| answer.status == 200)?;
        Some((
            call.organization.clone(),
            answer.body["period"].as_str().unwrap_or(report.period()).to_owned(),
        ))
    });
    let places: BTreeSet<_> = contents.usage.keys().cloned().chain(reported).collect();
    for (id, period) in places {
        let used = contents.usage.get(&(id.clone(), period.clone())).copied().unwrap_or_default();
        let is_sum = totals.can_be(&id, &period, used.try_into().unwrap());
        contents.must(is_sum, &format!("the total {used} of {period} is not what was recorded"), &id);
    }
}

/// Checks that one user at most has accepted each invitation, once, and that every member who joined by one is
/// that user.
fn acceptances(contents: &mut Contents, all: &[Answered]) {
    let mut accepted: BTreeMap<&str, Vec<(&str, u16)>> = BTreeMap::new();
    for Answered { call, answer, .. } in all {
        if let (Action::AcceptInvitation { .. }, 200..300) = (call.action(), answer.status) {
            contents.must(!is_service(call.request.caller), "a service has joined", &call.organization);
            let token = accepted.entry(&call.reference).or_default();
            token.push((call.request.caller, answer.status));
        }
    }
    for (token, answers) in accepted {
        let users: BTreeSet<_> = answers.iter().map(|(user, _)| user).collect();
        let first = answers.iter().filter(|(_, status)| *status == 201).count();
        contents.must(users.len() == 1 && first <= 1, "accepted twice", &format!("{token} {answers:?}"));
    }
    let mut wrong = Vec::new();
    for (id, organization) in &contents.organizations {
        for (user, invitation) in &organization.joined_by {
            let accepted_by = organization.invitations.get(invitation).cloned().flatten();
            if accepted_by.as_ref() != Some(user) {
                wrong.push(format!("{user} joined {id} by {invitation}, accepted by {accepted_by:?}"));
            }
        }
    }
    contents.must(wrong.is_empty(), "members by invitations of others", &wrong.join(", "));
}
