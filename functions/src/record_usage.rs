//! `recordUsage`: `POST /organization/{organization_id}/usage`.

use shared::edge::{Error, Request, Response};
use shared::model::{OverLimit, Period, Report, Units};
use shared::store::Store;

/// Records units that an organization used in a billing period, as far as its limit allows. Only services may.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    let mut body = request.body()?;
    request.no_parameters()?;
    let key = request.idempotency_key()?;
    let units = body.required_integer("units")?;
    let (period, over_limit) = (body.string("period")?, body.string("overLimit")?);
    body.end()?;
    let report = Report {
        units: Units::parse(units).map_err(|invalid| invalid.at("units"))?,
        period: period
            .map(|period| Period::parse(&period)?.reportable())
            .transpose()
            .map_err(|invalid| invalid.at("period"))?,
        over_limit: over_limit
            .map_or(Ok(OverLimit::default()), |over_limit| OverLimit::parse(&over_limit))
            .map_err(|invalid| invalid.at("overLimit"))?,
    };
    let id = request.organization_id()?;

    let recording = store.record_usage(request.service()?, &id, report, key.as_ref()).await?;

    Ok(Response::ok(&recording.usage)?.replayed(recording.is_replayed))
}
