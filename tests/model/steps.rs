//! The moments of a request: what the model says of each.

use crate::clients::Answered;
use crate::instance::Answer;
use crate::model::Model;
use crate::request::Operation;
use serde_json::{Value, json};
use stateright::semantics::SequentialSpec;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is done at one moment of a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Part {
    /// All of it.
    Whole,
    /// All of it, or nothing, now or later.
    Unanswered,
    /// The change, whose answer tells of a later moment.
    Change,
    /// Reading whether the caller is a member; so it was found.
    Membership(bool),
    /// Reading the organization.
    Shown,
    /// Reading the members.
    Listed,
}

#[derive(Debug, Clone)]
pub struct Step {
    pub answered: Arc<Answered>,
    pub part: Part,
    /// The number of its request, and its own among those of that request.
    place: (usize, usize),
    /// Whether it is after the one before it.
    after: bool,
}

impl Step {
    /// Those of a request. One that was certainly not made, and a read that has failed, have none.
    pub fn of(number: usize, answered: &Arc<Answered>) -> Vec<Self> {
        use Part::{Change, Listed, Membership, Shown, Unanswered, Whole};
        let Answered { call, asked, answer, .. } = &**answered;
        let again = asked.iter().filter(|action| *action == "UpdateItem").count() > 1;
        let mut ordered = true;
        let mut parts = match (call.operation(), answer.status) {
            (Operation::Get | Operation::ListMembers { .. } | Operation::ListOrganizations { .. }, 503) => {
                vec![]
            }
            (_, 503) => vec![Unanswered],
            (_, 409) if answer.body["code"] == "conflict" => vec![],
            (Operation::Get, 200 | 304) => {
                ordered = false;
                vec![Membership(true), Shown]
            }
            (Operation::ListMembers { .. }, 200) => vec![Membership(true), Listed],
            (Operation::ListOrganizations { .. }, 200) if answer.body == json!([]) => vec![Membership(false)],
            (Operation::ListOrganizations { .. }, 200) => vec![Membership(true), Shown],
            (Operation::RemoveMember { .. }, 200) => vec![Change, Shown],
            (Operation::Update { .. } | Operation::SetMaxOverages { .. }, 200) if again => {
                vec![Change, Shown]
            }
            _ => vec![Whole],
        };
        let role = answer.body.get("role").filter(|_| parts == [Change, Shown] && !answered.leaves());
        if role.is_some_and(|role| role != "owner" && role != "admin") {
            parts.push(Membership(answered.role() == "member"));
        }
        let step = |(place, part)| Self {
            answered: answered.clone(),
            part,
            place: (number, place),
            after: ordered && place > 0,
        };
        parts.into_iter().enumerate().map(step).collect()
    }

    /// A thread has one step at a time; an unanswered one never ends.
    pub fn thread(&self) -> (usize, usize) {
        let (number, place) = self.place;
        if self.part == Part::Unanswered { (usize::MAX, number) } else { (self.answered.client, place) }
    }
}

impl Answered {
    /// Whether the caller ends their own membership.
    fn leaves(&self) -> bool {
        *self.call.operation() == Operation::RemoveMember { user: self.call.request.caller }
    }

    /// The role in the answer, if any.
    fn role(&self) -> &str {
        self.answer.body["role"].as_str().unwrap_or_default()
    }
}

/// The model, and which steps were taken.
#[derive(Clone)]
pub struct Reference {
    model: Model,
    taken: BTreeSet<(usize, usize)>,
}

impl From<Model> for Reference {
    fn from(model: Model) -> Self {
        Self { model, taken: BTreeSet::new() }
    }
}

impl SequentialSpec for Reference {
    type Op = Step;
    type Ret = ();

    fn invoke(&mut self, step: &Step) {
        let Answered { call, time, .. } = &*step.answered;
        // A refusal changes nothing.
        let _made_or_refused = self.model.attempt(call, time, &Value::Null);
    }

    fn is_valid_step(&mut self, step: &Step, (): &()) -> bool {
        let (number, place) = step.place;
        if step.after && !self.taken.contains(&(number, place - 1)) {
            return false;
        }
        self.taken.insert(step.place);
        let Answered { call, time, answer, .. } = &*step.answered;
        match step.part {
            Part::Whole | Part::Unanswered => self.model.step(call, time, answer).is_ok(),
            Part::Change => self.model.attempt(call, time, &Value::Null).is_ok(),
            _ => self.reads(step),
        }
    }
}

impl Reference {
    /// Whether a step finds what it has read.
    fn reads(&mut self, step: &Step) -> bool {
        let Answered { call, answer, .. } = &*step.answered;
        let Some(organization) = self.model.organizations.get_mut(&call.organization) else { return false };
        let role = organization.role(call.request.caller);
        let expected = match (step.part, call.operation()) {
            (Part::Membership(found), _) => return role.is_some() == found,
            (Part::Listed, _) => organization.listed(call, &answer.body),
            (_, Operation::ListOrganizations { .. }) => {
                let shown = organization.shown(call, role.or(Some("member")), &answer.body[0]);
                Answer::ok(json!([shown.body]))
            }
            (_, Operation::Get) => organization.shown(call, role.or(Some("member")), &answer.body),
            _ => {
                // Who is neither owner nor admin is looked for among the members next.
                let read = Some(step.answered.role()).filter(|role| *role == "member");
                let role = role.filter(|role| *role != "member").or(read);
                organization.shown(call, role.filter(|_| !step.answered.leaves()), &answer.body)
            }
        };
        answer.differs(expected).is_ok()
    }
}
