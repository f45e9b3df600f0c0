//! Updates `ORG#<id>`/`ORG#<id>` and the role in `USER#<user>`/`ORG#<id>`, both or neither. Guard: the
//! caller is an owner or, while neither the old role nor the new one is owner, an admin; the
//! version; an owner stays; room among the owners and admins; and that the membership is the one that
//! was read.
//!
//! A transaction returns no item, and the answer needs what the membership says of its beginning,
//! which never changes: it is read first, when a failure to read has changed nothing yet. The user may
//! be removed and added again in between: that is another membership, with another beginning.

use super::Store;
use super::guard::{Authority, Change, Guard, Target};
use super::items::{self, MembershipItem};
use super::keys;
use super::privileges::{
    OWNER_STAYS, OWNER_STAYS_AND_ROOM_FOR_TARGET, ROOM_FOR_TARGET, most, target, targets,
};
use super::retry::until_settled;
use super::transaction::Step;
use crate::error::Error;
use crate::model::{ExpectedVersion, Member, OrganizationId, Role, UserId};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure, Update};

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
        let guard = Guard { id, caller, authority, target: Target::Member(user), expected };
        let write = guard.write(&self.table, transition(user, role))?;
        until_settled(|| async {
            let Some(before) = self.get_item(keys::membership(user, id)).await? else {
                // Without a reason, the user was added a moment ago.
                return self.why_refused(&guard, None, false).await.map(|_| None);
            };
            let before: MembershipItem = items::read(before)?;
            let text = |text: &str| AttributeValue::S(text.to_owned());
            let update = Update::builder()
                .table_name(&*self.table)
                .set_key(Some(keys::membership(user, id)))
                .update_expression("SET #role = :role")
                .condition_expression("joinedAt = :joinedAt AND addedBy = :addedBy")
                .expression_attribute_names("#role", "role")
                .expression_attribute_values(":role", text(role.as_str()))
                .expression_attribute_values(":joinedAt", text(before.joined_at.as_str()))
                .expression_attribute_values(":addedBy", text(before.added_by.as_str()))
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                .build()
                .map_err(|error| Error::Internal(error.into()))?;
            match self.transact([Step::Update(write.update.clone()), Step::Update(update)]).await? {
                Ok(()) => Ok(Some(Member { role, ..before.into_member(id.clone()) })),
                Err([organization, membership]) => {
                    // With an item, it is another membership of the same user.
                    let target_is_member = membership.is_none_or(|refused| refused.item.is_some());
                    let Some(refused) = organization else {
                        return if target_is_member { Ok(None) } else { Err(Error::MemberNotFound) };
                    };
                    let organization = self.why_refused(&guard, refused.item, target_is_member).await?;
                    match role {
                        Role::Admin | Role::Member if organization.is_last_owner(user) => {
                            Err(Error::LastOwner)
                        }
                        Role::Owner | Role::Admin if !organization.has_room_for(user) => {
                            Err(Error::TooManyAdmins)
                        }
                        _ => Ok(None),
                    }
                }
            }
        })
        .await
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
