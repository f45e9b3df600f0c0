//! Updates `ORG#<id>`/`ORG#<id>` and puts `ORG#<id>`/`MEMBER#<user>` and `USER#<user>`/`ORG#<id>` in one
//! transaction. Guard: the caller is an owner or admin (an owner to add an owner); the preconditions hold;
//! the user is not a member; there is room for another owner or admin.

use crate::error::Error;
use crate::model::{Member, OrganizationId, Preconditions, Role, Timestamp, UserId};
use crate::store::change::{Change, Guard};
use crate::store::items::{self, MemberItem};
use crate::store::keys;
use crate::store::rules::{Rule, set_of};
use crate::store::table::Store;
use crate::store::transaction::Condition;

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
        preconditions: &Preconditions,
    ) -> Result<Member, Error> {
        let authority = if role == Role::Owner { Rule::Owns(caller) } else { Rule::Administers(caller) };
        let mut rules = vec![authority, Rule::Preconditions(preconditions), Rule::IsNoMember];
        rules.extend((role != Role::Member).then_some(Rule::RoomForAdmin(&user)));
        let guard = Guard { id, caller, target: Some(&user), rules: &rules };
        let member = Member {
            organization_id: id.clone(),
            user_id: user.clone(),
            role,
            added_by: caller.clone(),
            joined_at: Timestamp::now(),
        };
        let others = [
            self.put(items::write(&MemberItem::new(&member))?, guard.member_condition())?,
            self.put(keys::membership(&user, id), Condition::NONE)?,
        ];
        self.change_membership(&guard, addition(&user, role), |_| Ok(others.to_vec())).await?;
        Ok(member)
    }
}

fn addition(user: &UserId, role: Role) -> Change {
    let (clauses, values) = match role {
        Role::Owner => ("ADD memberCount :one, owners :targets, privileged :targets", vec![set_of(user)]),
        Role::Admin => ("ADD memberCount :one, privileged :targets", vec![set_of(user)]),
        Role::Member => ("ADD memberCount :one", Vec::new()),
    };
    Change { clauses, values: values.into_iter().map(|set| (":targets", set)).collect(), ..Change::default() }
}
