//! The stored items. Tests pin their attribute names and types, because a rename would lose existing
//! data.
//!
//! A membership, in its user's partition, has no attributes except its key ([`keys::membership`]). A user's own
//! item has one, which `create_organization` counts.

mod digest;
mod event;
mod invitation;
mod member;
mod organization;
mod snapshot;
mod usage;

pub(super) use digest::digest_of;
pub(super) use event::{EventItem, Previous, event, expiry};
pub(super) use invitation::InvitationItem;
pub(super) use member::MemberItem;
pub(super) use organization::{OrganizationItem, no_mutations, remembers};
pub(super) use usage::UsageItem;

use super::keys::{self, Item};
use crate::error::Error;
use crate::model::OrganizationId;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

/// Deserializes an item. A failure is an internal error.
///
/// The error is logged, so it contains only the organization id in the item's sort key. serde's message
/// may quote a name or a domain, and other sort keys contain a client's Idempotency-Key.
pub(super) fn read<T: for<'de> Deserialize<'de>>(item: Item) -> Result<T, Error> {
    let organization = keys::organization_of(&item);
    serde_dynamo::from_item(item).map_err(|_| {
        let kind = std::any::type_name::<T>();
        let message =
            format!("cannot read an item as {kind}; organization in its sort key: {organization:?}");
        Error::Internal(message.into())
    })
}

/// Deserializes an image in the table's stream. One that does not exist is empty. A failure is an internal error, and its
/// text contains only the organization's id, as above.
pub(super) fn read_image<T: for<'de> Deserialize<'de>>(
    organization: &OrganizationId,
    image: &serde_dynamo::Item,
) -> Result<Option<T>, Error> {
    if image.is_empty() {
        return Ok(None);
    }
    serde_dynamo::from_item(image.clone()).map(Some).map_err(|_| {
        let (kind, id) = (std::any::type_name::<T>(), organization.as_str());
        Error::Internal(format!("cannot read an image as {kind}; organization: {id}").into())
    })
}

/// Deserializes an attribute for which a later release may have further values: `None` for these. Otherwise, while a
/// deployment shifts requests, the release before it could not read the items that the later one writes.
fn known<'de, T: Deserialize<'de>, D: Deserializer<'de>>(attribute: D) -> Result<Option<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Value<T> {
        Known(T),
        Unknown(IgnoredAny),
    }
    Ok(match Value::deserialize(attribute)? {
        Value::Known(value) => Some(value),
        Value::Unknown(_) => None,
    })
}

/// Deserializes an item of a list. A malformed row is omitted and logged: one bad row must not make the whole
/// list unavailable.
pub(super) fn read_for_list<T: for<'de> Deserialize<'de>>(item: Item) -> Option<T> {
    read(item).inspect_err(|error| tracing::warn!(cause = ?error, "omitted a row from a list")).ok()
}

/// Serializes an item.
pub(super) fn write(item: &impl Serialize) -> Result<Item, Error> {
    serde_dynamo::to_item(item).map_err(|error| Error::Internal(error.into()))
}

/// Serializes an attribute.
pub(super) fn value(value: &impl Serialize) -> Result<AttributeValue, Error> {
    serde_dynamo::to_attribute_value(value).map_err(|error| Error::Internal(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{OrganizationId, UserId};
    use aws_sdk_dynamodb::types::AttributeValue::S;

    /// An item with these attributes.
    pub(super) fn item<const N: usize>(
        attributes: [(&str, aws_sdk_dynamodb::types::AttributeValue); N],
    ) -> Item {
        Item::from(attributes.map(|(name, value)| (name.to_owned(), value)))
    }

    pub(super) fn text(text: &str) -> aws_sdk_dynamodb::types::AttributeValue {
        S(text.to_owned())
    }

    #[test]
    fn the_stored_form_of_a_membership_does_not_change() {
        let id = OrganizationId::parse("org_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
        let expected = item([("pk", text("USER#bob")), ("sk", text("ORG#org_01ARZ3NDEKTSV4RRFFQ69G5FAV"))]);
        assert_eq!(keys::membership(&UserId::parse("bob").unwrap(), &id), expected);
    }
}
