//! What is refused before any stored item is looked at: flaws of requests, and invalid arguments.

use crate::action::Action;
use crate::model::Refusal;
use crate::request::{Call, Flaw};
use crate::values::{NOBODY, ROLES, is_service};
use serde_json::{Value, json};

/// Refuses a request with a flaw or an invalid argument.
pub fn check(call: &Call) -> Result<(), Refusal> {
    let (caller, action) = (call.request.caller, call.action());
    if call.request.flaw == Some(Flaw::NoIdentity) {
        return Err((401, "unauthorized", Value::Null));
    }
    if matches!(action, Action::AddMember { .. }) && !is_service(caller) {
        return Err((403, "insufficient_scope", Value::Null));
    }
    unflawed(call)?;
    fit(action, caller)?;
    valid(action)
}

fn invalid(field: &str) -> Result<(), Refusal> {
    Err((400, "invalid_request", json!({ "field": field })))
}

fn unflawed(call: &Call) -> Result<(), Refusal> {
    match (call.request.flaw, call.action().fields("")) {
        (Some(Flaw::Parameter), _) => invalid(call.parameter()),
        (Some(Flaw::TooLarge), Some(_)) => Err((413, "payload_too_large", Value::Null)),
        (Some(Flaw::NotJson), Some(_)) => Err((415, "unsupported_media_type", Value::Null)),
        (Some(Flaw::MalformedJson), Some(_)) => Err((400, "invalid_request", Value::Null)),
        (Some(Flaw::WrongType | Flaw::MissingField), Some((first, _))) => invalid(first),
        (Some(Flaw::UnknownField), Some(_)) => invalid("colour"),
        _ => Ok(()),
    }
}

/// Refuses what only a service may send, or only a user may do, and what a service must send.
fn fit(action: &Action, caller: &str) -> Result<(), Refusal> {
    let only_services = |field: &str| Err((403, "forbidden", json!({ "field": field })));
    match action {
        Action::ListOrganizations { deleted: Some("false"), .. } => invalid("deleted"),
        Action::CreateOrganization { owner, .. } => match (is_service(caller), owner) {
            (true, None) => invalid("owner"),
            (false, Some(_)) => only_services("owner"),
            _ => Ok(()),
        },
        Action::ListOrganizations { of, .. } => match (is_service(caller), *of) {
            (true, None | Some(NOBODY)) => invalid("userId"),
            (false, Some(_)) => only_services("userId"),
            _ => Ok(()),
        },
        Action::PreviewInvitation { .. } | Action::AcceptInvitation { .. } if is_service(caller) => {
            Err((403, "forbidden", Value::Null))
        }
        _ => Ok(()),
    }
}

/// Refuses invalid values.
fn valid(action: &Action) -> Result<(), Refusal> {
    let broken =
        |field: &str, rule: &str| Err((422, "validation_failed", json!({ "field": field, "rule": rule })));
    let is_role = |role: &&str| ROLES[..3].contains(role);
    match action {
        Action::CreateOrganization { owner: Some(NOBODY), .. } => broken("owner", "user_id"),
        Action::CreateOrganization { name: (_, Err(rule)), .. } => broken("organizationName", rule),
        Action::UpdateOrganization { name: None, domain: None } => invalid("name"),
        Action::UpdateOrganization { name: Some((_, Err(rule))), .. } => broken("name", rule),
        Action::CreateOrganization { domain: Some((_, Err(rule))), .. }
        | Action::UpdateOrganization { domain: Some(Some((_, Err(rule)))), .. } => broken("domain", rule),
        Action::SetMaxOverages { units: Some(units) } if !(0..=1_000_000_000).contains(units) => {
            broken("maxOverages", "range")
        }
        Action::AddMember { user: NOBODY, .. } => broken("userId", "user_id"),
        Action::CreateInvitation { email: Some(Some((_, Err(rule)))), .. } => broken("email", rule),
        Action::AddMember { role: Some(role), .. }
        | Action::UpdateMember { role, .. }
        | Action::CreateInvitation { role: Some(role), .. }
            if !is_role(role) =>
        {
            broken("role", "role")
        }
        Action::CreateInvitation { days: Some(days), .. } if !(1..=30).contains(days) => {
            broken("expiresInDays", "range")
        }
        _ => Ok(()),
    }
}
