//! `updateOrganization`: `PUT /organization/{organization_id}`.

use shared::edge::{Request, Response};
use shared::error::Error;
use shared::model::{Domain, OrganizationChanges, OrganizationName};
use shared::store::Store;

/// What getOrganization shows and this operation does not change: ignored, so that GET → edit → PUT works.
const READ_ONLY: [&str; 8] =
    ["id", "maxOverages", "memberCount", "role", "createdBy", "createdAt", "updatedAt", "version"];

/// Changes an organization's name, its domain or both.
///
/// # Errors
/// Those that openapi.yaml lists for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    let mut body = request.body()?;
    let expected = request.if_match()?;
    let (name, domain) = (body.nullable_string("name")?, body.nullable_string("domain")?);
    body.ignore(&READ_ONLY);
    body.end()?;
    if name.is_none() && domain.is_none() {
        return Err(Error::invalid("name", "There is nothing to update. Give name, domain or both."));
    }
    let changes = OrganizationChanges {
        // A name cannot be cleared: `null` is refused as the empty name is.
        name: name
            .map(|name| OrganizationName::parse(&name.unwrap_or_default()))
            .transpose()
            .map_err(|invalid| invalid.at("name"))?,
        domain: domain
            .map(|domain| domain.map(|domain| Domain::parse(&domain)).transpose())
            .transpose()
            .map_err(|invalid| invalid.at("domain"))?,
    };
    let id = request.organization_id()?;

    let organization = store.update_organization(request.caller(), &id, changes, &expected).await?;

    Response::ok(&organization)?.etag(organization.version)
}
