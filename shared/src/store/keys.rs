//! Builds and parses every key.

use crate::model::{
    Caller, ExternalId, IdempotencyKey, InvitationId, OrganizationId, Period, ReachedThreshold, UserId,
};
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;

/// An item or a part of one, in the SDK's form.
pub(super) type Item = HashMap<String, AttributeValue>;

/// The sort key prefix of a user's memberships. The user's other items have other prefixes.
pub(super) const MEMBERSHIP_PREFIX: &str = "ORG#";

/// The sort key prefix of an organization's members. Its other items have other prefixes.
pub(super) const MEMBER_PREFIX: &str = "MEMBER#";

/// The sort key prefix of an organization's invitations.
pub(super) const INVITATION_PREFIX: &str = "INVITATION#";

/// The sort key prefix of an organization's events.
pub(super) const EVENT_PREFIX: &str = "EVENT#";

/// The sort key prefix of an organization's usage.
pub(super) const USAGE_PREFIX: &str = "USAGE#";

/// The sort key prefix of the items that remember that a threshold was told.
const THRESHOLD_PREFIX: &str = "THRESHOLD#";

/// The sort key prefixes of what is purged with an organization.
pub(super) const PURGED_PREFIXES: [&str; 4] =
    [MEMBER_PREFIX, INVITATION_PREFIX, USAGE_PREFIX, THRESHOLD_PREFIX];

/// The partition key prefix of a caller's items.
const USER_PREFIX: &str = "USER#";

/// The sort key of the item that remembers that an organization was purged.
const PURGED: &str = "PURGED";

/// The table's TTL attribute: seconds after 1970.
pub(super) const EXPIRES_AT: &str = "expiresAt";

/// The attribute of an external id's item that has the id of the organization.
pub(super) const HOLDER: &str = "organizationId";

pub(super) fn organization_key(id: &OrganizationId) -> String {
    format!("{MEMBERSHIP_PREFIX}{}", id.as_str())
}

pub(super) fn user_key(user: &UserId) -> String {
    format!("{USER_PREFIX}{}", user.as_str())
}

pub(super) fn member_key(user: &UserId) -> String {
    format!("{MEMBER_PREFIX}{}", user.as_str())
}

pub(super) fn invitation_key(id: &InvitationId) -> String {
    format!("{INVITATION_PREFIX}{}", id.as_str())
}

pub(super) fn usage_key(period: Period) -> String {
    format!("{USAGE_PREFIX}{period}")
}

/// The position of an event in the list of events. All have the same length, so that they sort as numbers.
pub(super) fn event_position(number: u64) -> String {
    format!("{number:020}")
}

pub(super) fn event_key(number: u64) -> String {
    format!("{EVENT_PREFIX}{}", event_position(number))
}

/// The partition of a caller's idempotency records. A service's is nobody else's: no user id begins as it does.
pub(super) fn caller_key(caller: &Caller) -> String {
    format!("{USER_PREFIX}{caller}")
}

/// The sort key of an idempotency record, in its caller's partition.
pub(super) fn idempotency_key(key: &IdempotencyKey) -> String {
    format!("IDEMPOTENCY#{}", key.as_str())
}

/// The sort key of a report's idempotency record, in its caller's partition. An organization's id has no `#`.
pub(super) fn report_key(id: &OrganizationId, key: &IdempotencyKey) -> String {
    format!("REPORT#{}#{}", id.as_str(), key.as_str())
}

pub(super) fn organization(id: &OrganizationId) -> Item {
    key(organization_key(id), organization_key(id))
}

/// A user's own item.
pub(super) fn user(user: &UserId) -> Item {
    key(user_key(user), user_key(user))
}

/// An invitation, in its organization's partition.
pub(super) fn invitation(id: &OrganizationId, invitation: &InvitationId) -> Item {
    key(organization_key(id), invitation_key(invitation))
}

/// An organization's usage in a billing period, in the organization's partition.
pub(super) fn usage(id: &OrganizationId, period: Period) -> Item {
    key(organization_key(id), usage_key(period))
}

/// The item that remembers that a threshold was told.
pub(super) fn threshold(reached: &ReachedThreshold) -> Item {
    let sort = format!("{THRESHOLD_PREFIX}{}#{}", reached.period, reached.threshold);
    key(organization_key(&reached.organization_id), sort)
}

/// The item that remembers that an organization was purged.
pub(super) fn purged(id: &OrganizationId) -> Item {
    key(organization_key(id), PURGED.to_owned())
}

/// The membership of the user whose member item this is, in the user's partition.
pub(super) fn membership_of(member: &Item, id: &OrganizationId) -> Option<Item> {
    let user = position(MEMBER_PREFIX, member)?;
    Some(key(format!("{USER_PREFIX}{user}"), organization_key(id)))
}

/// The item that reserves an external id for an organization.
pub(super) fn external_id(id: &ExternalId) -> Item {
    let text = format!("EXTERNAL#{}", id.as_str());
    key(text.clone(), text)
}

/// The organization that has an external id, by the id's item.
pub(super) fn holder(item: &Item) -> Option<OrganizationId> {
    OrganizationId::parse(item.get(HOLDER)?.as_s().ok()?)
}

/// The member of an organization, in the organization's partition.
pub(super) fn member(id: &OrganizationId, user: &UserId) -> Item {
    key(organization_key(id), member_key(user))
}

/// The same membership, in the user's partition.
pub(super) fn membership(user: &UserId, id: &OrganizationId) -> Item {
    key(user_key(user), organization_key(id))
}

/// The organization that an item's sort key names.
pub(super) fn organization_of(item: &Item) -> Option<OrganizationId> {
    OrganizationId::parse(position(MEMBERSHIP_PREFIX, item)?)
}

/// An item's position in a list: the rest of its sort key after `prefix`. In valid rows, this is an
/// organization's or a user's id.
pub(super) fn position<'a>(prefix: &str, item: &'a Item) -> Option<&'a str> {
    item.get("sk")?.as_s().ok()?.strip_prefix(prefix)
}

pub(super) fn key(pk: String, sk: String) -> Item {
    Item::from([("pk".to_owned(), AttributeValue::S(pk)), ("sk".to_owned(), AttributeValue::S(sk))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// Every key ends with at most one value of a client, after a prefix that contains no other value, except the id of an
    /// organization, which has no `#`. So a value cannot end early, and no two values give the same key.
    #[test]
    fn a_user_id_cannot_forge_a_key() {
        let (id, idempotency) = (OrganizationId::generate(), |key| IdempotencyKey::parse(key).unwrap());
        let organization = organization_key(&id);
        let users = ["a", "a#", "a#b", "#a", "MEMBER#a", "USER#a", "IDEMPOTENCY#a", &organization];
        let users = users.map(|user| UserId::parse(user).unwrap());
        let partitions: HashSet<_> = users.iter().map(user_key).chain([organization.clone()]).collect();
        assert_eq!(partitions.len(), users.len() + 1);
        let members = users.iter().map(member_key).chain([organization]);
        let sorted: HashSet<_> =
            members.chain(["a", "a#b"].map(|key| idempotency_key(&idempotency(key)))).collect();
        assert_eq!(sorted.len(), users.len() + 3);
        let others = [&id, &OrganizationId::generate()];
        let reports = others.map(|id| ["a", "a#b"].map(|key| report_key(id, &idempotency(key))));
        let reports: HashSet<_> = reports.into_iter().flatten().collect();
        assert!(reports.len() == 4 && reports.is_disjoint(&sorted), "{reports:?}");
        for user in &users {
            assert_eq!(position(MEMBER_PREFIX, &member(&id, user)), Some(user.as_str()));
            assert_eq!(organization_of(&membership(user, &id)).as_ref(), Some(&id));
            assert!(!member_key(user).starts_with(MEMBERSHIP_PREFIX));
        }
    }
}
