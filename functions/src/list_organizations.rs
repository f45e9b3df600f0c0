//! `listOrganizations`: `GET /organization/list`.

use shared::edge::{Error, Request, Response};
use shared::error::Error as OperationError;
use shared::model::{Caller, ExternalId, UserId};
use shared::store::Store;

/// Lists the organizations of a user, oldest first: for a user the caller's own, for a service those of
/// `userId`. With `deleted=true`, lists those that the user owned and can restore. For a service with
/// `externalId`, lists the organization that has it, if there is one.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    let page = request.page("organizations", &["deleted", "userId", "externalId"])?;
    let deleted = match request.parameter("deleted")?.as_deref() {
        None => false,
        Some("true") => true,
        Some(_) => return Err(Error::invalid("deleted", "deleted must be true, or absent.")),
    };
    let (user, external_id) = (request.parameter("userId")?, request.parameter("externalId")?);
    let only_services = |field| Err(OperationError::OnlyServicesSend { field }.into());
    let user = match (request.caller(), user, external_id) {
        (Caller::User(user), None, None) => user.clone(),
        (Caller::User(_), Some(_), _) => return only_services("userId"),
        (Caller::User(_), None, Some(_)) => return only_services("externalId"),
        (Caller::Service(_), Some(user), None) => {
            UserId::parse(&user).map_err(|invalid| Error::invalid("userId", invalid.message))?
        }
        (Caller::Service(service), None, Some(id)) => {
            if deleted {
                return Err(Error::invalid("deleted", "Send deleted with userId only, not with externalId."));
            }
            if page.after.is_some() {
                return Err(Error::InvalidCursor);
            }
            let id =
                ExternalId::parse(&id).map_err(|invalid| Error::invalid("externalId", invalid.message))?;
            let found = store.organization_by_external_id(service, &id).await?;
            return Response::ok(&found.as_slice());
        }
        (Caller::Service(_), Some(_), Some(_)) => {
            return Err(Error::invalid("externalId", "Send either userId or externalId, not both."));
        }
        (Caller::Service(_), None, None) => {
            return Err(Error::invalid("userId", "A service must send userId or externalId."));
        }
    };

    let listed = store.list_organizations(&user, deleted, page.limit, page.after.as_deref()).await?;

    Response::ok(&listed.items)?.next(listed.next.map(|position| page.next(&position)).as_deref())
}
