//! The reference model: what openapi.yaml says of all requests, as a state and its steps. It knows nothing
//! of items, conditions and transactions.

use crate::instance::Answer;
use crate::moment::Moment;
use crate::organization::Organization;
use crate::request::{Call, Flaw, NOBODY, Operation, ROLES};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// All organizations by id, and the creations that came with a key, by caller and key.
#[derive(Debug, Clone, Default)]
pub struct Model {
    pub organizations: BTreeMap<String, Organization>,
    creations: BTreeMap<(&'static str, &'static str), Creation>,
}

/// The first request with a key.
#[derive(Debug, Clone)]
struct Creation {
    name: &'static str,
    domain: Option<&'static str>,
    answer: Answer,
}

/// When a request was under way. Without an end it was not answered, and may be done at any time.
#[derive(Debug, Clone)]
pub struct Time {
    pub start: Moment,
    pub end: Option<Moment>,
}

/// Status, code and details.
pub type Refusal = (u16, &'static str, Value);

impl Model {
    /// Does what is asked, and says what is wrong with the answer.
    pub fn step(&mut self, call: &Call, time: &Time, answer: &Answer) -> Result<(), String> {
        answer.differs(self.attempt(call, time, &answer.body).unwrap_or_else(Answer::refusal))
    }

    /// Does what is asked. What nobody but the functions can know is taken from `shown`, the
    /// answer's body, where it can be.
    pub fn attempt(&mut self, call: &Call, time: &Time, shown: &Value) -> Result<Answer, Refusal> {
        valid(call)?;
        match &call.request.operation {
            Operation::Create { .. } => self.create(call, time, shown),
            Operation::ListOrganizations { .. } => Ok(self.list(call, shown)),
            _ => {
                let organization = self.organizations.get_mut(&call.organization);
                let organization =
                    organization.filter(|found| found.members.contains_key(call.request.caller));
                let organization = organization.ok_or((404, "organization_not_found", Value::Null))?;
                organization.attempt(call, time, shown)
            }
        }
    }

    fn create(&mut self, call: &Call, time: &Time, shown: &Value) -> Result<Answer, Refusal> {
        let Operation::Create { name: (_, Ok(name)), domain, key } = call.operation() else {
            panic!("not a valid creation: {call:?}")
        };
        let (caller, domain) = (call.request.caller, domain.and_then(|(_, domain)| domain.ok()));
        if let Some(first) = key.and_then(|key| self.creations.get(&(caller, key))) {
            let same = (first.name, first.domain) == (name, domain);
            return if same {
                Ok(first.answer.clone())
            } else {
                Err((422, "idempotency_key_reused", Value::Null))
            };
        }
        let id = shown["id"].as_str().unwrap_or_default().to_owned();
        let mut organization = Organization::new(caller, name, domain, time);
        organization.learn(shown);
        let answer = Answer {
            status: 201,
            location: Some(format!("/organization/{id}")),
            ..organization.answer(&id, Some("owner"))
        };
        // No id is given twice.
        if id.starts_with("org_") && !self.organizations.contains_key(&id) {
            self.organizations.insert(id, organization);
            if let Some(key) = key {
                let creation = Creation { name, domain, answer: answer.clone() };
                self.creations.insert((caller, key), creation);
            }
            return Ok(answer);
        }
        Ok(Answer { body: json!("an organization with an id of its own"), ..answer })
    }

    fn list(&mut self, call: &Call, shown: &Value) -> Answer {
        let caller = call.request.caller;
        let of_caller = self.organizations.iter_mut().filter(|(_, found)| found.members.contains_key(caller));
        let listed = of_caller.map(|(id, organization)| {
            let shown = shown.as_array().into_iter().flatten().find(|one| one["id"] == **id);
            organization.learn(shown.unwrap_or(&Value::Null));
            organization.body(id, organization.role(caller))
        });
        Answer::page(call, listed.collect())
    }
}

/// Holds the request against what can be said without looking at any organization.
fn valid(call: &Call) -> Result<(), Refusal> {
    let operation = call.operation();
    let first = operation.fields().map(|(first, _)| first);
    let invalid = |field: &str| Err((400, "invalid_request", json!({ "field": field })));
    match (call.request.flaw, first) {
        (Some(Flaw::NoIdentity), _) => return Err((401, "unauthorized", Value::Null)),
        (Some(Flaw::Parameter), _) => return invalid(operation.parameter()),
        (Some(Flaw::TooLarge), Some(_)) => return Err((413, "payload_too_large", Value::Null)),
        (Some(Flaw::NotJson), Some(_)) => return Err((415, "unsupported_media_type", Value::Null)),
        (Some(Flaw::MalformedJson), Some(_)) => return Err((400, "invalid_request", Value::Null)),
        (Some(Flaw::WrongType | Flaw::MissingField), Some(first)) => return invalid(first),
        (Some(Flaw::UnknownField), Some(_)) => return invalid("colour"),
        _ => {}
    }
    let rule =
        |field: &str, rule: &str| Err((422, "validation_failed", json!({ "field": field, "rule": rule })));
    match operation {
        Operation::Create { name: (_, Err(broken)), .. } => rule("organizationName", broken),
        Operation::Update { name: None, domain: None } => invalid("name"),
        Operation::Update { name: Some((_, Err(broken))), .. } => rule("name", broken),
        Operation::Create { domain: Some((_, Err(broken))), .. }
        | Operation::Update { domain: Some(Some((_, Err(broken)))), .. } => rule("domain", broken),
        Operation::SetMaxOverages { units: Some(units) } if !(0..=1_000_000_000).contains(units) => {
            rule("maxOverages", "range")
        }
        Operation::AddMember { user, .. } if *user == NOBODY => rule("userId", "user_id"),
        Operation::AddMember { role: Some(role), .. } | Operation::UpdateMember { role, .. }
            if !ROLES[..3].contains(role) =>
        {
            rule("role", "role")
        }
        _ => Ok(()),
    }
}

impl Answer {
    /// An answer with a body and nothing else.
    pub fn ok(body: Value) -> Self {
        Self { status: 200, body, etag: None, location: None, next: None }
    }

    fn refusal((status, code, details): Refusal) -> Self {
        Self { status, ..Self::ok(json!({ "code": code, "details": details })) }
    }

    /// The part of a list that a call asks for.
    pub fn page(call: &Call, mut list: Vec<Value>) -> Self {
        let mut rest = list.split_off(call.page.as_ref().map_or(0, |(before, _)| *before).min(list.len()));
        let more = call.operation().limit().filter(|limit| *limit < rest.len());
        rest.truncate(more.unwrap_or(rest.len()));
        Self { next: more.map(|_| String::new()), ..Self::ok(Value::Array(rest)) }
    }

    /// What is wrong with it.
    pub fn differs(&self, mut expected: Self) -> Result<(), String> {
        // Where the next page starts is the list's own business.
        if let (Some(next), Some(expected)) = (&self.next, &mut expected.next) {
            expected.clone_from(next);
        }
        let answer = self.without_message()?;
        if answer == expected {
            Ok(())
        } else {
            Err(format!("{answer:?}\n  where the model has\n  {expected:?}"))
        }
    }

    /// The same without an error's message, which must say something.
    fn without_message(&self) -> Result<Self, String> {
        let mut answer = self.clone();
        if let (400.., Some(error)) = (self.status, answer.body.as_object_mut()) {
            let message = error.remove("message");
            error.entry("details").or_insert(Value::Null);
            if message.as_ref().and_then(Value::as_str).is_none_or(str::is_empty) {
                return Err(format!("an error without a message: {self:?}"));
            }
        }
        Ok(answer)
    }
}
