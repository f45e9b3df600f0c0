//! Updates `ORG#<id>`/`ORG#<id>` and puts `USER#<user>`/`ORG#<id>`, both or neither. Guard: the caller
//! is an owner or admin (an owner, to add one), the version, room among the owners and admins, and
//! that the membership is new.

use super::Store;
use super::guard::{Authority, Change, Guard, Target};
use super::items::{self, MembershipItem};
use super::privileges::{ROOM_FOR_TARGET, most, target, targets};
use super::retry::until_settled;
use super::transaction::Step;
use crate::error::Error;
use crate::model::{ExpectedVersion, Member, OrganizationId, Role, Timestamp, UserId};

impl Store {
    /// Makes `user` a member.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::Forbidden`], [`Error::PreconditionFailed`],
    /// [`Error::MemberAlreadyExists`], [`Error::TooManyAdmins`], [`Error::Conflict`],
    /// [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn add_member(
        &self,
        caller: &UserId,
        id: &OrganizationId,
        user: UserId,
        role: Role,
        expected: &ExpectedVersion,
    ) -> Result<Member, Error> {
        let authority = if role == Role::Owner { Authority::Owner } else { Authority::Admin };
        let guard = Guard { id, caller, authority, target: Target::New(&user), expected };
        let write = guard.write(&self.table, addition(&user, role))?;
        let member = Member {
            organization_id: id.clone(),
            user_id: user.clone(),
            role,
            added_by: caller.clone(),
            joined_at: Timestamp::now(),
        };
        let put = self.put(items::write(&MembershipItem::new(&member))?)?;
        until_settled(|| async {
            match self.transact([Step::Update(write.update.clone()), put.clone()]).await? {
                Ok(()) => Ok(Some(member.clone())),
                Err([None, _]) => Err(Error::MemberAlreadyExists),
                Err([Some(refused), membership]) => {
                    let organization = self.why_refused(&guard, refused.item, membership.is_some()).await?;
                    let full = role != Role::Member && !organization.has_room_for(&user);
                    if full { Err(Error::TooManyAdmins) } else { Ok(None) }
                }
            }
        })
        .await
    }
}

fn addition(user: &UserId, role: Role) -> Change {
    match role {
        Role::Owner => Change {
            clauses: "ADD memberCount :one, owners :targets, privileged :targets",
            condition: ROOM_FOR_TARGET,
            values: vec![target(user), targets(user), most()],
            ..Change::default()
        },
        Role::Admin => Change {
            clauses: "ADD memberCount :one, privileged :targets",
            condition: ROOM_FOR_TARGET,
            values: vec![target(user), targets(user), most()],
            ..Change::default()
        },
        Role::Member => Change { clauses: "ADD memberCount :one", ..Change::default() },
    }
}
