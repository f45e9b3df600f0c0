//! `restoreOrganization`: `POST /organization/{organization_id}/restore`.

use shared::edge::{Error, Request, Response};
use shared::store::Store;

/// Restores a deleted organization.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    request.no_parameters()?;
    let preconditions = request.preconditions()?;
    let id = request.organization_id()?;

    let organization = store.restore_organization(request.caller(), &id, &preconditions).await?;

    Response::ok(&organization)?.etag(organization.version)
}
