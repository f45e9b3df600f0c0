//! The erasure of a user, which ends every membership.

use crate::answer::Answer;
use crate::event::Happening;
use crate::model::{Model, Refusal};
use crate::moment::Time;
use crate::organization::{Deletion, Organization};
use serde_json::json;

impl Model {
    /// Erases a user, unless that would leave an organization with members and no owner.
    pub fn erase(&mut self, caller: &str, user: &str, time: &Time) -> Result<Answer, Refusal> {
        let of_user = self.organizations.values_mut().filter(|found| found.members.contains_key(user));
        let of_user: Vec<_> = of_user.collect();
        let owned: Vec<_> = of_user.iter().filter(|found| found.needs(user)).map(|found| &found.id).collect();
        if !owned.is_empty() {
            return Err((422, "last_owner", json!({ "organizationIds": owned })));
        }
        let (mut left, mut deleted) = (Vec::new(), Vec::new());
        for organization in of_user {
            let was_gone = matches!(organization.deletion, Deletion::Final);
            organization.lose(caller, user, time);
            let is_gone = matches!(organization.deletion, Deletion::Final);
            left.extend((!was_gone).then_some(&organization.id));
            deleted.extend((is_gone && !was_gone).then_some(&organization.id));
        }
        Ok(Answer::ok(json!({ "left": left, "deleted": deleted })))
    }
}

impl Organization {
    /// True if the user cannot leave, because nobody else can own it.
    fn needs(&self, user: &str) -> bool {
        !self.is_deleted() && self.members.len() > 1 && self.allows(user, None).is_err()
    }

    /// Ends the membership of a user whom the organization does not need. It ends with its only owner.
    fn lose(&mut self, caller: &str, user: &str, time: &Time) {
        let ends = self.allows(user, None).is_err();
        self.members.remove(user);
        match self.deletion {
            // Nobody knows of it any more.
            Deletion::Final => {}
            _ if ends => {
                self.deletion = Deletion::Final;
                self.changed(Happening::new("organization.deleted"), caller, time);
            }
            _ => self.changed(Happening::to_user("member.removed", user), caller, time),
        }
    }
}
