//! Erasing a user from the reference model.

use crate::answer::Answer;
use crate::model::{Model, Refusal};
use crate::moment::Time;
use crate::organization::{Deletion, Organization};
use crate::record_model::Happening;
use serde_json::json;

/// What becomes of an organization when a member is erased.
enum End {
    Leaves,
    Ends,
    IsGone,
}

impl Model {
    /// Ends all memberships of a user, unless the user is the only owner among others anywhere.
    pub fn erase(&mut self, user: &str, caller: &str, time: &Time) -> Result<Answer, Refusal> {
        let is_in = |one: &&mut Organization| one.members.contains_key(user);
        let owned = self.organizations.values_mut().filter(is_in).filter(|one| one.end(user).is_none());
        let owned: Vec<_> = owned.map(|one| one.id.clone()).collect();
        if !owned.is_empty() {
            return Err((422, "last_owner", json!({ "organizationIds": owned })));
        }
        let (mut left, mut deleted) = (Vec::new(), Vec::new());
        for organization in self.organizations.values_mut().filter(is_in) {
            match organization.end(user).expect("it does not need the user") {
                End::IsGone => {
                    organization.members.remove(user);
                    continue;
                }
                End::Leaves => organization.leave(user, caller, time),
                End::Ends => {
                    organization.end_with(user, caller, time);
                    deleted.push(organization.id.clone());
                }
            }
            left.push(organization.id.clone());
        }
        Ok(Answer::ok(json!({ "left": left, "deleted": deleted })))
    }
}

impl Organization {
    /// `None` if the user is the only owner among others.
    fn end(&self, user: &str) -> Option<End> {
        let mut others = self.members.iter().filter(|(id, _)| *id != user);
        if let Deletion::Final { .. } = self.deletion {
            return Some(End::IsGone);
        }
        if others.any(|(_, member)| member.role == "owner") {
            return Some(End::Leaves);
        }
        let owns = self.role(user) == Some("owner");
        match owns {
            false => Some(End::Leaves),
            true if self.is_deleted() || self.members.len() == 1 => Some(End::Ends),
            true => None,
        }
    }

    fn leave(&mut self, user: &str, caller: &str, time: &Time) {
        let at = self.record.moment(time.moment());
        self.members.remove(user);
        let user = Some(user.to_owned());
        self.changed(Happening { kind: "member.removed", user, invitation: None }, caller, at);
    }

    /// Nobody can restore it from now on.
    fn end_with(&mut self, user: &str, caller: &str, time: &Time) {
        let (at, purge_at) = (self.record.moment(time.moment()), self.record.moment(time.in_days(0)));
        let deleted_at = match self.deletion {
            Deletion::Until { deleted_at, .. } => deleted_at,
            _ => at,
        };
        self.deletion = Deletion::Final { deleted_at, purge_at };
        self.members.remove(user);
        let deleted = Happening { kind: "organization.deleted", ..Happening::default() };
        self.changed(deleted, caller, at);
    }
}
