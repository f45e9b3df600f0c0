//! One fault at one request of one call.

use crate::calls::Call;
use crate::outcome::{Allowed, INVOCATION, Normal, Outcome};
use crate::world::{Filling, World};
use std::fmt::{self, Display, Formatter};
use std::sync::Arc;
use std::time::Duration;
use support::faults::{Fault, Kind};

/// A call, what it is without faults, and what it is made on.
pub struct Subject {
    pub call: Call,
    pub normal: Normal,
    pub filling: Arc<Filling>,
}

/// When a fault is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct When {
    /// Once, or at each request from then on.
    pub lasting: bool,
    pub after: After,
}

/// What the request before it has met, and would not be followed by it otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum After {
    Nothing,
    /// It was done without being answered: the SDK sends it again.
    LostAnswer,
    /// It was refused without the items: they are read.
    Unexplained,
}

/// A fault at a request.
pub struct Cell {
    pub subject: Arc<Subject>,
    pub kind: Kind,
    pub when: When,
    /// The request's number.
    pub at: usize,
}

impl When {
    /// Short, for a table.
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
            for (after, kinds) in faults {
                for (kind, lasting) in kinds.into_iter().flat_map(|kind| [(kind, false), (kind, true)]) {
                    cells.push(Cell { subject: subject.clone(), kind, when: When { lasting, after }, at });
                }
            }
        }
        cells
    }
}

impl Cell {
    pub async fn run(&self) -> Result<Outcome, String> {
        let Subject { call, normal, filling } = &*self.subject;
        let world = World::new(filling).await;
        world.proxy.plan(self.plan());
        let outcome = normal.compare(call, &world, self.time(), self.allowed()).await?;
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

    /// That of an invocation; but for most of the faults that last, as much as makes the point.
    fn time(&self) -> Duration {
        let When { lasting, after } = self.when;
        match (lasting, self.kind.is_slow(), after) {
            (false, ..) | (true, true, After::Nothing) => INVOCATION,
            (true, true, _) => Duration::from_secs(3),
            (true, false, _) => Duration::from_secs(6),
        }
    }

    /// A single fault is never seen. A conflict is only told when it is certain that nothing is done.
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
