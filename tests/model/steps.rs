//! The steps of a request, and whether the model can take a step at its place in a history.

use crate::answer::Answer;
use crate::clients::Answered;
use crate::model::Model;
use crate::parts::Part;
use crate::reports::{Reports, shows_total};
use functions::Operation;
use serde_json::Value;
use stateright::semantics::SequentialSpec;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The fields of an answer that depend on a period's total.
const TOTAL: [&str; 3] = ["used", "overages", "remaining"];

/// How a history is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum View {
    /// All requests. A report reads the limit, and is recorded later.
    Parts,
    /// Without what reads a total apart from the limit. A report is recorded under the limit of that time.
    OneOrder,
}

#[derive(Debug, Clone)]
pub struct Step {
    pub answered: Arc<Answered>,
    pub part: Part,
    /// The number of the request, and of the step within it.
    place: (usize, usize),
    /// How many of the request's steps, from the first one, must come before this step.
    after: usize,
    /// True if the step may be taken at any time after the request began, or never.
    pub is_in_doubt: bool,
    /// All parts of the request.
    parts: Arc<[(Part, usize)]>,
}

impl Step {
    /// The steps of a request. There are none if the request was certainly not executed, or is a failed read.
    ///
    /// [`View::OneOrder`] makes a report one step, and leaves out what reads its period's total apart from the limit.
    pub fn of(number: usize, answered: &Arc<Answered>, view: View) -> Vec<Self> {
        let (action, answer) = (answered.call.action(), &answered.answer);
        let parts: Arc<[_]> = match answer.status {
            503 if action.is_read() => vec![],
            503 if view == View::Parts && action.operation() == Operation::RecordUsage => {
                vec![(Part::Access, 0), (Part::Change, 1)]
            }
            503 => vec![(Part::Whole, 0)],
            409 if answer.body["code"] == "conflict" => vec![],
            _ if view == View::OneOrder => action.parts_in_one_order(answered),
            _ => action.parts(answered),
        }
        .into();
        let step = |(place, &(part, after))| Self {
            answered: answered.clone(),
            part,
            place: (number, place),
            after,
            is_in_doubt: answer.status == 503,
            parts: parts.clone(),
        };
        parts.iter().enumerate().map(step).collect()
    }

    /// The tester allows one step at a time in a thread. A step in doubt never ends, so it gets a thread of
    /// its own.
    pub fn thread(&self) -> (usize, usize) {
        let (number, place) = self.place;
        if self.is_in_doubt { (usize::MAX - place, number) } else { (self.answered.client, place) }
    }

    /// True if the step's request also has this part.
    fn is_beside(&self, part: Part) -> bool {
        self.parts.iter().any(|(one, _)| *one == part)
    }
}

/// The model, and the steps taken so far.
#[derive(Clone)]
pub struct Reference {
    model: Model,
    reports: Reports,
    taken: BTreeSet<(usize, usize)>,
}

impl From<Model> for Reference {
    fn from(model: Model) -> Self {
        Self { model, reports: Reports::default(), taken: BTreeSet::new() }
    }
}

impl SequentialSpec for Reference {
    type Op = Step;
    type Ret = ();

    fn invoke(&mut self, step: &Step) {
        let Answered { call, time, .. } = &*step.answered;
        if step.part != Part::Whole {
            let _recorded = self.reports(step);
            return;
        }
        // A refusal changes nothing.
        let _made_or_refused = self.model.attempt(call, time, &Value::Null);
    }

    fn is_valid_step(&mut self, step: &Step, (): &()) -> bool {
        let (number, _) = step.place;
        if !(0..step.after).all(|place| self.taken.contains(&(number, place))) {
            return false;
        }
        self.taken.insert(step.place);
        let Answered { call, time, answer, .. } = &*step.answered;
        match step.part {
            Part::Whole => self.model.step(call, time, answer).is_ok(),
            Part::Reported => {
                let made = self.model.attempt(call, time, &answer.body).unwrap_or_else(Answer::refusal);
                answer.clone().without(&TOTAL).differs(made.without(&TOTAL)).is_ok()
            }
            _ if call.action().operation() == Operation::RecordUsage => self.reports(step),
            Part::Change => self.model.attempt(call, time, &Value::Null).is_ok(),
            Part::Membership(..) | Part::Access | Part::Shown => self.reads(step),
        }
    }
}

impl Reference {
    /// Takes a step of a report.
    fn reports(&mut self, step: &Step) -> bool {
        let id = &step.answered.call.organization;
        let Some(organization) = self.model.organizations.get_mut(id) else { return false };
        let reads_later = step.is_beside(Part::Shown);
        self.reports.take((step.place.0, step.part), organization, &step.answered, reads_later)
    }

    /// True if the answer shows the model's current state.
    fn reads(&mut self, step: &Step) -> bool {
        let Answered { call, answer, .. } = &*step.answered;
        let (action, caller) = (call.action(), call.request.caller);
        let Some(organization) = self.model.organizations.get_mut(&call.organization) else { return false };
        match step.part {
            Part::Membership(user, found) => organization.role(user).is_some() == found,
            Part::Access => action.is_explained_by(organization, call, answer),
            _ if action.operation() == Operation::GetUsage => shows_total(organization, answer),
            _ => {
                let user = action.listed_user().unwrap_or(caller);
                // The item names owners and admins. For other callers the role follows from their membership,
                // which the request reads in another step.
                let member = step.is_beside(Part::Membership(user, true)).then_some("member");
                let role = organization.privilege(user).or(member);
                if !action.shows(organization, caller) {
                    return false;
                }
                let expected = action.answer(organization, call, role, &answer.body);
                // An answer that was lost is sent again as if it was the first.
                let expected = match expected.status {
                    200 if action.has_token() => Answer { status: answer.status, ..expected },
                    _ => expected,
                };
                let elsewhere = match step.is_beside(Part::Access) {
                    true => action.fields_of_access(),
                    false => &[],
                };
                answer.clone().without(elsewhere).differs(expected.without(elsewhere)).is_ok()
            }
        }
    }
}
