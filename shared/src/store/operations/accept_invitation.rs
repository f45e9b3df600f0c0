//! Reads `ORG#<id>`/`INVITATION#<id>`, `ORG#<id>`/`ORG#<id>` and `ORG#<id>`/`MEMBER#<user>` in one BatchGetItem.
//! Then updates the organization, puts the member and `USER#<user>`/`ORG#<id>`, and marks the invitation as
//! accepted, in one transaction. Guard: the invitation has the token's hash, is pending, and whoever invited still
//! may; the organization is not deleted; the user is not a member; there is room for another member, owner or admin.
//!
//! If the items that were read refuse the request, or the transaction is refused, one TransactGetItems reads them
//! again, all from the same moment.

use crate::error::Error;
use crate::model::{Caller, Happening, InvitationToken, Invitee, Joining, Member, Role, Timestamp, UserId};
use crate::store::client::retry::Attempts;
use crate::store::guard::{Change, Guard, new_mutation};
use crate::store::items::{self, InvitationItem, MemberItem, OrganizationItem};
use crate::store::keys::{self, Item};
use crate::store::rules::Rule;
use crate::store::table::Store;
use crate::store::transaction::{Condition, Transaction, step};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};

/// How long an accepted invitation is remembered, so that its user can repeat the request.
const REMEMBERED_SECONDS: u64 = 30 * 24 * 60 * 60;

/// A user who wants to join.
struct Joiner<'a> {
    user: &'a UserId,
    invitee: &'a Invitee,
    token: &'a InvitationToken,
    now: Timestamp,
    /// The id of the write.
    mutation: String,
}

/// The stored items about a user who wants to join.
struct Seen {
    invitation: InvitationItem,
    organization: OrganizationItem,
    member: Option<MemberItem>,
}

impl Store {
    /// Makes `user` a member, if the token is that of a pending invitation. If the same user accepted it before and
    /// is a member by it, returns the member.
    ///
    /// # Errors
    /// [`Error::InvitationNotFound`], [`Error::InvitationForAnotherEmail`], [`Error::MemberAlreadyExists`],
    /// [`Error::InvitationExpired`], [`Error::TooManyMembers`], [`Error::TooManyAdmins`], [`Error::Conflict`],
    /// [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn accept_invitation(
        &self,
        user: &UserId,
        invitee: &Invitee,
        token: &InvitationToken,
    ) -> Result<Joining, Error> {
        let joiner = Joiner { user, invitee, token, now: Timestamp::now(), mutation: new_mutation() };
        let mut attempts = Attempts::default();
        let mut sent = None;
        // Without a valid token, this is the only request, whether or not there is such an organization.
        let seen = joiner.read(self.batch_get_each(joiner.keys()).await?)?;
        // These items may be from different moments, so only the transaction can rely on them.
        let mut joined = match joiner.judge(&seen) {
            Ok(None) => match self.try_to_join(&joiner, &seen, &mut sent, &attempts).await {
                Ok(None) => None,
                outcome => attempts.settle(outcome).await?,
            },
            Ok(Some(_)) | Err(_) => None,
        };
        loop {
            match joined {
                Some(joining) => return Ok(joining),
                None => {
                    let outcome = self.join_if_possible(&joiner, &mut sent, &attempts).await;
                    joined = attempts.settle(outcome).await?;
                }
            }
        }
    }

    /// Judges the request by items from one moment. Returns `None` if the transaction is refused after that. `sent`
    /// is the member that the last transaction would have made.
    async fn join_if_possible(
        &self,
        joiner: &Joiner<'_>,
        sent: &mut Option<Member>,
        attempts: &Attempts,
    ) -> Result<Option<Joining>, Error> {
        let found = self.transact_get(joiner.keys().into_iter()).await?;
        if let Some(member) = joiner.made(&found, sent) {
            return Ok(Some(Joining { member, is_replayed: false }));
        }
        let seen = joiner.read(found)?;
        match joiner.judge(&seen)? {
            Some(member) => Ok(Some(Joining { member, is_replayed: true })),
            None => self.try_to_join(joiner, &seen, sent, attempts).await,
        }
    }

    /// Returns `None` if the transaction is refused.
    async fn try_to_join(
        &self,
        joiner: &Joiner<'_>,
        seen: &Seen,
        sent: &mut Option<Member>,
        attempts: &Attempts,
    ) -> Result<Option<Joining>, Error> {
        let member = joiner.member(&seen.invitation);
        let steps = joiner.steps(self, &seen.invitation, &member)?;
        *sent = Some(member.clone());
        let refused = self.transact(&Transaction::new(steps), attempts).await?;
        Ok(refused.is_ok().then_some(Joining { member, is_replayed: false }))
    }
}

impl Joiner<'_> {
    fn keys(&self) -> Vec<Item> {
        let id = self.token.organization();
        vec![
            keys::invitation(id, self.token.invitation()),
            keys::organization(id),
            keys::member(id, self.user),
        ]
    }

    /// The member that this request made, if the last transaction was made and its answer was lost: whatever became
    /// of the member since.
    fn made(&self, found: &[Option<Item>], sent: &mut Option<Member>) -> Option<Member> {
        match found {
            [_, Some(organization), _] if items::remembers(organization, &self.mutation) => sent.take(),
            _ => None,
        }
    }

    fn read(&self, found: Vec<Option<Item>>) -> Result<Seen, Error> {
        let Ok([Some(invitation), Some(organization), member]) = <[_; 3]>::try_from(found) else {
            return Err(Error::InvitationNotFound);
        };
        let invitation: InvitationItem = items::read(invitation)?;
        if !self.token.has(&invitation.secret_hash) {
            return Err(Error::InvitationNotFound);
        }
        let member = member.map(items::read).transpose()?;
        Ok(Seen { invitation, organization: items::read(organization)?, member })
    }

    /// Returns the member if the user has joined by this invitation, or `None` if the user may join.
    fn judge(&self, seen: &Seen) -> Result<Option<Member>, Error> {
        let Seen { invitation, organization, member } = seen;
        if organization.is_deleted() {
            return Err(Error::InvitationNotFound);
        }
        let now = Timestamp::seconds_now();
        if let Some(accepted_by) = &invitation.accepted_by {
            // The invitation does not outlive the membership, even if the user has joined again in another way.
            let member = member.as_ref().filter(|member| {
                accepted_by == self.user
                    && !invitation.has_expired(now)
                    && member.invitation.as_ref() == Some(self.token.invitation())
            });
            let member = member.ok_or(Error::InvitationNotFound)?.clone();
            let role = organization.role_of(self.user);
            return Ok(Some(member.into_member(self.token.organization().clone(), role)));
        }
        Rule::still_invites(invitation).check(organization).map_err(|_| Error::InvitationNotFound)?;
        if !self.invitee.may_accept(invitation.email.as_ref()) {
            return Err(Error::InvitationForAnotherEmail);
        }
        if member.is_some() {
            return Err(Error::MemberAlreadyExists);
        }
        if invitation.has_expired(now) {
            return Err(Error::InvitationExpired);
        }
        Rule::RoomForMember.check(organization)?;
        if invitation.role != Role::Member {
            Rule::RoomForAdmin(self.user).check(organization)?;
        }
        Ok(None)
    }

    /// The member that an invitation makes of the user.
    fn member(&self, invitation: &InvitationItem) -> Member {
        Member {
            organization_id: self.token.organization().clone(),
            user_id: self.user.clone(),
            role: invitation.role,
            added_by: invitation.invited_by.clone(),
            joined_at: self.now.clone(),
        }
    }

    /// The steps of the transaction that makes the user this member.
    fn steps(
        &self,
        store: &Store,
        invitation: &InvitationItem,
        member: &Member,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let (id, role) = (self.token.organization(), invitation.role);
        let item = MemberItem::new(member, Some(self.token.invitation()));
        let user = Caller::User(self.user.clone());
        let mut rules = vec![Rule::still_invites(invitation), Rule::IsNoMember, Rule::RoomForMember];
        rules.extend((role != Role::Member).then_some(Rule::RoomForAdmin(self.user)));
        let joins = Guard::new(id, &user, rules);
        let accepted_by = Happening::accepted(self.token.invitation(), self.user);
        let forget_at = AttributeValue::N((Timestamp::seconds_now() + REMEMBERED_SECONDS).to_string());
        let accepted = Condition::of(Rule::IsPending)
            .and("secretHash = :secretHash")
            .value(":secretHash", invitation.secret_hash_value())
            .value(":user", AttributeValue::S(self.user.as_str().to_owned()))
            .value(":forgetAt", forget_at);
        Ok(vec![
            joins.step(store, &self.mutation, Change::joining(accepted_by, self.user, role))?,
            store.put(items::write(&item)?, joins.target_condition())?,
            store.put(keys::membership(self.user, id), Condition::NONE)?,
            step(store.update(
                keys::invitation(id, self.token.invitation()),
                "SET acceptedBy = :user, expiresAt = :forgetAt",
                accepted,
            )?),
        ])
    }
}
