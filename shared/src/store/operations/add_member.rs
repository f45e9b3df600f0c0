//! Updates `ORG#<id>`/`ORG#<id>` and puts `ORG#<id>`/`MEMBER#<user>` and `USER#<user>`/`ORG#<id>` in one
//! transaction. Guard: the caller is a service; the organization is not deleted; the preconditions hold; the user
//! is not a member; there is room for another member, owner or admin.

use crate::error::Error;
use crate::model::{
    Caller, EventType, Happening, Member, OrganizationId, Preconditions, Role, Timestamp, UserId,
};
use crate::store::guard::{Change, Guard};
use crate::store::items::{self, MemberItem};
use crate::store::keys;
use crate::store::rules::Rule;
use crate::store::table::Store;
use crate::store::transaction::Condition;

impl Store {
    /// Makes `user` a member, without asking the user.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::OrganizationDeleted`], [`Error::PreconditionFailed`],
    /// [`Error::MemberAlreadyExists`], [`Error::TooManyMembers`], [`Error::TooManyAdmins`], [`Error::Conflict`],
    /// [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn add_member(
        &self,
        service: &UserId,
        id: &OrganizationId,
        user: UserId,
        role: Role,
        preconditions: &Preconditions,
    ) -> Result<Member, Error> {
        let caller = Caller::Service(service.clone());
        let mut rules = vec![Rule::Preconditions(preconditions), Rule::IsNoMember, Rule::RoomForMember];
        rules.extend((role != Role::Member).then_some(Rule::RoomForAdmin(&user)));
        let guard = Guard::new(id, &caller, rules).about(keys::member(id, &user));
        let member = Member {
            organization_id: id.clone(),
            user_id: user.clone(),
            role,
            added_by: caller.clone(),
            joined_at: Timestamp::now(),
        };
        let others = [
            self.put(items::write(&MemberItem::new(&member, None))?, guard.target_condition())?,
            self.put(keys::membership(&user, id), Condition::NONE)?,
        ];
        let added = Happening::to_user(EventType::MemberAdded, &user);
        self.change_with_target(&guard, Change::joining(added, &user, role), |_| Ok(others.to_vec())).await?;
        Ok(member)
    }
}
