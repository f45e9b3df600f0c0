//! Reads `ORG#<id>`/`ORG#<id>`, `ORG#<id>`/`MEMBER#<user>` and, for a user, `USER#<caller>`/`ORG#<id>`, strongly
//! consistent, in one BatchGetItem. So a non-member causes the same request whether or not the user is a
//! member.

use crate::error::Error;
use crate::model::{Caller, Member, OrganizationId, UserId};
use crate::store::items::{self, MemberItem};
use crate::store::keys;
use crate::store::table::Store;

impl Store {
    /// A member of an organization. A user who asks must be a member.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::OrganizationDeleted`], [`Error::MemberNotFound`],
    /// [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn get_member(
        &self,
        caller: &Caller,
        id: &OrganizationId,
        user: &UserId,
    ) -> Result<Member, Error> {
        let (organization, [member]) =
            self.readable_organization(caller, id, [keys::member(id, user)]).await?;
        let member: MemberItem = items::read(member.ok_or(Error::MemberNotFound)?)?;
        Ok(member.into_member(id.clone(), organization.role_of(user)))
    }
}
