//! The format of every key, and back.

use crate::model::{IdempotencyKey, OrganizationId, UserId};
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;

/// An item, or a part of one, as the SDK has it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// What a membership's sort key starts with; other items of a user start differently.
pub(super) const MEMBERSHIP_PREFIX: &str = "ORG#";

const USER_PREFIX: &str = "USER#";

pub(super) fn organization_key(id: &OrganizationId) -> String {
    format!("{MEMBERSHIP_PREFIX}{}", id.as_str())
}

pub(super) fn user_key(user: &UserId) -> String {
    format!("{USER_PREFIX}{}", user.as_str())
}

pub(super) fn organization(id: &OrganizationId) -> Item {
    key(organization_key(id), organization_key(id))
}

pub(super) fn membership(user: &UserId, id: &OrganizationId) -> Item {
    key(user_key(user), organization_key(id))
}

/// The sort key of the record of a request that came with a key, among its user's items.
pub(super) fn idempotency_key(key: &IdempotencyKey) -> String {
    format!("IDEMPOTENCY#{}", key.as_str())
}

/// The organization that an item's sort key names.
pub(super) fn organization_of(item: &Item) -> Option<OrganizationId> {
    OrganizationId::parse(position_among_organizations(item)?)
}

/// Where a membership stands in its user's list: in good rows, the organization's id.
pub(super) fn position_among_organizations(membership: &Item) -> Option<&str> {
    membership.get("sk")?.as_s().ok()?.strip_prefix(MEMBERSHIP_PREFIX)
}

/// The key of the membership at such a position.
pub(super) fn at_position_among_organizations(user: &UserId, position: &str) -> Item {
    key(user_key(user), format!("{MEMBERSHIP_PREFIX}{position}"))
}

/// Where a membership stands in its organization's list: in good rows, the user's id.
pub(super) fn position_among_members(membership: &Item) -> Option<&str> {
    membership.get("userId")?.as_s().ok().map(String::as_str)
}

/// The key of the membership at such a position, in the index `members` and in the table.
pub(super) fn at_position_among_members(id: &OrganizationId, position: &str) -> Item {
    let mut key = key(format!("{USER_PREFIX}{position}"), organization_key(id));
    key.insert("organizationId".to_owned(), AttributeValue::S(id.as_str().to_owned()));
    key.insert("userId".to_owned(), AttributeValue::S(position.to_owned()));
    key
}

/// Whether the item is an organization rather than a membership.
pub(super) fn is_organization(item: &Item) -> bool {
    item.get("pk") == item.get("sk")
}

pub(super) fn key(pk: String, sk: String) -> Item {
    Item::from([("pk".to_owned(), AttributeValue::S(pk)), ("sk".to_owned(), AttributeValue::S(sk))])
}
