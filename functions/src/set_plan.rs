//! `setPlan`: `PATCH /organization/{organization_id}/plan`.

use shared::edge::{Error, Request, Response};
use shared::model::{IncludedUnits, MaxMembers, PlanChanges};
use shared::store::Store;

/// Sets what an organization's plan allows: the units of a billing period, the number of members, or both. Only
/// services may.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    let mut body = request.body()?;
    request.no_parameters()?;
    let preconditions = request.preconditions()?;
    let (units, members) = (body.integer("includedUnits")?, body.nullable_integer("maxMembers")?);
    body.end()?;
    if units.is_none() && members.is_none() {
        return Err(Error::invalid(
            "includedUnits",
            "There is nothing to set. Send includedUnits, maxMembers or both.",
        ));
    }
    let changes = PlanChanges {
        included_units: units
            .map(IncludedUnits::parse)
            .transpose()
            .map_err(|invalid| invalid.at("includedUnits"))?,
        max_members: members
            .map(|members| members.map_or(Ok(MaxMembers::UNLIMITED), MaxMembers::members))
            .transpose()
            .map_err(|invalid| invalid.at("maxMembers"))?,
    };
    let id = request.organization_id()?;

    let plan = store.set_plan(request.service()?, &id, changes, &preconditions).await?;

    Response::ok(&plan)?.etag(plan.version)
}
