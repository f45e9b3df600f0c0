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
    /// At the next request after one that was done without being answered.
    pub after_a_lost_answer: bool,
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
        match (self.lasting, self.after_a_lost_answer) {
            (false, false) => "once",
            (true, false) => "lasting",
            (false, true) => "once, after a lost answer",
            (true, true) => "lasting, after a lost answer",
        }
    }
}

impl Subject {
    /// All cells of the call.
    pub fn cells(subject: &Arc<Self>) -> Vec<Cell> {
        let mut cells = Vec::new();
        for (at, action) in subject.normal.actions.iter().enumerate() {
            let is_write = ["UpdateItem", "TransactWriteItems"].contains(&action.as_str());
            for lasting in [false, true] {
                let mut add = |kinds: Vec<Kind>, after_a_lost_answer| {
                    let when = When { lasting, after_a_lost_answer };
                    cells.extend(kinds.into_iter().map(|kind| Cell {
                        subject: subject.clone(),
                        kind,
                        when,
                        at,
                    }));
                };
                add(Kind::all(action), false);
                if is_write {
                    add(Kind::quick(action), true);
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
        let (at, kind, When { lasting, after_a_lost_answer }) = (self.at, self.kind, self.when);
        move |action, number| {
            if after_a_lost_answer && number == at {
                return Some(Fault::LostAnswer);
            }
            let first = at + usize::from(after_a_lost_answer);
            let meets = (number == first || lasting && number > first) && kind.is_of(action);
            meets.then(|| (kind.fault)())
        }
    }

    /// That of an invocation; with faults that last no more than makes the point.
    fn time(&self) -> Duration {
        match (self.when.lasting, self.kind.is_slow()) {
            (false, _) => INVOCATION,
            (true, false) => Duration::from_secs(6),
            (true, true) => Duration::from_secs(3),
        }
    }

    /// A single fault is never seen. A conflict is only told when it is certain that nothing is done.
    fn allowed(&self) -> Allowed {
        let When { lasting, after_a_lost_answer } = self.when;
        Allowed {
            failure: lasting,
            conflict: lasting && !after_a_lost_answer && self.kind.name == "conflict",
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
