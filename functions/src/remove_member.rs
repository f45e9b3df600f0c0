//! `removeMember`: `DELETE /organization/{organization_id}/member/{user_id}`.

use shared::edge::{Error, Request, Response};
use shared::store::{Access, Store};

/// Removes a member. Any member may leave.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    request.no_parameters()?;
    let preconditions = request.preconditions()?;
    let id = request.organization_id()?;
    let Some(user) = request.user_id() else {
        return Err(store.no_such_member(request.caller(), &id, Access::Write).await.into());
    };

    let organization = store.remove_member(request.caller(), &id, &user, &preconditions).await?;

    Response::ok(&organization)?.etag(organization.version)
}
