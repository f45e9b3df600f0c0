//! Reads `USER#<caller>`/`ORG#<id>` and `ORG#<id>`/`MEMBER#<user>` in one BatchGetItem; then updates
//! `ORG#<id>`/`ORG#<id>` and checks `ORG#<id>`/`MEMBER#<user>`, both or neither. Guard: the user is a member,
//! since the membership that was read; the caller is an owner or, while neither the old role nor the
//! new one is owner, an admin; the version; an owner stays; room among the owners and admins.
//!
//! A transaction returns no item, and the answer needs what the member's item says of the membership's
//! beginning, which never changes. It is read first, while a failure to read has changed nothing yet.
//! The user may leave and come back in between: that is another membership, with another beginning.
//! The caller's membership is read with it, so that a stranger causes the same requests for a member
//! as for a user who is none.

use crate::error::Error;
use crate::model::{ExpectedVersion, Member, OrganizationId, Role, UserId};
use crate::store::change::{Change, Guard};
use crate::store::client::retry::Attempts;
use crate::store::items::{self, MemberItem};
use crate::store::keys;
use crate::store::rules::{Rule, set_of};
use crate::store::table::Store;
use aws_sdk_dynamodb::types::AttributeValue;

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
        let authority =
            if role == Role::Owner { Rule::Owns(caller) } else { Rule::Manages { caller, target: user } };
        let mut rules = vec![Rule::IsMember { caller, target: user }, authority, Rule::VersionIs(expected)];
        rules.extend((role != Role::Owner).then_some(Rule::OwnerStays(user)));
        rules.extend((role != Role::Member).then_some(Rule::RoomForAdmin(user)));
        let guard = Guard { id, caller, target: Some(user), rules: &rules };

        let key = || keys::member(id, user);
        let [membership, member] = self.batch_get_each([keys::membership(caller, id), key()]).await?;
        membership.ok_or(Error::OrganizationNotFound)?;
        // The two were not read at one moment, so a missing member is looked for again.
        let mut attempts = Attempts::default();
        let mut found = member;
        let member = loop {
            match found {
                Some(member) => break member,
                None => found = attempts.settle(self.explain(&guard, None, None).await).await?,
            }
        };
        let mut member: MemberItem = items::read(member)?;
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let same_member = |seen| {
            if let Some(seen) = seen {
                member = items::read(seen)?;
            }
            let same = guard.member_condition().and("joinedAt = :joinedAt AND addedBy = :addedBy");
            let same = same.value(":joinedAt", text(member.joined_at.as_str()));
            Ok(vec![self.check(key(), same.value(":addedBy", text(member.added_by.as_str())))?])
        };
        self.change_membership(&guard, transition(user, role), same_member).await?;
        Ok(member.into_member(id.clone(), role))
    }
}

/// Sets need no knowledge of the old role: adding an element that is there and deleting one that is not
/// change nothing.
fn transition(user: &UserId, role: Role) -> Change {
    let clauses = match role {
        Role::Owner => "ADD owners :targets, privileged :targets",
        Role::Admin => "ADD privileged :targets DELETE owners :targets",
        Role::Member => "DELETE owners :targets, privileged :targets",
    };
    Change { clauses, values: vec![(":targets", set_of(user))], ..Change::default() }
}
