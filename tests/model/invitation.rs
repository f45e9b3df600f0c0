//! The invitations of one organization of the reference model.

use crate::instance::INVITATION_URL;
use crate::model::Refusal;
use crate::moment::{Moment, Time};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The maximum number of pending invitations.
const MAX_PENDING: usize = 100;

/// Days until an invitation expires, unless the request says otherwise.
const DEFAULT_DAYS: u64 = 7;

/// The length of a token.
const TOKEN_LENGTH: usize = 91;

#[derive(Debug, Clone)]
pub struct Invitation {
    /// Unknown until an answer shows it.
    pub id: Option<String>,
    /// Unknown if the creation was not answered.
    pub token: Option<String>,
    pub email: Option<String>,
    pub role: &'static str,
    pub invited_by: String,
    pub state: State,
    /// True if the last request for it renewed it.
    pub is_renewed: bool,
    created_at: Moment,
    expires_at: Moment,
}

#[derive(Debug, Clone, PartialEq)]
pub enum State {
    Pending,
    /// Its time is over.
    Expired,
    Revoked,
    /// This user has accepted it.
    Accepted(String),
    /// This user has accepted it, so long ago that it is forgotten.
    Forgotten(String),
}

impl Invitation {
    /// The user who has accepted it.
    pub fn accepted_by(&self) -> Option<&String> {
        match &self.state {
            State::Accepted(user) | State::Forgotten(user) => Some(user),
            State::Pending | State::Expired | State::Revoked => None,
        }
    }

    /// The invitation as shown in an answer.
    pub fn body(&mut self, organization: &str, shown: &Value) -> Value {
        self.created_at.learn(&shown["createdAt"]);
        self.expires_at.learn(&shown["expiresAt"]);
        json!({
            "id": self.id,
            "organizationId": organization,
            "email": self.email,
            "role": self.role,
            "status": if self.state == State::Revoked { "revoked" } else { "pending" },
            "invitedBy": self.invited_by,
            "createdAt": self.created_at.text(),
            "expiresAt": self.expires_at.text(),
        })
    }

    /// What the holder of its token sees of it, except the organization's name.
    pub fn preview(&mut self, organization: &str, shown: &Value) -> Value {
        self.expires_at.learn(&shown["expiresAt"]);
        json!({
            "organizationId": organization,
            "role": self.role,
            "email": self.email,
            "invitedBy": self.invited_by,
            "expiresAt": self.expires_at.text(),
        })
    }

    /// True if a list that shows this may show this invitation, whose id is unknown.
    fn can_be(&self, shown: &Value) -> bool {
        self.id.is_none()
            && json!([self.email, self.role, self.invited_by])
                == json!([shown["email"], shown["role"], shown["invitedBy"]])
            && self.created_at.can_be(&shown["createdAt"])
            && self.expires_at.can_be(&shown["expiresAt"])
    }
}

/// All invitations that an organization has had. The last one is the one that was invited or renewed last.
#[derive(Debug, Clone, Default)]
pub struct Invitations(Vec<Invitation>);

impl Invitations {
    /// Invites somebody, or renews the pending invitation to the same address. `is_member` tells who is a
    /// member.
    pub fn invite(
        &mut self,
        (email, role, days): (Option<&str>, &'static str, Option<i64>),
        inviter: &str,
        is_member: impl Fn(&str) -> bool,
        time: &Time,
    ) -> Result<(), Refusal> {
        let same = self.0.iter().position(|one| email.is_some() && one.email.as_deref() == email);
        let state = same.map(|place| &self.0[place].state);
        if let Some(State::Accepted(user)) = state
            && is_member(user)
        {
            return Err((409, "member_already_exists", Value::Null));
        }
        let is_renewed = state == Some(&State::Pending);
        let pending = self.0.iter().filter(|one| one.state == State::Pending).count();
        if !is_renewed && pending >= MAX_PENDING {
            return Err((422, "too_many_invitations", Value::Null));
        }
        let replaced = same.map(|place| self.0.remove(place));
        let renewed = replaced.filter(|_| is_renewed);
        let days = days.map_or(DEFAULT_DAYS, i64::unsigned_abs);
        self.0.push(Invitation {
            id: renewed.as_ref().and_then(|renewed| renewed.id.clone()),
            token: None,
            email: email.map(str::to_owned),
            role,
            invited_by: inviter.to_owned(),
            state: State::Pending,
            is_renewed,
            created_at: renewed.map_or_else(|| time.moment(), |renewed| renewed.created_at),
            expires_at: time.in_days(days),
        });
        Ok(())
    }

    /// The answer's body that issues the last invitation, and whether that was renewed.
    pub fn issued(&mut self, organization: &str, shown: &Value) -> (Value, bool) {
        let text = |field: &str| shown[field].as_str().map(str::to_owned);
        let new_id = text("id").filter(|id| id.starts_with("inv_") && self.with_id(id).is_none());
        let is_new = |token: &String| self.0.iter().all(|one| one.token.as_ref() != Some(token));
        let new_token = text("token")
            .filter(|token| token.starts_with("invt_") && token.len() == TOKEN_LENGTH && is_new(token));
        let invitation = self.0.last_mut().expect("an invitation was issued");
        invitation.id = invitation.id.take().or(new_id);
        invitation.token = new_token;
        let mut body = invitation.body(organization, shown);
        body["token"] = json!(invitation.token);
        body["url"] = json!(invitation.token.as_ref().map(|token| format!("{INVITATION_URL}#{token}")));
        (body, invitation.is_renewed)
    }

    /// The id of the invitation that was invited or renewed last, if it is known, and whether it was renewed.
    pub fn newest(&self) -> (Option<String>, bool) {
        let last = self.0.last().expect("an invitation was issued");
        (last.id.clone(), last.is_renewed)
    }

    pub fn with_id(&mut self, id: &str) -> Option<&mut Invitation> {
        self.0.iter_mut().find(|one| one.id.as_deref() == Some(id))
    }

    pub fn has_token(&self, token: &str) -> bool {
        self.0.iter().any(|one| one.token.as_deref() == Some(token))
    }

    pub fn with_token(&mut self, token: &str) -> Option<&mut Invitation> {
        self.0.iter_mut().find(|one| one.token.as_deref() == Some(token))
    }

    /// The pending ones by id, and the number of expired and accepted ones. Ids that were unknown are taken
    /// from the list that an answer shows.
    pub fn list(&mut self, organization: &str, shown: &Value) -> (Vec<Value>, usize) {
        let is_pending = |one: &Invitation| one.state == State::Pending;
        for shown in shown.as_array().into_iter().flatten() {
            let Some(id) = shown["id"].as_str().filter(|id| self.with_id(id).is_none()) else { continue };
            let candidates = self.0.iter_mut().filter(|one| is_pending(one) && one.can_be(shown));
            // The others may have been created before it, and be shown elsewhere in the list.
            let last =
                candidates.max_by(|one, other| one.created_at.earliest().cmp(other.created_at.earliest()));
            if let Some(invitation) = last {
                invitation.id = Some(id.to_owned());
            }
        }
        let shown_as = |id: &Option<String>| {
            let mut shown = shown.as_array().into_iter().flatten();
            shown.find(|one| one["id"].as_str() == id.as_deref()).cloned().unwrap_or_default()
        };
        let hidden = self.0.iter().filter(|one| !is_pending(one) && one.state != State::Revoked).count();
        let pending = self.0.iter_mut().filter(|one| is_pending(one));
        let mut listed: Vec<_> =
            pending.map(|one| (one.id.clone(), one.body(organization, &shown_as(&one.id)))).collect();
        listed.sort_by(|one, other| one.0.cmp(&other.0));
        (listed.into_iter().map(|(_, body)| body).collect(), hidden)
    }

    /// Ends the time of an invitation: it expires or, if it was accepted, is forgotten. If the table has
    /// `removed` it since, it was never there.
    pub fn end(&mut self, id: &str, removed: bool) {
        let Some(place) = self.0.iter().position(|one| one.id.as_deref() == Some(id)) else { return };
        let invitation = &mut self.0[place];
        invitation.state = match invitation.state.clone() {
            State::Pending => State::Expired,
            State::Accepted(user) => State::Forgotten(user),
            state => state,
        };
        if removed && invitation.state != State::Revoked {
            self.0.remove(place);
        }
    }

    /// Who has accepted each of them, by id, except revoked ones.
    pub fn stored(&self) -> BTreeMap<String, Option<String>> {
        let stored = self.0.iter().filter(|one| one.state != State::Revoked);
        stored.map(|one| (one.id.clone().unwrap_or_default(), one.accepted_by().cloned())).collect()
    }
}
