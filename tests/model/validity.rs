//! What is refused before any stored item is looked at: flaws of requests, and invalid arguments.

use crate::action::Action;
use crate::model::Refusal;
use crate::request::{Call, Flaw};
use crate::values::{AFTER, NOBODY, OVER_LIMIT, ROLES, is_service};
use serde_json::{Value, json};

/// Refuses a request with a flaw or an invalid argument.
pub fn check(call: &Call) -> Result<(), Refusal> {
    let (caller, action) = (call.request.caller, call.action());
    if call.request.flaw == Some(Flaw::NoIdentity) {
        return Err((401, "unauthorized", Value::Null));
    }
    let is_for_services =
        matches!(action, Action::AddMember { .. } | Action::SetPlan { .. } | Action::RecordUsage { .. });
    if is_for_services && !is_service(caller) {
        return Err((403, "insufficient_scope", Value::Null));
    }
    if let Action::ListEvents { after: Some(after), .. } = action
        && !AFTER[..7].contains(after)
    {
        return invalid("after");
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
        Action::CreateOrganization { owner, external_id, .. } => match (is_service(caller), owner) {
            (true, None) => invalid("owner"),
            (false, Some(_)) => only_services("owner"),
            (false, None) if external_id.is_some() => only_services("externalId"),
            _ => Ok(()),
        },
        Action::ListOrganizations { of, external_id, deleted, .. } => {
            match (is_service(caller), *of, external_id) {
                (false, Some(_), _) => only_services("userId"),
                (false, None, Some(_)) => only_services("externalId"),
                (true, Some(_), Some(_)) => invalid("externalId"),
                (true, None, Some(_)) if deleted.is_some() => invalid("deleted"),
                (true, None, Some((_, Err(_)))) => invalid("externalId"),
                (true, None | Some(NOBODY), None) => invalid("userId"),
                _ => Ok(()),
            }
        }
        Action::PreviewInvitation { .. } | Action::AcceptInvitation { .. } if is_service(caller) => {
            Err((403, "forbidden", Value::Null))
        }
        Action::DeleteUser { user } if !is_service(caller) && *user != caller => {
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
        Action::UpdateOrganization { name: None, domain: None, metadata: None } => invalid("name"),
        Action::UpdateOrganization { name: Some((_, Err(rule))), .. } => broken("name", rule),
        Action::CreateOrganization { domain: Some((_, Err(rule))), .. }
        | Action::UpdateOrganization { domain: Some(Some((_, Err(rule)))), .. } => broken("domain", rule),
        Action::CreateOrganization { metadata: Some((_, Err(rule))), .. }
        | Action::UpdateOrganization { metadata: Some((_, Err(rule))), .. } => broken("metadata", rule),
        Action::CreateOrganization { external_id: Some((_, Err(rule))), .. } => broken("externalId", rule),
        Action::SetPlan { included_units: None, max_members: None } => invalid("includedUnits"),
        Action::SetPlan { included_units: Some(units), .. } if !(0..=1_000_000_000).contains(units) => {
            broken("includedUnits", "range")
        }
        Action::SetPlan { max_members: Some(Some(members)), .. } if !(1..=1_000_000).contains(members) => {
            broken("maxMembers", "range")
        }
        Action::RecordUsage { units, .. } if *units == 0 || units.abs() > 1_000_000_000 => {
            broken("units", "range")
        }
        Action::RecordUsage { period: Some((_, Err(rule))), .. } => broken("period", rule),
        Action::RecordUsage { over_limit: Some(over_limit), .. } if !OVER_LIMIT[..3].contains(over_limit) => {
            broken("overLimit", "enum")
        }
        Action::GetUsage { period: Some((_, Err("format"))) } => broken("period", "format"),
        Action::SetMaxOverages { units: Some(units) } if !(0..=1_000_000_000).contains(units) => {
            broken("maxOverages", "range")
        }
        Action::AddMember { user: NOBODY, .. } => broken("userId", "user_id"),
        // The name of the parameter in the path.
        Action::DeleteUser { user: NOBODY } => broken("user_id", "user_id"),
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
