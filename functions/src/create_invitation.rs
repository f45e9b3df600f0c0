//! `createInvitation`: `POST /organization/{organization_id}/invitation`.

use shared::edge::{Error, Request, Response};
use shared::model::{Email, Lifetime, NewInvitation, Role};
use shared::store::Store;

/// Invites someone to an organization, or renews the invitation to an address.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    let mut body = request.body()?;
    request.no_parameters()?;
    let preconditions = request.preconditions()?;
    let email = body.nullable_string("email")?.flatten();
    let (role, days) = (body.string("role")?, body.integer("expiresInDays")?);
    body.end()?;
    let email = email.map(|email| Email::parse(&email)).transpose();
    let role = role.map_or(Ok(Role::Member), |role| Role::parse(&role));
    let lifetime = days.map_or(Ok(Lifetime::DEFAULT), Lifetime::days);
    let new = NewInvitation {
        email: email.map_err(|invalid| invalid.at("email"))?,
        role: role.map_err(|invalid| invalid.at("role"))?,
        lifetime: lifetime.map_err(|invalid| invalid.at("expiresInDays"))?,
    };
    let id = request.organization_id()?;

    let issued = store.create_invitation(request.caller(), &id, new, &preconditions).await?;

    let location = format!("invitation/{}", issued.invitation.id.as_str());
    match issued.is_renewal {
        true => Response::ok(&issued)?.location(&location),
        false => Response::created(&location, &issued),
    }
}
