//! The format of every key, and back.

use crate::model::{IdempotencyKey, OrganizationId, UserId};
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;

/// An item, or a part of one, as the SDK has it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// Starts the sort keys of a user's memberships. The user's other items start differently.
pub(super) const MEMBERSHIP_PREFIX: &str = "ORG#";

/// Starts the sort keys of an organization's members. Its other items start differently.
pub(super) const MEMBER_PREFIX: &str = "MEMBER#";

pub(super) fn organization_key(id: &OrganizationId) -> String {
    format!("{MEMBERSHIP_PREFIX}{}", id.as_str())
}

pub(super) fn user_key(user: &UserId) -> String {
    format!("USER#{}", user.as_str())
}

pub(super) fn member_key(user: &UserId) -> String {
    format!("{MEMBER_PREFIX}{}", user.as_str())
}

/// The sort key of the record of a request that came with a key, among its user's items.
pub(super) fn idempotency_key(key: &IdempotencyKey) -> String {
    format!("IDEMPOTENCY#{}", key.as_str())
}

pub(super) fn organization(id: &OrganizationId) -> Item {
    key(organization_key(id), organization_key(id))
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

/// The rest of a sort key after its prefix: where an item stands in a list of items with that prefix.
/// In readable rows it is an organization's or a user's id.
pub(super) fn position<'a>(prefix: &str, item: &'a Item) -> Option<&'a str> {
    item.get("sk")?.as_s().ok()?.strip_prefix(prefix)
}

pub(super) fn key(pk: String, sk: String) -> Item {
    Item::from([("pk".to_owned(), AttributeValue::S(pk)), ("sk".to_owned(), AttributeValue::S(sk))])
}
