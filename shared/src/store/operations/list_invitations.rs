//! Reads `ORG#<id>`/`ORG#<id>` and, for a user, `USER#<caller>`/`ORG#<id>` in one BatchGetItem, then queries
//! `ORG#<id>`, `begins_with(sk, "INVITATION#")`. Both are strongly consistent: an invitation is in the list as
//! soon as createInvitation returns.

use crate::error::Error;
use crate::model::{Caller, Invitation, InvitationStatus, OrganizationId, Timestamp};
use crate::store::items::{self, InvitationItem};
use crate::store::keys;
use crate::store::rules::Rule;
use crate::store::table::{List, Page, Store};

impl Store {
    /// The pending invitations of an organization, by id: at most `limit` of those after the position `after`. A
    /// user must be an owner or an admin.
    ///
    /// Expired and accepted invitations are stored among them, so a page may be shorter than `limit` and not the
    /// last.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::OrganizationDeleted`], [`Error::Forbidden`],
    /// [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn list_invitations(
        &self,
        caller: &Caller,
        id: &OrganizationId,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<Invitation>, Error> {
        let (organization, []) = self.readable_organization(caller, id, []).await?;
        Rule::Administers(caller).check(&organization)?;
        let list = List {
            partition: keys::organization_key(id),
            prefix: keys::INVITATION_PREFIX,
            projection: InvitationItem::LISTED,
        };
        let now = Timestamp::seconds_now();
        let read = |item| {
            let invitation: InvitationItem = items::read_for_list(item)?;
            let pending = Some(invitation).filter(|invitation| invitation.is_pending(now))?;
            pending.into_invitation(id.clone(), InvitationStatus::Pending).ok()
        };
        self.query_page(list, limit, after, read).await
    }
}
