//! Updates `ORG#<id>`/`ORG#<id>` and the role in `USER#<user>`/`ORG#<id>`, both or neither. Guard: the
//! caller is an owner or, while neither the old role nor the new one is owner, an admin; the
//! version; an owner stays; room among the owners and admins; and that the membership exists.
//!
//! A transaction returns no item, and the answer needs what the membership says of its beginning,
//! which never changes: it is read first, when a failure to read has changed nothing yet.

use super::Store;
use super::guard::{Authority, Change, Guard};
use super::items::{self, MembershipItem};
use super::keys;
use super::privileges::{
    OWNER_STAYS, OWNER_STAYS_AND_ROOM_FOR_TARGET, ROOM_FOR_TARGET, most, target, targets,
};
use super::retry::while_unavailable;
use super::transaction::Step;
use crate::error::Error;
use crate::model::{ExpectedVersion, Member, OrganizationId, Role, UserId};
use aws_sdk_dynamodb::types::{AttributeValue, Update};

impl Store {
    /// Changes a member's role.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::MemberNotFound`], [`Error::Forbidden`],
    /// [`Error::PreconditionFailed`], [`Error::LastOwner`], [`Error::TooManyAdmins`],
    /// [`Error::Conflict`], [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn update_member(
        &self,
        caller: &UserId,
        id: &OrganizationId,
        user: &UserId,
        role: Role,
        expected: &ExpectedVersion,
    ) -> Result<Member, Error> {
        let authority = if role == Role::Owner { Authority::Owner } else { Authority::AdminOver(user) };
        let guard = Guard { id, caller, authority, expected };
        let write = guard.write(&self.table, transition(user, role))?;
        let update = Update::builder()
            .table_name(&*self.table)
            .set_key(Some(keys::membership(user, id)))
            .update_expression("SET #role = :role")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#role", "role")
            .expression_attribute_values(":role", AttributeValue::S(role.as_str().to_owned()))
            .build()
            .map_err(|error| Error::Internal(error.into()))?;
        let before = self.get_item(keys::membership(user, id)).await?;
        match self.transact([Step::Update(write.update), Step::Update(update)]).await? {
            Ok(()) => {
                // Without an item, the user was added between the reading and the transaction.
                let item = match before {
                    Some(item) => item,
                    None => {
                        let read = while_unavailable(|| self.get_item(keys::membership(user, id)));
                        read.await?.ok_or(Error::MemberNotFound)?
                    }
                };
                let member: MembershipItem = items::read(item)?;
                Ok(Member { role, ..member.into_member(id.clone()) })
            }
            Err([organization, membership]) => {
                let target_is_missing = membership.is_some();
                let seen = organization.and_then(|refused| refused.item);
                let organization = self.why_refused(&guard, seen, target_is_missing).await?;
                Err(match role {
                    Role::Admin | Role::Member if organization.is_last_owner(user) => Error::LastOwner,
                    Role::Owner | Role::Admin if !organization.has_room_for(user) => Error::TooManyAdmins,
                    _ => Error::Conflict,
                })
            }
        }
    }
}

/// Sets need no knowledge of the old role: adding who is there and deleting who is not change
/// nothing.
fn transition(user: &UserId, role: Role) -> Change {
    match role {
        Role::Owner => Change {
            clauses: "ADD owners :targets, privileged :targets",
            condition: ROOM_FOR_TARGET,
            values: vec![target(user), targets(user), most()],
            ..Change::default()
        },
        Role::Admin => Change {
            clauses: "ADD privileged :targets DELETE owners :targets",
            condition: OWNER_STAYS_AND_ROOM_FOR_TARGET,
            values: vec![target(user), targets(user), most()],
            ..Change::default()
        },
        Role::Member => Change {
            clauses: "DELETE owners :targets, privileged :targets",
            condition: OWNER_STAYS,
            values: vec![targets(user)],
            ..Change::default()
        },
    }
}
