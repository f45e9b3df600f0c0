//! `getOrganization`: `GET /organization/{organization_id}`.

use shared::edge::{Error, Request, Response};
use shared::model::Precondition;
use shared::store::Store;

/// Returns an organization to one of its members.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    request.no_parameters()?;
    let preconditions = request.preconditions()?;
    let id = request.organization_id()?;

    let organization = store.get_organization(request.caller(), &id).await?;

    match preconditions.failed_at(organization.version) {
        None => Response::ok(&organization)?.etag(organization.version),
        // RFC 9110 §13.1.2: a read answers 304 where a write answers 412.
        Some(Precondition::IfNoneMatch) => Response::not_modified(organization.version),
        Some(failed) => Err(failed.error_at(organization.version).into()),
    }
}
