//! `deleteUser`: `DELETE /user/{user_id}`.

use shared::edge::{Error, Request, Response};
use shared::error::Error as OperationError;
use shared::store::Store;

/// Ends every membership of a user. Only the user and services may.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    request.no_parameters()?;
    let user = request.valid_user_id();
    if let Some(caller) = request.caller().user()
        && user.as_ref().ok() != Some(caller)
    {
        return Err(OperationError::AnotherUser.into());
    }
    let user = user?;

    let erasure = store.delete_user(request.caller(), &user).await?;

    Response::ok(&erasure)
}
