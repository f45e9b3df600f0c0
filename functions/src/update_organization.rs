//! `updateOrganization`: `PUT /organization/{organization_id}`.

use shared::edge::{Error, Request, Response};
use shared::model::{Domain, Metadata, OrganizationChanges, OrganizationName};
use shared::store::Store;

/// Fields of an organization that this operation does not change. They are ignored, so that clients can
/// GET an organization, edit it and PUT it back.
const READ_ONLY: [&str; 13] = [
    "id",
    "maxOverages",
    "includedUnits",
    "maxMembers",
    "externalId",
    "memberCount",
    "role",
    "createdBy",
    "createdAt",
    "updatedAt",
    "version",
    "deletedAt",
    "purgeAt",
];

/// Changes an organization's name, its domain or its metadata.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    let mut body = request.body()?;
    request.no_parameters()?;
    let preconditions = request.preconditions()?;
    let (name, domain) = (body.string("name")?, body.nullable_string("domain")?);
    let metadata = body.strings("metadata")?;
    body.ignore(&READ_ONLY);
    body.end()?;
    if name.is_none() && domain.is_none() && metadata.is_none() {
        return Err(Error::invalid("name", "There is nothing to update. Send name, domain or metadata."));
    }
    let changes = OrganizationChanges {
        name: name
            .map(|name| OrganizationName::parse(&name))
            .transpose()
            .map_err(|invalid| invalid.at("name"))?,
        domain: domain
            .map(|domain| domain.map(|domain| Domain::parse(&domain)).transpose())
            .transpose()
            .map_err(|invalid| invalid.at("domain"))?,
        metadata: metadata.map(Metadata::parse).transpose().map_err(|invalid| invalid.at("metadata"))?,
    };
    let id = request.organization_id()?;

    let organization = store.update_organization(request.caller(), &id, changes, &preconditions).await?;

    Response::ok(&organization)?.etag(organization.version)
}
