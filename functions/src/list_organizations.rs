//! `listOrganizations`: `GET /organization/list`.

use shared::edge::{Error, Request, Response};
use shared::store::Store;

/// Lists the organizations that the caller is a member of, oldest first.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    let page = request.page("organizations")?;

    let listed = store.list_organizations(request.caller(), page.limit, page.after.as_deref()).await?;

    Response::ok(&listed.items)?.next(listed.next.map(|position| page.next(&position)).as_deref())
}
