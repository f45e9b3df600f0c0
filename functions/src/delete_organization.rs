//! `deleteOrganization`: `DELETE /organization/{organization_id}`.

use shared::edge::{Error, Request, Response};
use shared::store::Store;

/// Deletes an organization. It can be restored for some days.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    request.no_parameters()?;
    let preconditions = request.preconditions()?;
    let id = request.organization_id()?;

    let organization = store.delete_organization(request.caller(), &id, &preconditions).await?;

    Response::ok(&organization)?.etag(organization.version)
}
