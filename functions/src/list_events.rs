//! `listEvents`: `GET /organization/{organization_id}/event`.

use shared::edge::{Error, Request, Response};
use shared::model::Precondition;
use shared::store::Store;

/// Lists what happened to an organization, oldest first.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    request.only_parameters(&["after", "limit"])?;
    let preconditions = request.preconditions()?;
    let (after, limit) = (request.after()?, request.limit()?);
    let id = request.organization_id()?;

    let listed = store.list_events(request.caller(), &id, after, limit).await?;

    let last = listed.events.last().map_or(after, |event| event.number);
    // An event that is not stored yet may join this page at the same version.
    let is_complete = listed.more || last >= listed.version;
    match preconditions.failed_at(listed.version) {
        Some(Precondition::IfNoneMatch) if is_complete => return Response::not_modified(listed.version),
        None | Some(Precondition::IfNoneMatch) => {}
        Some(failed) => return Err(failed.error_at(listed.version).into()),
    }
    let next = listed.more.then(|| format!("?limit={limit}&after={last}"));
    Response::ok(&listed.events)?.etag(listed.version)?.next(next.as_deref())
}
