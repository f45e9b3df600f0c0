//! `createOrganization`: `POST /organization`.

use shared::edge::{Error, Request, Response};
use shared::error::Error as OperationError;
use shared::model::{
    Caller, Creation, Domain, ExternalId, Metadata, NewOrganization, OrganizationName, UserId,
};
use shared::store::Store;

/// Creates an organization and makes the caller its owner. A service names the owner, and may set an external id.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    let mut body = request.body()?;
    request.no_parameters()?;
    let key = request.idempotency_key()?;
    let (field, name) = match (body.string("organizationName")?, body.string("name")?) {
        (Some(_), Some(_)) => {
            return Err(Error::invalid("name", "Send either organizationName or name, not both."));
        }
        (None, Some(name)) => ("name", name),
        (Some(name), None) => ("organizationName", name),
        (None, None) => {
            return Err(Error::invalid("organizationName", "Missing field \"organizationName\". Add it."));
        }
    };
    let domain = body.nullable_string("domain")?.flatten();
    let metadata = body.strings("metadata")?.unwrap_or_default();
    let (owner, external_id) = (body.string("owner")?, body.string("externalId")?);
    body.end()?;
    let owner = owned_by(owner, request.caller())?;
    if external_id.is_some() && request.caller().user().is_some() {
        return Err(OperationError::OnlyServicesSend { field: "externalId" }.into());
    }
    let new = NewOrganization {
        name: OrganizationName::parse(&name).map_err(|invalid| invalid.at(field))?,
        domain: domain
            .map(|domain| Domain::parse(&domain))
            .transpose()
            .map_err(|invalid| invalid.at("domain"))?,
        metadata: Metadata::parse(metadata).map_err(|invalid| invalid.at("metadata"))?,
        external_id: external_id
            .map(|id| ExternalId::parse(&id))
            .transpose()
            .map_err(|invalid| invalid.at("externalId"))?,
    };

    let Creation { organization, is_replayed } =
        store.create_organization(request.caller(), &owner, new, key.as_ref()).await?;

    let location = format!("organization/{}", organization.id.as_str());
    Ok(Response::created(&location, &organization)?.etag(organization.version)?.replayed(is_replayed))
}

/// The user who owns the new organization.
fn owned_by(owner: Option<String>, caller: &Caller) -> Result<UserId, Error> {
    match (caller, owner) {
        (Caller::User(user), None) => Ok(user.clone()),
        (Caller::User(_), Some(_)) => Err(OperationError::OnlyServicesSend { field: "owner" }.into()),
        (Caller::Service(_), Some(owner)) => {
            UserId::parse(&owner).map_err(|invalid| invalid.at("owner").into())
        }
        (Caller::Service(_), None) => Err(Error::invalid(
            "owner",
            "A service must send owner: the id of the user who owns the organization.",
        )),
    }
}
