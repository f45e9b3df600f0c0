//! `getUsage`: `GET /organization/{organization_id}/usage`.

use shared::edge::{Error, Request, Response};
use shared::model::Period;
use shared::store::Store;

/// Returns what an organization has used in a billing period.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    request.only_parameters(&["period"])?;
    let period = request
        .parameter("period")?
        .map_or(Ok(Period::current()), |period| Period::parse(&period))
        .map_err(|invalid| invalid.at("period"))?;
    let id = request.organization_id()?;

    let usage = store.get_usage(request.caller(), &id, period).await?;

    Response::ok(&usage)
}
