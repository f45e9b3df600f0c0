//! The owners and admins that an organization's item repeats: the parts of expressions that the
//! operations on members share.

use super::items::OrganizationItem;
use crate::model::UserId;
use aws_sdk_dynamodb::types::AttributeValue;

/// The most owners and admins together: their ids are repeated in the organization's item, whose
/// size every write pays for.
const MOST_PRIVILEGED: usize = 100;

/// Holds while one more may join the owners and admins, and for one who is there already.
pub(super) const ROOM_FOR_TARGET: &str = " AND (size(privileged) < :most OR contains(privileged, :target))";

/// Fails for the one and only owner.
pub(super) const OWNER_STAYS: &str = " AND owners <> :targets";

/// Both of the above.
pub(super) const OWNER_STAYS_AND_ROOM_FOR_TARGET: &str =
    " AND owners <> :targets AND (size(privileged) < :most OR contains(privileged, :target))";

/// The user that a change is about, as an element of a set.
pub(super) fn target(user: &UserId) -> (&'static str, AttributeValue) {
    (":target", AttributeValue::S(user.as_str().to_owned()))
}

/// The user that a change is about, as a set to add, to delete or to compare with.
pub(super) fn targets(user: &UserId) -> (&'static str, AttributeValue) {
    (":targets", AttributeValue::Ss(vec![user.as_str().to_owned()]))
}

/// The number that [`ROOM_FOR_TARGET`] compares with.
pub(super) fn most() -> (&'static str, AttributeValue) {
    (":most", AttributeValue::N(MOST_PRIVILEGED.to_string()))
}

impl OrganizationItem {
    /// What [`ROOM_FOR_TARGET`] asks.
    pub(super) fn has_room_for(&self, user: &UserId) -> bool {
        self.privileged.len() < MOST_PRIVILEGED || self.privileged.contains(user)
    }

    /// The opposite of what [`OWNER_STAYS`] asks.
    pub(super) fn is_last_owner(&self, user: &UserId) -> bool {
        matches!(self.owners.as_slice(), [owner] if owner == user)
    }
}
