//! One fault at one request of one call.

use crate::calls::Call;
use crate::filling::Filling;
use crate::outcome::{Allowed, Normal, Outcome};
use crate::pace::Pace;
use crate::world::World;
use shared::edge::FUNCTION_TIMEOUT;
use std::fmt::{self, Display, Formatter};
use std::sync::Arc;
use std::time::Duration;
use support::faults::{Fault, Kind};

/// If a call lost less time by waiting for a processor, its outcome counts. The functions wait longer for DynamoDB.
const KEPT_UP: Duration = Duration::from_secs(1);

/// Maximum number of attempts at a call on a machine that does not keep up.
const MAX_ATTEMPTS: usize = 5;

/// One kind of each group of faults that look the same to a function: the request was not executed, or its answer
/// was lost. The others are the only ones of their group.
const GROUPS: [&str; 6] =
    ["throttled", "answer lost", "conflict", "item throttled", "keys unprocessed", "refused without items"];

/// A call, its outcome without faults, and the content of its table.
pub struct Subject {
    pub call: Call,
    pub normal: Normal,
    pub filling: Arc<Filling>,
}

/// When a call meets the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct When {
    /// True if the fault hits all requests from then on, false if it hits only one.
    pub lasting: bool,
    pub after: After,
}

/// What happened to the previous request. Because of it, the store or the SDK sends the request that meets
/// the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum After {
    Nothing,
    /// It was executed but its answer was lost, so the SDK retries it.
    LostAnswer,
    /// It was refused without the items, so the store reads them.
    Unexplained,
}

/// A fault at a request.
pub struct Cell {
    pub subject: Arc<Subject>,
    pub kind: Kind,
    pub when: When,
    /// The number of the request.
    pub at: usize,
}

impl When {
    /// A short text for a table.
    pub fn text(self) -> &'static str {
        match (self.lasting, self.after) {
            (false, After::Nothing) => "once",
            (true, After::Nothing) => "lasting",
            (false, After::LostAnswer) => "once, after a lost answer",
            (true, After::LostAnswer) => "lasting, after a lost answer",
            (false, After::Unexplained) => "once, after an unexplained refusal",
            (true, After::Unexplained) => "lasting, after an unexplained refusal",
        }
    }
}

impl Subject {
    /// All cells of the call.
    pub fn cells(subject: &Arc<Self>) -> Vec<Cell> {
        let mut cells = Vec::new();
        for (at, action) in subject.normal.actions.iter().enumerate() {
            let is_write = ["UpdateItem", "TransactWriteItems"].contains(&action.as_str());
            let mut faults = vec![(After::Nothing, Kind::all(action))];
            if is_write {
                faults.push((After::LostAnswer, Kind::all(action)));
            }
            if is_write && subject.normal.changes_nothing() {
                faults.push((After::Unexplained, Kind::all("TransactGetItems")));
            }
            let like_another = subject.call.like_another;
            for (after, kinds) in faults {
                for (kind, lasting) in kinds.into_iter().flat_map(|kind| [(kind, false), (kind, true)]) {
                    let is_known = !GROUPS.contains(&kind.name) || (lasting && after != After::Nothing);
                    if like_another && is_known {
                        continue;
                    }
                    cells.push(Cell { subject: subject.clone(), kind, when: When { lasting, after }, at });
                }
            }
        }
        cells
    }
}

impl Cell {
    /// A wrong outcome counts only if the machine kept up: otherwise more than the fault has delayed the call, and it
    /// is made again. Returns how often it was made, too.
    pub async fn run(&self, pace: &Arc<Pace>) -> (Result<Outcome, String>, usize) {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let running = pace.begin(self.kind.is_slow()).await;
            let before = pace.lost();
            let outcome = self.attempt(pace).await;
            drop(running);
            if outcome.is_ok() || pace.lost() - before < KEPT_UP || attempts == MAX_ATTEMPTS {
                return (outcome, attempts);
            }
        }
    }

    async fn attempt(&self, pace: &Pace) -> Result<Outcome, String> {
        let Subject { call, normal, filling } = &*self.subject;
        let world = World::new(filling).await;
        world.proxy.plan(self.plan());
        let outcome = normal.compare(call, &world, self.time(), self.allowed(), pace).await?;
        world.end();
        Ok(outcome)
    }

    fn plan(&self) -> impl FnMut(&str, usize) -> Option<Fault> + Send + 'static {
        let (at, kind, When { lasting, after }) = (self.at, self.kind, self.when);
        move |action, number| match (after, number.checked_sub(at)?) {
            (After::LostAnswer, 0) => Some(Fault::LostAnswer),
            (After::Unexplained, 0) => Some(Fault::WithoutItems),
            (after, number) => {
                let first = usize::from(after != After::Nothing);
                let meets = (number == first || lasting) && kind.is_of(action);
                meets.then(|| (kind.fault)())
            }
        }
    }

    /// The time limit of an invocation. Most lasting faults get less, to keep the suite short.
    fn time(&self) -> Duration {
        let When { lasting, after } = self.when;
        match (lasting, self.kind.is_slow(), after) {
            (false, ..) | (true, true, After::Nothing) => FUNCTION_TIMEOUT,
            (true, true, _) => Duration::from_secs(3),
            (true, false, _) => Duration::from_secs(6),
        }
    }

    /// A single fault must not be visible to the client. A conflict is reported only if it is certain that
    /// nothing was written.
    fn allowed(&self) -> Allowed {
        let When { lasting, after } = self.when;
        let certain = after != After::LostAnswer;
        Allowed {
            failure: lasting,
            conflict: lasting && certain && self.kind.name == "conflict",
            unnoticed: lasting || after != After::Nothing || self.kind.name == "refused without items",
        }
    }
}

impl Display for Cell {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Subject { call, normal, .. } = &*self.subject;
        let (request, requests) = (self.at + 1, normal.actions.join(" "));
        write!(
            formatter,
            "{}, request {request} of {requests}: {}, {}",
            call.name,
            self.kind.name,
            self.when.text()
        )
    }
}
