//! Reads `ORG#<id>`/`INVITATION#<id>`, `ORG#<id>`/`ORG#<id>` and `ORG#<id>`/`MEMBER#<user>` in one BatchGetItem.
//! Then updates the organization, puts the member and `USER#<user>`/`ORG#<id>`, and marks the invitation as
//! accepted, in one transaction. Guard: the invitation has the token's hash, is pending, and whoever invited still
//! may; the organization is not deleted; the user is not a member; there is room for another owner or admin.
//!
//! If the items that were read refuse the request, or the transaction is refused, one TransactGetItems reads them
//! again, all from the same moment.

use crate::error::Error;
use crate::model::{Caller, InvitationToken, Invitee, Joining, Member, Role, Timestamp, UserId};
use crate::store::client::retry::Attempts;
use crate::store::guard::{Change, Guard, new_mutation};
use crate::store::items::{self, InvitationItem, MemberItem, OrganizationItem};
use crate::store::keys::{self, Item};
use crate::store::rules::Rule;
use crate::store::table::Store;
use crate::store::transaction::{Condition, Transaction};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};

/// How long an accepted invitation is remembered, so that its user can repeat the request.
const REMEMBERED_SECONDS: u64 = 30 * 24 * 60 * 60;

/// A user who wants to join.
struct Joiner<'a> {
    user: &'a UserId,
    invitee: &'a Invitee,
    token: &'a InvitationToken,
    /// The id of the write.
    mutation: String,
}

/// The stored items about a user who wants to join.
struct Seen {
    invitation: InvitationItem,
    organization: OrganizationItem,
    member: Option<MemberItem>,
    /// True if the organization's item names this request's own write.
    is_made: bool,
}

impl Store {
    /// Makes `user` a member, if the token is that of a pending invitation. If the same user accepted it before and
    /// is a member by it, returns the member.
    ///
    /// # Errors
    /// [`Error::InvitationNotFound`], [`Error::InvitationForAnotherEmail`], [`Error::MemberAlreadyExists`],
    /// [`Error::InvitationExpired`], [`Error::TooManyAdmins`], [`Error::Conflict`],
    /// [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn accept_invitation(
        &self,
        user: &UserId,
        invitee: &Invitee,
        token: &InvitationToken,
    ) -> Result<Joining, Error> {
        let joiner = Joiner { user, invitee, token, mutation: new_mutation() };
        let mut attempts = Attempts::default();
        // Without a valid token, this is the only request, whether or not there is such an organization.
        let seen = joiner.read(self.batch_get_each(joiner.keys()).await?)?;
        let mut joined = match joiner.judge(&seen) {
            Ok(Some(joining)) => return Ok(joining),
            Ok(None) => match self.try_to_join(&joiner, &seen, &attempts).await {
                Ok(None) => None,
                outcome => attempts.settle(outcome).await?,
            },
            // These items may be from different moments.
            Err(_) => None,
        };
        loop {
            match joined {
                Some(joining) => return Ok(joining),
                None => joined = attempts.settle(self.join_if_possible(&joiner, &attempts).await).await?,
            }
        }
    }

    /// Judges the request by items from one moment. Returns `None` if the transaction is refused after that.
    async fn join_if_possible(
        &self,
        joiner: &Joiner<'_>,
        attempts: &Attempts,
    ) -> Result<Option<Joining>, Error> {
        let seen = joiner.read(self.transact_get(joiner.keys().into_iter()).await?)?;
        match joiner.judge(&seen)? {
            Some(joining) => Ok(Some(joining)),
            None => self.try_to_join(joiner, &seen, attempts).await,
        }
    }

    /// Returns `None` if the transaction is refused.
    async fn try_to_join(
        &self,
        joiner: &Joiner<'_>,
        seen: &Seen,
        attempts: &Attempts,
    ) -> Result<Option<Joining>, Error> {
        let (member, steps) = joiner.steps(self, &seen.invitation)?;
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

    fn read(&self, found: Vec<Option<Item>>) -> Result<Seen, Error> {
        let Ok([Some(invitation), Some(organization), member]) = <[_; 3]>::try_from(found) else {
            return Err(Error::InvitationNotFound);
        };
        let invitation: InvitationItem = items::read(invitation)?;
        if !self.token.has(&invitation.secret_hash) {
            return Err(Error::InvitationNotFound);
        }
        let is_made = items::remembers(&organization, &self.mutation);
        let member = member.map(items::read).transpose()?;
        Ok(Seen { invitation, organization: items::read(organization)?, member, is_made })
    }

    /// Returns the member if the user has joined by this invitation, or `None` if the user may join.
    fn judge(&self, seen: &Seen) -> Result<Option<Joining>, Error> {
        let Seen { invitation, organization, member, is_made } = seen;
        let id = self.token.organization();
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
            let member = member.into_member(id.clone(), organization.role_of(self.user));
            return Ok(Some(Joining { member, is_replayed: !is_made }));
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
        if invitation.role != Role::Member {
            Rule::RoomForAdmin(self.user).check(organization)?;
        }
        Ok(None)
    }

    /// The member, and the steps of the transaction that makes the user one.
    fn steps(
        &self,
        store: &Store,
        invitation: &InvitationItem,
    ) -> Result<(Member, Vec<TransactWriteItem>), Error> {
        let (id, role) = (self.token.organization(), invitation.role);
        let member = Member {
            organization_id: id.clone(),
            user_id: self.user.clone(),
            role,
            added_by: invitation.invited_by.clone(),
            joined_at: Timestamp::now(),
        };
        let item = MemberItem::new(&member, Some(self.token.invitation()));
        let user = Caller::User(self.user.clone());
        let mut rules = vec![Rule::still_invites(invitation), Rule::IsNoMember];
        rules.extend((role != Role::Member).then_some(Rule::RoomForAdmin(self.user)));
        let joins = Guard::new(id, &user, rules);
        let forget_at = AttributeValue::N((Timestamp::seconds_now() + REMEMBERED_SECONDS).to_string());
        let accepted = Condition::of(Rule::IsPending)
            .and("secretHash = :secretHash")
            .value(":secretHash", invitation.secret_hash_value())
            .value(":user", AttributeValue::S(self.user.as_str().to_owned()))
            .value(":forgetAt", forget_at);
        let steps = vec![
            joins.step(store, &self.mutation, Change::joining(self.user, role))?,
            store.put(items::write(&item)?, joins.target_condition())?,
            store.put(keys::membership(self.user, id), Condition::NONE)?,
            store.update(
                keys::invitation(id, self.token.invitation()),
                "SET acceptedBy = :user, expiresAt = :forgetAt",
                accepted,
            )?,
        ];
        Ok((member, steps))
    }
}
