//! `addMember`: `POST /organization/{organization_id}/member`.

use shared::edge::{Error, Request, Response, percent_encoded};
use shared::model::{Role, UserId};
use shared::store::Store;

/// Adds a user to an organization. Only services may: a user joins by accepting an invitation. The role is
/// `member` by default.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    let mut body = request.body()?;
    request.no_parameters()?;
    let preconditions = request.preconditions()?;
    let (user, role) = (body.required_string("userId")?, body.string("role")?);
    body.end()?;
    let user = UserId::parse(&user).map_err(|invalid| invalid.at("userId"))?;
    let role =
        role.map_or(Ok(Role::Member), |role| Role::parse(&role)).map_err(|invalid| invalid.at("role"))?;
    let id = request.organization_id()?;

    let member = store.add_member(request.service()?, &id, user, role, &preconditions).await?;

    let location = format!("member/{}", percent_encoded(member.user_id.as_str()));
    Response::created(&location, &member)
}
