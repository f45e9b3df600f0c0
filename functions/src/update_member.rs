//! `updateMember`: `PATCH /organization/{organization_id}/member/{user_id}`.

use shared::edge::{Error, Request, Response};
use shared::model::Role;
use shared::store::{Access, Store};

/// Changes a member's role.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    let mut body = request.body()?;
    request.no_parameters()?;
    let preconditions = request.preconditions()?;
    let role = body.required_string("role")?;
    body.end()?;
    let role = Role::parse(&role).map_err(|invalid| invalid.at("role"))?;
    let id = request.organization_id()?;
    let Some(user) = request.user_id() else {
        return Err(store.no_such_member(request.caller(), &id, Access::Write).await.into());
    };

    let member = store.update_member(request.caller(), &id, &user, role, &preconditions).await?;

    Response::ok(&member)
}
