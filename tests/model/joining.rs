//! What the holder of an invitation's token can do: see the invitation, and join.

use crate::answer::Answer;
use crate::invitation::State;
use crate::model::{Model, Refusal};
use crate::moment::Time;
use crate::organization::{Member, Organization};
use crate::record_model::Happening;
use crate::request::Call;
use serde_json::{Value, json};
use shared::edge::percent_encoded;

impl Model {
    /// The organization that has issued the token of a request, unless it is deleted.
    pub fn organization_of_token(&mut self, token: &str) -> Result<&mut Organization, Refusal> {
        let mut organizations = self.organizations.values_mut();
        let found = organizations.find(|organization| organization.invitations.has_token(token));
        found.filter(|organization| !organization.is_deleted()).ok_or(no_invitation())
    }
}

/// The refusal of a token, or of an id, that is no pending invitation's.
pub fn no_invitation() -> Refusal {
    (404, "invitation_not_found", Value::Null)
}

impl Organization {
    /// Shows the invitation.
    pub fn preview(&mut self, token: &str, shown: &Value) -> Result<Answer, Refusal> {
        let mut preview = self.pending_preview(token, shown).ok_or(no_invitation())?;
        if !self.offers(&preview) {
            return Err(no_invitation());
        }
        if self.invitations.with_token(token).is_some_and(|found| found.state == State::Expired) {
            return Err((422, "invitation_expired", Value::Null));
        }
        preview["organizationName"] = json!(self.name);
        Ok(Answer::ok(preview))
    }

    /// The invitation with this token, as shown in an answer, if nobody has accepted or revoked it.
    pub fn pending_preview(&mut self, token: &str, shown: &Value) -> Option<Value> {
        let invitation = self.invitations.with_token(token)?;
        let is_offered = matches!(invitation.state, State::Pending | State::Expired);
        is_offered.then(|| invitation.preview(&self.id, shown))
    }

    /// True if whoever sent this invitation still may.
    pub fn offers(&self, preview: &Value) -> bool {
        let text = |field: &str| preview[field].as_str().unwrap_or_default();
        !self.is_deleted() && self.can_invite(text("invitedBy"), text("role"))
    }

    /// Makes the caller a member.
    pub fn join(&mut self, call: &Call, time: &Time, shown: &Value) -> Result<Answer, Refusal> {
        let (caller, token) = (call.request.caller, &call.reference);
        let invitation = self.invitations.with_token(token).ok_or(no_invitation())?;
        let (role, inviter, id) = (invitation.role, invitation.invited_by.clone(), invitation.id.clone());
        let expired = match &invitation.state {
            State::Accepted(user) if user == caller => {
                return self.joined(call, shown).ok_or(no_invitation());
            }
            State::Pending => false,
            State::Expired => true,
            State::Accepted(_) | State::Forgotten(_) | State::Revoked => return Err(no_invitation()),
        };
        if !self.can_invite(&inviter, role) {
            return Err(no_invitation());
        }
        if self.members.contains_key(caller) {
            return Err((409, "member_already_exists", Value::Null));
        }
        if expired {
            return Err((422, "invitation_expired", Value::Null));
        }
        self.has_room()?;
        self.allows(caller, Some(role))?;
        let joined_by = Some((token.clone(), id.clone()));
        let mut member = Member::new(role, &inviter, time);
        member.joined_by = joined_by;
        self.members.insert(caller.to_owned(), member);
        self.invitations.with_token(token).expect("the invitation").state =
            State::Accepted(caller.to_owned());
        let at = self.record.moment(time.moment());
        let (kind, user) = ("invitation.accepted", Some(caller.to_owned()));
        self.changed(Happening { kind, user, invitation: Some(id) }, caller, at);
        let answer = self.joined(call, shown).expect("the new member");
        Ok(Answer { status: 201, ..answer })
    }

    /// The answer to a caller who is a member by the invitation.
    pub fn joined(&mut self, call: &Call, shown: &Value) -> Option<Answer> {
        let caller = call.request.caller;
        let member = self.members.get(caller)?;
        member.joined_by.as_ref().filter(|(token, _)| *token == call.reference)?;
        let location = format!("../organization/{}/member/{}", self.id, percent_encoded(caller));
        Some(Answer { location: Some(location), ..Answer::ok(self.member(caller, shown)) })
    }
}
