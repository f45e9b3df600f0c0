//! Reads the organization and the caller's membership of it, then queries the index `members` for
//! `organizationId = <id>`. An index is eventually consistent: a member added a moment ago may be
//! missing.
//!
//! Not both at the same time: that would take a second connection, whose TLS handshake costs a
//! throttled instance more than the round trip it saves, and let strangers read an index partition.

use super::items::{self, MembershipItem};
use super::keys;
use super::{Listed, Store};
use crate::error::Error;
use crate::model::{Member, OrganizationId, UserId};
use aws_sdk_dynamodb::types::AttributeValue;

const INDEX: &str = "members";
const MEMBERS: &str = "organizationId = :organization";

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
    ) -> Result<Listed<Member>, Error> {
        self.organization_of_member(caller, id).await?;
        let query = self
            .client
            .query()
            .index_name(INDEX)
            .key_condition_expression(MEMBERS)
            .expression_attribute_values(":organization", AttributeValue::S(id.as_str().to_owned()))
            .set_exclusive_start_key(after.map(|position| keys::at_position_among_members(id, position)));
        let read = |item| Some(items::read_for_list::<MembershipItem>(Some(item))?.into_member(id.clone()));
        self.page(query, limit, read, keys::position_among_members).await
    }
}
