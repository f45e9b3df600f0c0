//! `previewInvitation`: `POST /invitation/preview`.

use shared::edge::{Error, Request, Response};
use shared::error::Error as OperationError;
use shared::model::InvitationToken;
use shared::store::Store;

/// Shows what an invitation is for to a user who has its token.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    let mut body = request.body()?;
    request.no_parameters()?;
    let token = body.required_string("token")?;
    body.end()?;
    request.user()?;
    let token = InvitationToken::parse(&token).ok_or(OperationError::InvitationNotFound)?;

    let preview = store.preview_invitation(&token).await?;

    Response::ok(&preview)
}
