//! Reads `ORG#<id>`/`INVITATION#<id>` and `ORG#<id>`/`ORG#<id>`, strongly consistent, in one BatchGetItem.

use crate::error::Error;
use crate::model::{InvitationPreview, InvitationToken, Timestamp};
use crate::store::items::{self, InvitationItem, OrganizationItem};
use crate::store::keys;
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
        let mut found =
            self.batch_get_each(keys).await?.into_iter().map(|item| item.ok_or(Error::InvitationNotFound));
        let mut next = || found.next().unwrap_or(Err(Error::InvitationNotFound));
        let (invitation, organization): (InvitationItem, OrganizationItem) =
            (items::read(next()?)?, items::read(next()?)?);
        if !invitation.is_offered_by(&organization, token) || invitation.accepted_by.is_some() {
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
