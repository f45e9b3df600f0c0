//! `listMembers`: `GET /organization/{organization_id}/member`.

use shared::edge::{Error, Request, Response};
use shared::store::Store;

/// Lists an organization's members, ordered by user id. Only members may list them.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    let page = request.page("members", &[])?;
    let id = request.organization_id()?;

    let listed = store.list_members(request.caller(), &id, page.limit, page.after.as_deref()).await?;

    Response::ok(&listed.items)?.next(listed.next.map(|position| page.next(&position)).as_deref())
}
