//! The format of every key, and back.

use crate::model::{OrganizationId, UserId};
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;

/// An item, or a part of one, as the SDK has it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// What a membership's sort key starts with; other items of a user start differently.
pub(super) const MEMBERSHIP_PREFIX: &str = "ORG#";

pub(super) fn organization_key(id: &OrganizationId) -> String {
    format!("ORG#{}", id.as_str())
}

pub(super) fn user_key(user: &UserId) -> String {
    format!("USER#{}", user.as_str())
}

pub(super) fn organization(id: &OrganizationId) -> Item {
    key(organization_key(id), organization_key(id))
}

pub(super) fn membership(user: &UserId, id: &OrganizationId) -> Item {
    key(user_key(user), organization_key(id))
}

/// The organization that an item's sort key names.
pub(super) fn organization_of(item: &Item) -> Option<OrganizationId> {
    let sk = item.get("sk")?.as_s().ok()?;
    OrganizationId::parse(sk.strip_prefix(MEMBERSHIP_PREFIX)?)
}

/// Whether the item is an organization rather than a membership.
pub(super) fn is_organization(item: &Item) -> bool {
    item.get("pk") == item.get("sk")
}

fn key(pk: String, sk: String) -> Item {
    Item::from([("pk".to_owned(), AttributeValue::S(pk)), ("sk".to_owned(), AttributeValue::S(sk))])
}
