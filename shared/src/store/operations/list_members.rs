//! Reads `ORG#<id>`/`ORG#<id>` and `USER#<caller>`/`ORG#<id>` in one BatchGetItem, then queries `ORG#<id>`,
//! `begins_with(sk, "MEMBER#")`. All of it is strongly consistent: a member is in the list from the moment
//! that addMember returns.
//!
//! Not both requests at the same time: that would take a second connection, whose TLS handshake costs a
//! throttled instance more than the round trip it saves, and strangers could read an organization's
//! partition. A role is the one of the first request; somebody who becomes an admin between the two
//! is still listed as a member.

use crate::error::Error;
use crate::model::{Member, OrganizationId, UserId};
use crate::store::items::{self, MemberItem};
use crate::store::keys;
use crate::store::table::{List, Page, Store};

impl Store {
    /// The members of an organization that `caller` is a member of, by user id: at most `limit` of
    /// those after the position `after`.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn list_members(
        &self,
        caller: &UserId,
        id: &OrganizationId,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<Member>, Error> {
        let organization = self.organization_of_member(caller, id).await?;
        let list = List {
            partition: keys::organization_key(id),
            prefix: keys::MEMBER_PREFIX,
            projection: MemberItem::LISTED,
        };
        let read = |item| {
            let member: MemberItem = items::read_for_list(Some(item))?;
            let role = organization.role_of(&member.user_id);
            Some(member.into_member(id.clone(), role))
        };
        self.query_page(list, limit, after, read).await
    }
}
