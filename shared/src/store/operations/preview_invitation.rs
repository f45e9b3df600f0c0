//! Reads `ORG#<id>`/`INVITATION#<id>` and `ORG#<id>`/`ORG#<id>`, strongly consistent, in one BatchGetItem.

use crate::error::Error;
use crate::model::{InvitationPreview, InvitationToken, Timestamp};
use crate::store::items::{self, InvitationItem, OrganizationItem};
use crate::store::keys;
use crate::store::rules::Rule;
use crate::store::table::Store;

impl Store {
    /// What an invitation is for. The caller needs nothing but its token.
    ///
    /// # Errors
    /// [`Error::InvitationNotFound`], [`Error::InvitationExpired`], [`Error::ServiceUnavailable`],
    /// [`Error::Internal`].
    pub async fn preview_invitation(&self, token: &InvitationToken) -> Result<InvitationPreview, Error> {
        let id = token.organization();
        let keys = vec![keys::invitation(id, token.invitation()), keys::organization(id)];
        let found = <[_; 2]>::try_from(self.batch_get_each(keys).await?);
        let Ok([Some(invitation), Some(organization)]) = found else { return Err(Error::InvitationNotFound) };
        let invitation: InvitationItem = items::read(invitation)?;
        let organization: OrganizationItem = items::read(organization)?;
        let is_offered =
            !organization.is_deleted() && Rule::still_invites(&invitation).check(&organization).is_ok();
        if !token.has(&invitation.secret_hash) || !is_offered || invitation.accepted_by.is_some() {
            return Err(Error::InvitationNotFound);
        }
        if invitation.has_expired(Timestamp::seconds_now()) {
            return Err(Error::InvitationExpired);
        }
        Ok(InvitationPreview {
            expires_at: invitation.expiry()?,
            organization_id: id.clone(),
            organization_name: organization.name,
            role: invitation.role,
            email: invitation.email,
            invited_by: invitation.invited_by,
        })
    }
}
