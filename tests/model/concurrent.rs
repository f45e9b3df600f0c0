//! Concurrent requests: afterwards the table is consistent, and contains exactly the answered changes.

use crate::action::Action;
use crate::clients::{self, Answered};
use crate::histories::Histories;
use crate::strategy::{self, Concurrent};
use std::collections::{BTreeMap, BTreeSet};
use support::database::Database;
use support::invariants::Contents;

#[test]
fn every_answered_change_is_made_once_and_the_table_stays_consistent() {
    Histories::new("concurrent", 30).run(strategy::concurrent(4, 3..10), run);
}

async fn run(history: Concurrent) -> Result<usize, String> {
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
    if contents.faults.is_empty() { Ok(all.len()) } else { Err(contents.faults.join("\n")) }
}

/// True if the answer is definite, or if the request met faults that explain an indefinite one.
fn is_definite(Answered { answer, faults, .. }: &Answered) -> bool {
    match answer.status {
        503 => *faults,
        409 => answer.body["code"] == "member_already_exists" || *faults,
        500.. => false,
        _ => true,
    }
}

/// Checks that the version counts the changes, and that the number of members is additions less removals.
fn changes(contents: &mut Contents, all: &[Answered]) {
    /// The changes, additions and removals that were answered as done, and those answered 503.
    #[derive(Default)]
    struct Tally([[i64; 3]; 2]);
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for Answered { call, answer, .. } in all {
        let kind = match call.action().growth() {
            Some(0) => 0,
            Some(1..) => 1,
            Some(_) => 2,
            None => continue,
        };
        let counted = match answer.status {
            200..300 => 0,
            503 => 1,
            _ => continue,
        };
        tallies.entry(&call.organization).or_default().0[counted][kind] += 1;
    }
    for (id, Tally([done, open])) in tallies {
        let Some(found) = contents.organizations.get(id) else { continue };
        let (version, members) = (found.version as i64, found.members.len() as i64);
        let changes = 1 + done.iter().sum::<i64>();
        let versions = changes..=changes + open.iter().sum::<i64>();
        let stayed = 1 + done[1] - done[2];
        let counts = stayed - open[2]..=stayed + open[1];
        contents.must(versions.contains(&version), &format!("version {version}, not {versions:?}"), id);
        contents.must(counts.contains(&members), &format!("{members} members, not {counts:?}"), id);
    }
}

/// Checks that every creation made one organization, counting all creations with the same caller and key as
/// one.
fn creations(contents: &mut Contents, all: &[Answered]) {
    let mut created = BTreeSet::new();
    let mut open = 0;
    for Answered { call, answer, .. } in all {
        let Action::CreateOrganization { key, name, domain } = call.action() else { continue };
        let id = answer.body["id"].as_str().unwrap_or_default().to_owned();
        open += usize::from(answer.status == 503);
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
}
