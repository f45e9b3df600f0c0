//! All calls with all faults: each is answered rightly or by a clear error, in time; the table is as
//! before or as after; and the same call again ends as if there had been no fault.

use crate::calls;
use crate::cell::{Cell, Subject};
use crate::outcome::{Normal, Outcome};
use crate::world::Filling;
use futures_util::{StreamExt as _, stream};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

/// Cells at the same time: most of each is waiting for a retry.
const AT_ONCE: usize = 48;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_nothing_is_lost_and_nothing_is_doubled() {
    let started = Instant::now();
    let mut fillings = BTreeMap::new();
    let mut subjects = Vec::new();
    for call in calls::all() {
        let filling = match fillings.get(&call.table) {
            Some(filling) => Arc::clone(filling),
            None => Arc::new(Filling::new(call.table).await),
        };
        fillings.insert(call.table, filling.clone());
        let normal = Normal::of(&call, &filling).await;
        subjects.push(Arc::new(Subject { call, normal, filling }));
    }
    let cells: Vec<Cell> = subjects.iter().flat_map(Subject::cells).collect();
    let number = cells.len();
    let outcomes: Vec<_> = stream::iter(cells)
        .map(|cell| async {
            let run = tokio::spawn(async move { (cell.run().await, cell) });
            run.await.unwrap()
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;

    println!("{number} calls in {:.1} s\n\n{}", started.elapsed().as_secs_f64(), table(&subjects, &outcomes));
    let wrong: Vec<_> = outcomes
        .iter()
        .filter_map(|(outcome, cell)| outcome.as_ref().err().map(|wrong| format!("{cell}:\n{wrong}")))
        .collect();
    assert!(wrong.is_empty(), "{} of {number} are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// For each call and fault, all outcomes where the fault lasts.
fn table(subjects: &[Arc<Subject>], outcomes: &[(Result<Outcome, String>, Cell)]) -> String {
    let mut kinds: Vec<&str> = Vec::new();
    let mut found: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for (outcome, cell) in outcomes.iter().filter(|(_, cell)| cell.when.lasting) {
        let outcome = outcome.as_ref().map_or("wrong", |outcome| outcome.text());
        found.entry((cell.subject.call.name, cell.kind.name)).or_default().insert(outcome);
        if !kinds.contains(&cell.kind.name) {
            kinds.push(cell.kind.name);
        }
    }
    kinds.sort_unstable();
    let mut lines =
        vec![format!("| | {} |", kinds.join(" | ")), format!("|---{}|", "|---".repeat(kinds.len()))];
    for subject in subjects {
        let name = subject.call.name;
        let cells = kinds.iter().map(|kind| {
            found
                .get(&(name, *kind))
                .map_or_else(String::new, |all| all.iter().copied().collect::<Vec<_>>().join(", "))
        });
        lines.push(format!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | ")));
    }
    lines.join("\n")
}
