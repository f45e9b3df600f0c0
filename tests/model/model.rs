//! The reference model: a state and its transitions, as openapi.yaml describes them. It knows nothing of
//! items, conditions or transactions.

use crate::instance::Answer;
use crate::moment::Moment;
use crate::organization::Organization;
use crate::request::{Call, Flaw};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// All organizations by id, and the creations with a key, by caller and key.
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

/// The time of a request. A request without an end was not answered, and may be executed at any later time.
#[derive(Debug, Clone)]
pub struct Time {
    pub start: Moment,
    pub end: Option<Moment>,
}

/// Status, code and details.
pub type Refusal = (u16, &'static str, Value);

impl Model {
    /// Executes a request. The error says how the answer differs from the model's.
    pub fn step(&mut self, call: &Call, time: &Time, answer: &Answer) -> Result<(), String> {
        answer.differs(self.attempt(call, time, &answer.body).unwrap_or_else(Answer::refusal))
    }

    /// Executes a request. Values that only the functions can know, such as a new id, are taken from `shown`,
    /// the answer's body, if they are possible.
    pub fn attempt(&mut self, call: &Call, time: &Time, shown: &Value) -> Result<Answer, Refusal> {
        unflawed(call)?;
        call.action().validate()?;
        call.action().apply(self, call, time, shown)
    }

    /// The organization of a request, if the caller is a member.
    pub fn organization_of_member(&mut self, call: &Call) -> Result<&mut Organization, Refusal> {
        let organization = self.organizations.get_mut(&call.organization);
        let organization = organization.filter(|found| found.members.contains_key(call.request.caller));
        organization.ok_or((404, "organization_not_found", Value::Null))
    }

    /// Creates an organization, once per key.
    pub fn create(
        &mut self,
        call: &Call,
        (name, domain): (&'static str, Option<&'static str>),
        key: Option<&'static str>,
        time: &Time,
        shown: &Value,
    ) -> Result<Answer, Refusal> {
        let caller = call.request.caller;
        if let Some(first) = key.and_then(|key| self.creations.get(&(caller, key))) {
            let is_same = (first.name, first.domain) == (name, domain);
            let reused = (422, "idempotency_key_reused", Value::Null);
            return if is_same { Ok(Answer { replayed: true, ..first.answer.clone() }) } else { Err(reused) };
        }
        let id = shown["id"].as_str().unwrap_or_default();
        let mut organization = Organization::new(id, caller, (name, domain), time);
        let answer = call.action().answer(&mut organization, call, Some("owner"), shown);
        // Ids are unique.
        if !id.starts_with("org_") || self.organizations.contains_key(id) {
            return Ok(Answer { body: json!("an organization with a new id"), ..answer });
        }
        self.organizations.insert(id.to_owned(), organization);
        if let Some(key) = key {
            self.creations.insert((caller, key), Creation { name, domain, answer: answer.clone() });
        }
        Ok(answer)
    }

    /// The caller's organizations.
    pub fn list(&mut self, call: &Call, shown: &Value) -> Answer {
        let caller = call.request.caller;
        let of_caller = self.organizations.values_mut().filter(|found| found.members.contains_key(caller));
        let listed = of_caller.map(|organization| {
            let shown = shown.as_array().into_iter().flatten().find(|one| one["id"] == *organization.id);
            organization.body(organization.role(caller), shown.unwrap_or(&Value::Null))
        });
        Answer::page(call, listed.collect())
    }
}

/// Refuses a request with a flaw.
fn unflawed(call: &Call) -> Result<(), Refusal> {
    let invalid = |field: &str| Err((400, "invalid_request", json!({ "field": field })));
    let body = call.action().fields();
    match (call.request.flaw, body) {
        (Some(Flaw::NoIdentity), _) => Err((401, "unauthorized", Value::Null)),
        (Some(Flaw::Parameter), _) => invalid(call.parameter()),
        (Some(Flaw::TooLarge), Some(_)) => Err((413, "payload_too_large", Value::Null)),
        (Some(Flaw::NotJson), Some(_)) => Err((415, "unsupported_media_type", Value::Null)),
        (Some(Flaw::MalformedJson), Some(_)) => Err((400, "invalid_request", Value::Null)),
        (Some(Flaw::WrongType | Flaw::MissingField), Some((first, _))) => invalid(first),
        (Some(Flaw::UnknownField), Some(_)) => invalid("colour"),
        _ => Ok(()),
    }
}

impl Answer {
    /// An answer with a body and nothing else.
    pub fn ok(body: Value) -> Self {
        Self { status: 200, body, etag: None, location: None, replayed: false, next: None }
    }

    /// The answer to a refused request.
    pub fn refusal((status, code, details): Refusal) -> Self {
        Self { status, ..Self::ok(json!({ "code": code, "details": details })) }
    }

    /// The page of a list that a call asks for.
    pub fn page(call: &Call, mut list: Vec<Value>) -> Self {
        let mut rest = list.split_off(call.page.as_ref().map_or(0, |(before, _)| *before).min(list.len()));
        let more = call.action().limit().filter(|limit| *limit < rest.len());
        rest.truncate(more.unwrap_or(rest.len()));
        Self { next: more.map(|_| String::new()), ..Self::ok(Value::Array(rest)) }
    }

    /// The error says how the answer differs from the expected one.
    pub fn differs(&self, mut expected: Self) -> Result<(), String> {
        // The model does not know the cursor of the next page.
        if let (Some(next), Some(expected)) = (&self.next, &mut expected.next) {
            expected.clone_from(next);
        }
        let answer = self.without_message()?;
        if answer == expected {
            Ok(())
        } else {
            Err(format!("{answer:?}\n  but the model expects\n  {expected:?}"))
        }
    }

    /// The same answer without the roles of the members in a list.
    pub fn without_roles(mut self) -> Self {
        for member in self.body.as_array_mut().into_iter().flatten() {
            member["role"].take();
        }
        self
    }

    /// The same answer without an error's message, which must not be empty.
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
