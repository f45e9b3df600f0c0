//! Reads `ORG#<id>`/`MEMBER#<user>` and, for a user, `USER#<caller>`/`ORG#<id>` in one BatchGetItem. Then updates
//! `ORG#<id>`/`ORG#<id>` and checks `ORG#<id>`/`MEMBER#<user>` in one transaction. Guard: the membership
//! is the one that was read; the caller is an owner, or an admin if neither the old nor the new role is
//! owner; the preconditions hold; an owner remains; there is room for another owner or admin.
//!
//! The response contains `joinedAt` and `addedBy`, but a transaction returns no items. So they are read
//! first: a failed read then changes nothing. They never change during a membership. If the user leaves
//! and returns in between, the new membership has other values, and the check refuses the write. The
//! caller's membership is read in the same request, so that a non-member causes the same requests whether
//! or not the user is a member.

use crate::error::Error;
use crate::model::{Caller, EventType, Happening, Member, OrganizationId, Preconditions, Role, UserId};
use crate::store::guard::{Change, Guard};
use crate::store::items::{self, MemberItem};
use crate::store::keys;
use crate::store::rules::{Rule, set_of};
use crate::store::table::Store;
use aws_sdk_dynamodb::types::AttributeValue;

impl Store {
    /// Changes a member's role.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::OrganizationDeleted`], [`Error::MemberNotFound`],
    /// [`Error::Forbidden`], [`Error::PreconditionFailed`], [`Error::LastOwner`], [`Error::TooManyAdmins`],
    /// [`Error::Conflict`], [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn update_member(
        &self,
        caller: &Caller,
        id: &OrganizationId,
        user: &UserId,
        role: Role,
        preconditions: &Preconditions,
    ) -> Result<Member, Error> {
        let authority =
            if role == Role::Owner { Rule::Owns(caller) } else { Rule::Manages { caller, target: user } };
        let mut rules =
            vec![Rule::IsMember { caller, target: user }, authority, Rule::Preconditions(preconditions)];
        rules.extend((role != Role::Owner).then_some(Rule::OwnerStays(user)));
        rules.extend((role != Role::Member).then_some(Rule::RoomForAdmin(user)));
        let guard = Guard::new(id, caller, rules).about(keys::member(id, user));

        let mut member: MemberItem = items::read(self.read_target(&guard).await?)?;
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let same_member =
            |seen| {
                if let Some(seen) = seen {
                    member = items::read(seen)?;
                }
                let same = guard.target_condition().and("joinedAt = :joinedAt AND addedBy = :addedBy");
                let same = same.value(":joinedAt", text(member.joined_at.as_str()));
                Ok(vec![self.check(
                    keys::member(id, user),
                    same.value(":addedBy", text(&member.added_by.to_string())),
                )?])
            };
        self.change_with_target(&guard, transition(user, role), same_member).await?;
        Ok(member.into_member(id.clone(), role))
    }
}

/// The old role does not matter: adding an element that is present, or deleting one that is absent,
/// changes nothing.
fn transition(user: &UserId, role: Role) -> Change {
    let clauses = match role {
        Role::Owner => "ADD owners :targets, privileged :targets",
        Role::Admin => "ADD privileged :targets DELETE owners :targets",
        Role::Member => "DELETE owners :targets, privileged :targets",
    };
    let happening = Happening::to_user(EventType::MemberRoleChanged, user);
    Change { clauses, values: vec![(":targets", set_of(user))], ..Change::new(happening) }
}
