//! `getMember`: `GET /organization/{organization_id}/member/{user_id}`.

use shared::edge::{Error, Request, Response};
use shared::store::{Access, Store};

/// Returns a member of an organization.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    request.no_parameters()?;
    let id = request.organization_id()?;
    let Some(user) = request.user_id() else {
        return Err(store.no_such_member(request.caller(), &id, Access::Read).await.into());
    };

    let member = store.get_member(request.caller(), &id, &user).await?;

    Response::ok(&member)
}
