//! Reads `ORG#<id>`/`ORG#<id>`, then queries `ORG#<id>`, `begins_with(sk, "INVITATION#")`, then updates the
//! organization and puts the invitation in one transaction. If a user has accepted the invitation that it replaces,
//! the transaction also checks that `ORG#<id>`/`MEMBER#<user>` is gone. Guard: the caller is an owner, an admin or a
//! service (an owner or a service to invite an owner); the organization is not deleted; the preconditions hold; the
//! invitation is as it was read; there is room for another one.
//!
//! Conditions cannot count items, and an invitation expires without a write. So the query counts the pending ones,
//! and the organization counts how often one was made or renewed. If N were pending after the organization was
//! read, at most N of them still are, and all others have been made or renewed since. The condition admits as many
//! of these as leave room. A renewal counts too: its invitation may have expired since it was read.

use crate::error::Error;
use crate::model::{
    Caller, EventType, Happening, Invitation, InvitationId, InvitationStatus, InvitationToken,
    IssuedInvitation, NewInvitation, OrganizationId, Preconditions, Timestamp,
};
use crate::store::client::retry::Attempts;
use crate::store::guard::{Change, Guard, new_mutation};
use crate::store::items::{self, InvitationItem, OrganizationItem};
use crate::store::keys;
use crate::store::rules::{Rule, Seen, Target};
use crate::store::table::{List, Store};
use crate::store::transaction::{Condition, Transaction};
use aws_sdk_dynamodb::types::TransactWriteItem;

/// Maximum number of pending invitations.
const MAX_PENDING: u64 = 100;

/// Maximum number of invitations that one query reads.
const PAGE: usize = 1000;

/// A request to invite somebody.
struct Request<'a> {
    caller: &'a Caller,
    organization: &'a OrganizationId,
    new: NewInvitation,
    preconditions: &'a Preconditions,
    id: InvitationId,
    token: InvitationToken,
    now: Timestamp,
    /// In seconds after 1970.
    expires_at: u64,
    /// The id of the write.
    mutation: String,
}

/// The stored invitations of an organization.
struct Stored {
    pending: u64,
    /// The one with the id of the request.
    same: Option<InvitationItem>,
}

impl Store {
    /// Invites somebody, or renews the pending invitation to the same address: its old token is no longer valid.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::OrganizationDeleted`], [`Error::Forbidden`],
    /// [`Error::PreconditionFailed`], [`Error::MemberAlreadyExists`] when a member has accepted the invitation to
    /// this address, [`Error::TooManyInvitations`], [`Error::Conflict`], [`Error::ServiceUnavailable`],
    /// [`Error::Internal`].
    pub async fn create_invitation(
        &self,
        caller: &Caller,
        organization: &OrganizationId,
        new: NewInvitation,
        preconditions: &Preconditions,
    ) -> Result<IssuedInvitation, Error> {
        let of_address = |email| InvitationId::of_address(organization, email);
        let id = new.email.as_ref().map_or_else(InvitationId::generate, of_address);
        let token = InvitationToken::generate(organization, &id)
            .map_err(|_| Error::Internal("the operating system provides no random bits".into()))?;
        let expires_at = Timestamp::seconds_now() + new.lifetime.as_seconds();
        let (now, mutation) = (Timestamp::now(), new_mutation());
        let request =
            Request { caller, organization, new, preconditions, id, token, now, expires_at, mutation };
        let mut attempts = Attempts::default();
        let mut sent = None;
        loop {
            let outcome = self.try_to_invite(&request, &mut sent, &attempts).await;
            match attempts.settle(outcome).await {
                Ok(None) => {}
                Ok(Some(issued)) => return Ok(issued),
                Err(error) => return Err(self.unless_stranger(&request.guard(None), error).await),
            }
        }
    }

    /// Returns `None` if an item has changed since it was read. `sent` is the answer that the last transaction
    /// would have had.
    async fn try_to_invite(
        &self,
        request: &Request<'_>,
        sent: &mut Option<IssuedInvitation>,
        attempts: &Attempts,
    ) -> Result<Option<IssuedInvitation>, Error> {
        let guard = request.guard(None);
        let item = self.get_item(keys::organization(request.organization)).await?;
        if item.as_ref().is_some_and(|item| items::remembers(item, &request.mutation)) {
            // The last transaction was made, and its answer was lost.
            return Ok(sent.take());
        }
        let organization: Option<OrganizationItem> = item.map(items::read).transpose()?;
        let Some(organization) =
            organization.filter(|found| Rule::Administers(request.caller).check(found).is_ok())
        else {
            // Whether the caller is a member is not known yet. The requests are the same if there is no such
            // organization.
            return self.explain(&guard, None, None).await.map(|_| None);
        };
        let (version, made) = (organization.version, organization.invitations_created);
        guard.judge_by(Seen { organization: Some(organization), target: Target::Met })?;

        let now = Timestamp::seconds_now();
        let stored = self.stored_invitations(request, now).await?;
        let renewed = stored.same.as_ref().filter(|same| same.is_pending(now));
        let others = stored.pending - u64::from(renewed.is_some());
        if others >= MAX_PENDING {
            return self.refuse_at_limit(request, &stored, version).await.map(|()| None);
        }
        let issued = request.issue(self, renewed)?;
        let guard = request.guard(Some(Rule::InvitationsMade(made + MAX_PENDING - 1 - others)));
        let kind = match renewed {
            Some(_) => EventType::InvitationRenewed,
            None => EventType::InvitationCreated,
        };
        let happening = Happening::to_invitation(kind, &request.id);
        let change = Change { clauses: "ADD invitationsCreated :one", ..Change::new(happening) };
        let steps = request.steps(self, &guard, change, &issued.invitation, stored.same.as_ref())?;
        *sent = Some(issued.clone());
        match self.transact(&Transaction::new(steps), attempts).await? {
            Ok(()) => Ok(Some(issued)),
            Err(refused) => match refused.as_slice() {
                [None, None, Some(_)] => Err(Error::MemberAlreadyExists),
                _ => Ok(None),
            },
        }
    }

    async fn stored_invitations(&self, request: &Request<'_>, now: u64) -> Result<Stored, Error> {
        let mut stored = Stored { pending: 0, same: None };
        let mut after: Option<String> = None;
        loop {
            let list = List {
                partition: keys::organization_key(request.organization),
                prefix: keys::INVITATION_PREFIX,
                projection: InvitationItem::LISTED,
            };
            let page =
                self.query_page(list, PAGE, after.as_deref(), items::read_for_list::<InvitationItem>).await?;
            for invitation in page.items {
                stored.pending += u64::from(invitation.is_pending(now));
                if invitation.id().is_ok_and(|id| id == request.id) {
                    stored.same = Some(invitation);
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(stored),
            }
        }
    }

    /// Refuses another invitation, if all that were counted were pending at the same moment: the organization has
    /// not changed meanwhile.
    async fn refuse_at_limit(
        &self,
        request: &Request<'_>,
        stored: &Stored,
        version: u64,
    ) -> Result<(), Error> {
        let accepted_by =
            stored.same.as_ref().and_then(|same| same.remembered_user(Timestamp::seconds_now()));
        let member = match accepted_by {
            Some(user) => self.get_item(keys::member(request.organization, user)).await?,
            None => None,
        };
        let item = self.get_item(keys::organization(request.organization)).await?;
        let organization: Option<OrganizationItem> = item.map(items::read).transpose()?;
        match organization.filter(|organization| organization.version == version) {
            None => Ok(()),
            Some(_) if member.is_some() => Err(Error::MemberAlreadyExists),
            Some(_) => Err(Error::TooManyInvitations),
        }
    }
}

impl Request<'_> {
    fn guard(&self, room: Option<Rule<'static>>) -> Guard<'_> {
        let mut rules =
            vec![Rule::gives(self.new.role, self.caller), Rule::Preconditions(self.preconditions)];
        rules.extend(room);
        Guard::new(self.organization, self.caller, rules)
    }

    /// The answer, if the transaction is made.
    fn issue(&self, store: &Store, renewed: Option<&InvitationItem>) -> Result<IssuedInvitation, Error> {
        let expires_at = Timestamp::from_seconds(self.expires_at);
        let token = self.token.to_text();
        Ok(IssuedInvitation {
            invitation: Invitation {
                id: self.id.clone(),
                organization_id: self.organization.clone(),
                email: self.new.email.clone(),
                role: self.new.role,
                status: InvitationStatus::Pending,
                invited_by: self.caller.clone(),
                created_at: renewed.map_or_else(|| self.now.clone(), |renewed| renewed.created_at.clone()),
                expires_at: expires_at.ok_or_else(|| Error::Internal("the clock is wrong".into()))?,
            },
            url: store.settings().invitation_url.as_ref().map(|page| format!("{page}#{token}")),
            token,
            is_renewal: renewed.is_some(),
        })
    }

    fn steps(
        &self,
        store: &Store,
        guard: &Guard<'_>,
        change: Change,
        invitation: &Invitation,
        same: Option<&InvitationItem>,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let unchanged = same.map_or(Condition::new("attribute_not_exists(pk)"), |same| {
            let unchanged = match same.accepted_by {
                Some(_) => Condition::new("attribute_exists(acceptedBy)"),
                None => Condition::new("attribute_not_exists(acceptedBy)"),
            };
            unchanged.and("secretHash = :secretHash").value(":secretHash", same.secret_hash_value())
        });
        let item = InvitationItem::new(invitation, self.token.hash(), self.expires_at);
        let mut steps =
            vec![guard.step(store, &self.mutation, change)?, store.put(items::write(&item)?, unchanged)?];
        if let Some(user) = same.and_then(|same| same.remembered_user(Timestamp::seconds_now())) {
            let key = keys::member(self.organization, user);
            steps.push(store.check(key, Condition::of(Rule::IsNoMember))?);
        }
        Ok(steps)
    }
}
