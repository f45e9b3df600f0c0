//! Reads `ORG#<id>`/`ORG#<id>`, `ORG#<id>`/`INVITATION#<id>` and, for a user, `USER#<caller>`/`ORG#<id>` in one
//! BatchGetItem. Then updates the organization and deletes the invitation in one transaction. Guard: the caller is
//! an owner, an admin or a service; the invitation is the one that was read, and pending; the organization is not
//! deleted; the preconditions hold.
//!
//! The response shows the invitation, but a transaction returns no items. So it is read first. The organization and
//! the caller's membership are read in the same request, so that callers who may not revoke cause the same requests
//! whether or not there is such an invitation: a plain member could otherwise tell by the time whether an address
//! is invited.

use crate::error::Error;
use crate::model::{
    Caller, EventType, Happening, Invitation, InvitationId, InvitationStatus, OrganizationId, Preconditions,
};
use crate::store::guard::{Change, Guard};
use crate::store::items::{self, InvitationItem};
use crate::store::keys;
use crate::store::rules::Rule;
use crate::store::table::Store;

impl Store {
    /// Revokes a pending invitation.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::OrganizationDeleted`], [`Error::Forbidden`],
    /// [`Error::InvitationNotFound`], [`Error::PreconditionFailed`], [`Error::Conflict`],
    /// [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn revoke_invitation(
        &self,
        caller: &Caller,
        id: &OrganizationId,
        invitation: &InvitationId,
        preconditions: &Preconditions,
    ) -> Result<Invitation, Error> {
        // Whether an address is invited is known only to those who may invite.
        let rules = [Rule::Administers(caller), Rule::IsPending, Rule::Preconditions(preconditions)];
        let guard = Guard::new(id, caller, rules).about(keys::invitation(id, invitation));
        let key = keys::invitation(id, invitation);
        let (organization, [found]) = self.organization_even_deleted(caller, id, [key]).await?;
        let found = found.filter(|_| Rule::Administers(caller).check(&organization).is_ok());
        let mut revoked: InvitationItem = items::read(self.found_or_explained(&guard, found).await?)?;
        let same_invitation = |seen| {
            if let Some(seen) = seen {
                revoked = items::read(seen)?;
            }
            let same = guard.target_condition().and("secretHash = :secretHash");
            let same = same.value(":secretHash", revoked.secret_hash_value());
            Ok(vec![self.delete(keys::invitation(id, invitation), same)?])
        };
        let happening = Happening::to_invitation(EventType::InvitationRevoked, invitation);
        self.change_with_target(&guard, Change::new(happening), same_invitation).await?;
        revoked.into_invitation(id.clone(), InvitationStatus::Revoked)
    }
}
