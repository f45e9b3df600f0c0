//! All calls with all faults. Each call gets the right answer or a clear error, in time. The table is either
//! unchanged or fully changed. Repeating the call ends as if there had been no fault.

use crate::calls;
use crate::cell::{Cell, Subject};
use crate::filling::Filling;
use crate::outcome::{Normal, Outcome};
use crate::pace::Pace;
use futures_util::{StreamExt as _, stream};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

/// The number of cells that run at the same time. It is large, because most of them wait for a retry. It is
/// not larger, because each attempt needs processor time before it times out.
const AT_ONCE: usize = 96;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_loses_or_duplicates_a_write() {
    let (started, pace) = (Instant::now(), Pace::start());
    let mut fillings = BTreeMap::new();
    let mut subjects = Vec::new();
    let only = std::env::var("CALLS").unwrap_or_default();
    for call in calls::all().into_iter().filter(|call| call.name.contains(&only)) {
        let filling = match fillings.get(&call.table) {
            Some(filling) => Arc::clone(filling),
            None => Arc::new(Filling::new(call.table).await),
        };
        fillings.insert(call.table, filling.clone());
        let normal = Normal::of(&call, &filling).await;
        subjects.push(Arc::new(Subject { call, normal, filling }));
    }
    let mut cells: Vec<Cell> = subjects.iter().flat_map(Subject::cells).collect();
    // The slowest first.
    cells.sort_by_key(|cell| !cell.kind.is_slow());
    let number = cells.len();
    let outcomes: Vec<_> = stream::iter(cells)
        .map(|cell| async {
            let pace = pace.clone();
            let run = tokio::spawn(async move { (cell.run(&pace).await, cell) });
            run.await.unwrap()
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;

    let again = outcomes.iter().filter(|((_, attempts), _)| *attempts > 1).count();
    let outcomes: Vec<_> = outcomes.into_iter().map(|((outcome, _), cell)| (outcome, cell)).collect();
    let faults = table(&outcomes, |cell| (cell.kind.name.to_owned(), cell.when.text()));
    let calls = table(&outcomes, |cell| (cell.subject.call.name.clone(), cell.kind.name));
    let seconds = started.elapsed().as_secs_f64();
    let lost = pace.lost().as_secs_f64();
    println!("{number} calls in {seconds:.1} s, of which a task lost {lost:.1} s; {again} were made again\n");
    println!("{faults}\n\n{calls}");
    let wrong: Vec<_> = outcomes
        .iter()
        .filter_map(|(outcome, cell)| outcome.as_ref().err().map(|wrong| format!("{cell}:\n{wrong}")))
        .collect();
    assert!(wrong.is_empty(), "{} of {number} calls ended wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// A Markdown table that counts outcomes. `place` gives the row and the column of a cell.
fn table(
    outcomes: &[(Result<Outcome, String>, Cell)],
    place: impl Fn(&Cell) -> (String, &'static str),
) -> String {
    let mut columns = BTreeSet::new();
    let mut rows: BTreeMap<String, BTreeMap<&str, BTreeMap<&str, usize>>> = BTreeMap::new();
    for (outcome, cell) in outcomes {
        let (row, column) = place(cell);
        let outcome = outcome.as_ref().map_or("wrong", |outcome| outcome.text());
        *rows.entry(row).or_default().entry(column).or_default().entry(outcome).or_default() += 1;
        columns.insert(column);
    }
    let line = |first: &str, cells: Vec<String>| format!("| {first} | {} |", cells.join(" | "));
    let heads = columns.iter().map(|column| (*column).to_owned()).collect();
    let mut lines = vec![line("", heads), line("---", vec!["---".to_owned(); columns.len()])];
    for (row, found) in rows {
        let texts = |column: &&str| {
            let counts = found.get(column).into_iter().flatten();
            counts.map(|(outcome, count)| format!("{count} {outcome}")).collect::<Vec<_>>().join(", ")
        };
        lines.push(line(&row, columns.iter().map(texts).collect()));
    }
    lines.join("\n")
}
