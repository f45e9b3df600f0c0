//! `getOrganization`: `GET /organization/{organization_id}`.

use shared::edge::{Error, Request, Response};
use shared::store::Store;

/// Returns an organization to one of its members.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    let if_none_match = request.if_none_match()?;
    let id = request.organization_id()?;

    let organization = store.get_organization(request.caller(), &id).await?;

    if if_none_match.has(organization.version) {
        return Response::not_modified(organization.version);
    }
    Response::ok(&organization)?.etag(organization.version)
}
