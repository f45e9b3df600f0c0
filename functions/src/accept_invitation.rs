//! `acceptInvitation`: `POST /invitation/accept`.

use shared::edge::{Error, Request, Response, percent_encoded};
use shared::error::Error as OperationError;
use shared::model::{InvitationToken, Joining};
use shared::store::Store;

/// Makes the user who has an invitation's token a member.
///
/// # Errors
/// Those in openapi.yaml for this operation.
pub async fn handle(request: Request, store: Store) -> Result<Response, Error> {
    let mut body = request.body()?;
    request.no_parameters()?;
    let token = body.required_string("token")?;
    body.end()?;
    let user = request.user()?;
    let token = InvitationToken::parse(&token).ok_or(OperationError::InvitationNotFound)?;

    let Joining { member, is_replayed } = store.accept_invitation(user, &request.invitee(), &token).await?;

    let (organization, user) = (member.organization_id.as_str(), percent_encoded(member.user_id.as_str()));
    let location = format!("../organization/{organization}/member/{user}");
    match is_replayed {
        true => Response::ok(&member)?.location(&location),
        false => Response::created(&location, &member),
    }
}
