//! `setMaxOverages`: `PATCH /organization/{organization_id}/max-overages`.

use shared::edge::{Error, Request, Response};
use shared::model::MaxOverages;
use shared::store::Store;

/// Sets how many overage units may be billed beyond the plan in one billing period.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    let mut body = request.body()?;
    request.no_parameters()?;
    let preconditions = request.preconditions()?;
    let units = body.required_nullable_integer("maxOverages")?;
    body.end()?;
    let max_overages = units
        .map_or(Ok(MaxOverages::UNLIMITED), MaxOverages::units)
        .map_err(|invalid| invalid.at("maxOverages"))?;
    let id = request.organization_id()?;

    let configuration = store.set_max_overages(request.caller(), &id, max_overages, &preconditions).await?;

    Response::ok(&configuration)?.etag(configuration.version)
}
