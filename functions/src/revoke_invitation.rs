//! `revokeInvitation`: `DELETE /organization/{organization_id}/invitation/{invitation_id}`.

use shared::edge::{Error, Request, Response};
use shared::store::Store;

/// Revokes a pending invitation.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    request.no_parameters()?;
    let preconditions = request.preconditions()?;
    let id = request.organization_id()?;
    let Some(invitation) = request.invitation_id() else {
        return Err(store.no_such_invitation(request.caller(), &id).await.into());
    };

    let revoked = store.revoke_invitation(request.caller(), &id, &invitation, &preconditions).await?;

    Response::ok(&revoked)
}
