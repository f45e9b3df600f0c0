//! `listOrganizations`: `GET /organization/list`.

use shared::edge::{Error, Request, Response};
use shared::error::Error as OperationError;
use shared::model::{Caller, UserId};
use shared::store::Store;

/// Lists the organizations of a user, oldest first: for a user the caller's own, for a service those of
/// `userId`. With `deleted=true`, lists those that the user owned and can restore.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    let page = request.page("organizations", &["deleted", "userId"])?;
    let deleted = match request.parameter("deleted")?.as_deref() {
        None => false,
        Some("true") => true,
        Some(_) => return Err(Error::invalid("deleted", "deleted must be true, or absent.")),
    };
    let given = request.parameter("userId")?;
    let user = match (request.caller(), given) {
        (Caller::User(user), None) => user.clone(),
        (Caller::User(_), Some(_)) => return Err(OperationError::OnlyServicesSend { field: "userId" }.into()),
        (Caller::Service(_), Some(user)) => {
            UserId::parse(&user).map_err(|invalid| Error::invalid("userId", invalid.message))?
        }
        (Caller::Service(_), None) => return Err(Error::invalid("userId", "A service must send userId.")),
    };

    let listed = store.list_organizations(&user, deleted, page.limit, page.after.as_deref()).await?;

    Response::ok(&listed.items)?.next(listed.next.map(|position| page.next(&position)).as_deref())
}
