//! Reads `ORG#<id>`/`ORG#<id>` and `USER#<caller>`/`ORG#<id>` in one BatchGetItem, then queries
//! `ORG#<id>`, `begins_with(sk, "MEMBER#")`. Both are strongly consistent: a member is in the list as
//! soon as addMember or acceptInvitation returns.
//!
//! The requests do not run in parallel. That would need a second connection. Its TLS handshake would cost
//! an instance with little CPU more time than the saved round trip. Also, a non-member's request would
//! read the organization's partition. Roles come from the first request: a member who becomes an admin
//! between the two is still listed as a member.

use crate::error::Error;
use crate::model::{Caller, Member, OrganizationId};
use crate::store::items::{self, MemberItem};
use crate::store::keys;
use crate::store::table::{List, Page, Store};

impl Store {
    /// The members of an organization, by user id: at most `limit` of those after the position `after`.
    /// A user must be a member.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::OrganizationDeleted`], [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn list_members(
        &self,
        caller: &Caller,
        id: &OrganizationId,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<Member>, Error> {
        let (organization, []) = self.readable_organization(caller, id, []).await?;
        let list = List {
            partition: keys::organization_key(id),
            prefix: keys::MEMBER_PREFIX,
            projection: MemberItem::LISTED,
        };
        let read = |item| {
            let member: MemberItem = items::read_for_list(item)?;
            let role = organization.role_of(&member.user_id);
            Some(member.into_member(id.clone(), role))
        };
        self.query_page(list, limit, after, read).await
    }
}
