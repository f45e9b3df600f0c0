//! The reference model: a state and its transitions, as openapi.yaml describes them. It knows nothing of
//! items, conditions or transactions.

use crate::answer::Answer;
use crate::moment::Time;
use crate::organization::{Deletion, Organization};
use crate::request::Call;
use crate::validity;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How many organizations a user may create. Few, so that histories reach the limit.
pub const MAX_ORGANIZATIONS: u32 = 2;

/// All organizations by id, and the creations with a key, by caller and key.
#[derive(Debug, Clone, Default)]
pub struct Model {
    pub organizations: BTreeMap<String, Organization>,
    creations: BTreeMap<(&'static str, &'static str), Creation>,
}

/// What a new organization is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct New {
    pub owner: &'static str,
    pub name: &'static str,
    pub domain: Option<&'static str>,
    pub external_id: Option<&'static str>,
    /// JSON.
    pub metadata: &'static str,
}

/// The first request with a key.
#[derive(Debug, Clone)]
struct Creation {
    new: New,
    answer: Answer,
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
        validity::check(call)?;
        call.action().apply(self, call, time, shown)
    }

    /// The organization of a request, if the caller may know of it.
    pub fn organization_of(&mut self, call: &Call) -> Result<&mut Organization, Refusal> {
        let organization = self.organizations.get_mut(&call.organization);
        let organization = organization.filter(|found| found.is_visible_to(call.request.caller));
        organization.ok_or((404, "organization_not_found", Value::Null))
    }

    /// Creates an organization, once per key.
    pub fn create(
        &mut self,
        call: &Call,
        new: New,
        key: Option<&'static str>,
        time: &Time,
        shown: &Value,
    ) -> Result<Answer, Refusal> {
        let caller = call.request.caller;
        if let Some(first) = key.and_then(|key| self.creations.get(&(caller, key))) {
            let reused = (422, "idempotency_key_reused", Value::Null);
            return if first.new == new {
                Ok(Answer { replayed: true, ..first.answer.clone() })
            } else {
                Err(reused)
            };
        }
        // Services create any number. Those that can no longer be restored count until they are removed.
        let created = self.organizations.values().filter(|one| one.created_by == caller).count();
        if caller == new.owner && created >= MAX_ORGANIZATIONS as usize {
            return Err((422, "too_many_organizations", json!({ "max": MAX_ORGANIZATIONS })));
        }
        if let Some(external_id) = new.external_id
            && self.with_external_id(external_id).is_some()
        {
            return Err((409, "external_id_taken", Value::Null));
        }
        let id = shown["id"].as_str().unwrap_or_default();
        let mut organization = Organization::new(id, caller, new, time);
        let role = organization.role(caller);
        let answer = call.action().answer(&mut organization, call, role, shown);
        // Ids are unique.
        if !id.starts_with("org_") || self.organizations.contains_key(id) {
            return Ok(Answer { body: json!("an organization with a new id"), ..answer });
        }
        self.organizations.insert(id.to_owned(), organization);
        if let Some(key) = key {
            self.creations.insert((caller, key), Creation { new, answer: answer.clone() });
        }
        Ok(answer)
    }

    /// The organization with an external id. Its id is free once the organization can no longer be restored.
    pub fn with_external_id(&mut self, external_id: &str) -> Option<&mut Organization> {
        let mut organizations = self.organizations.values_mut();
        organizations.find(|one| {
            one.external_id == Some(external_id) && !matches!(one.deletion, Deletion::Final { .. })
        })
    }

    /// The organizations of a user: those that exist, or the deleted ones that the user can restore.
    pub fn list(&mut self, call: &Call, user: &str, deleted: bool, shown: &Value) -> Answer {
        let of_user = self.organizations.values_mut().filter(|found| found.members.contains_key(user));
        let (listed, hidden): (Vec<_>, Vec<_>) =
            of_user.partition(|found| found.is_visible_to(user) && found.is_deleted() == deleted);
        let listed = listed.into_iter().map(|organization| {
            let shown = shown.as_array().into_iter().flatten().find(|one| one["id"] == *organization.id);
            organization.body(organization.role(user), shown.unwrap_or(&Value::Null))
        });
        Answer::page(call, listed.collect(), hidden.len(), shown)
    }
}
