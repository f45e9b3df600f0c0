//! Updates `ORG#<id>`/`ORG#<id>` and puts `USER#<user>`/`ORG#<id>`, both or neither. Guard: the caller
//! is an owner or admin (an owner, to add one), the version, room among the owners and admins, and
//! that the membership is new.

use super::Store;
use super::guard::{Authority, Change, Guard};
use super::items::{self, MembershipItem};
use super::privileges::{ROOM_FOR_TARGET, most, target, targets};
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
        let guard = Guard { id, caller, authority, expected };
        let write = guard.write(&self.table, addition(&user, role))?;
        let member = Member {
            organization_id: id.clone(),
            user_id: user,
            role,
            added_by: caller.clone(),
            joined_at: Timestamp::now(),
        };
        let put = self.put(items::write(&MembershipItem::new(&member))?)?;
        match self.transact([Step::Update(write.update), put]).await? {
            Ok(()) => Ok(member),
            Err([organization, membership]) => {
                if let Some(refused) = organization {
                    let organization = self.why_refused(&guard, refused.item, false).await?;
                    if membership.is_none() {
                        let full = role != Role::Member && !organization.has_room_for(&member.user_id);
                        return Err(if full { Error::TooManyAdmins } else { Error::Conflict });
                    }
                }
                Err(Error::MemberAlreadyExists)
            }
        }
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
