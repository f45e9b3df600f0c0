//! The stored items. Tests pin their attribute names and types, because a rename would lose existing
//! data.
//!
//! A membership, in its user's partition, has no attributes except its key ([`keys::membership`]).

use super::keys::{self, Item};
use super::table::Projection;
use crate::error::Error;
use crate::model::{
    MaxOverages, Member, NewOrganization, Organization, OrganizationId, Role, Timestamp, UserId,
};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteArray;

/// Number of writes whose ids an organization's item keeps. Other clients cannot make this many writes
/// while the SDK waits to retry one.
const REMEMBERED_MUTATIONS: usize = 8;

/// Identifies a user in an organization's sets: the first 128 bits of the SHA-256 of the user id. An id
/// may have 255 bytes, and every write pays for the item's size. Finding another id with the same digest
/// takes 2^128 attempts.
pub(super) type UserDigest = ByteArray<16>;

/// The digest of a user's id.
pub(super) fn digest_of(user: &UserId) -> UserDigest {
    let mut short = [0; 16];
    let digest = digest(&SHA256, user.as_str().as_bytes());
    short.iter_mut().zip(digest.as_ref()).for_each(|(short, byte)| *short = *byte);
    ByteArray::new(short)
}

/// An organization. Roles are stored only in its two sets.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrganizationItem {
    #[serde(skip_deserializing)]
    pk: String,
    #[serde(skip_deserializing)]
    sk: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// NULL means no limit. A missing attribute is an error: with `deserialize_with`, serde does not read it
    /// as `None`, which would mean no limit.
    #[serde(deserialize_with = "MaxOverages::deserialize")]
    pub max_overages: MaxOverages,
    pub member_count: u64,
    #[serde(with = "serde_dynamo::binary_set")]
    pub owners: Vec<UserDigest>,
    /// Owners and admins. The owners are included, so that one condition checks for either role, and one
    /// `size()` checks the limit on both: expressions cannot add two sizes.
    #[serde(with = "serde_dynamo::binary_set")]
    pub privileged: Vec<UserDigest>,
    pub version: u64,
    pub created_at: Timestamp,
    pub created_by: UserId,
    pub updated_at: Timestamp,
    /// Not in [`Self::LISTED`], so `None` when a list reads the item.
    #[serde(default)]
    pub updated_by: Option<UserId>,
    /// The ids of the last writes, newest first. If a response is lost and the SDK retries, the write's id
    /// is still here, even after other writes. See [`remembers`].
    #[serde(skip_deserializing)]
    last_mutations: Vec<String>,
}

impl OrganizationItem {
    /// The attributes that a list reads.
    pub(super) const LISTED: Projection = Projection {
        attributes: "sk, #name, #domain, maxOverages, memberCount, owners, privileged, version, createdAt, \
            createdBy, updatedAt",
        names: &[("#name", "name"), ("#domain", "domain")],
    };

    /// A new organization with `owner` as its only member.
    pub(super) fn new(id: &OrganizationId, owner: &UserId, new: &NewOrganization, now: Timestamp) -> Self {
        Self {
            pk: keys::organization_key(id),
            sk: keys::organization_key(id),
            name: new.name.as_str().to_owned(),
            domain: new.domain.as_ref().map(|domain| domain.as_str().to_owned()),
            max_overages: MaxOverages::NONE,
            member_count: 1,
            owners: vec![digest_of(owner)],
            privileged: vec![digest_of(owner)],
            version: 1,
            created_at: now.clone(),
            created_by: owner.clone(),
            updated_at: now,
            updated_by: Some(owner.clone()),
            last_mutations: vec![String::new(); REMEMBERED_MUTATIONS],
        }
    }

    /// True if the user is an owner or an admin, and therefore a member.
    pub(super) fn is_privileged(&self, user: &UserId) -> bool {
        self.privileged.contains(&digest_of(user))
    }

    /// The role of a user who is known to be a member.
    pub(super) fn role_of(&self, member: &UserId) -> Role {
        let member = digest_of(member);
        if self.owners.contains(&member) {
            Role::Owner
        } else if self.privileged.contains(&member) {
            Role::Admin
        } else {
            Role::Member
        }
    }

    /// The organization as a caller with `role` sees it.
    pub(super) fn into_organization(self, id: OrganizationId, role: Option<Role>) -> Organization {
        Organization {
            id,
            name: self.name,
            domain: self.domain,
            max_overages: self.max_overages,
            member_count: self.member_count,
            role,
            created_by: self.created_by,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        }
    }
}

/// A member of an organization, in the organization's partition. The role is in the organization's item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MemberItem {
    #[serde(skip_deserializing)]
    pk: String,
    #[serde(skip_deserializing)]
    sk: String,
    pub user_id: UserId,
    pub added_by: UserId,
    pub joined_at: Timestamp,
}

impl MemberItem {
    /// The attributes that a list reads, as a projection expression.
    pub(super) const LISTED: &str = "sk, userId, addedBy, joinedAt";

    /// The item of a member.
    pub(super) fn new(member: &Member) -> Self {
        Self {
            pk: keys::organization_key(&member.organization_id),
            sk: keys::member_key(&member.user_id),
            user_id: member.user_id.clone(),
            added_by: member.added_by.clone(),
            joined_at: member.joined_at.clone(),
        }
    }

    /// The member with `role`.
    pub(super) fn into_member(self, organization_id: OrganizationId, role: Role) -> Member {
        Member {
            organization_id,
            user_id: self.user_id,
            role,
            added_by: self.added_by,
            joined_at: self.joined_at,
        }
    }
}

/// True if `mutation` is one of the organization's last writes.
pub(super) fn remembers(organization: &Item, mutation: &str) -> bool {
    let last = organization.get("lastMutations").and_then(|last| last.as_l().ok());
    last.is_some_and(|last| last.iter().any(|one| one.as_s().is_ok_and(|one| one == mutation)))
}

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

/// Deserializes an item of a list. A row that is missing or malformed is omitted and logged: one bad row
/// must not make the whole list unavailable.
pub(super) fn read_for_list<T: for<'de> Deserialize<'de>>(item: Option<Item>) -> Option<T> {
    let read =
        item.ok_or_else(|| Error::Internal("a membership without its organization".into())).and_then(read);
    read.inspect_err(|error| tracing::warn!(cause = ?error, "omitted a row from a list")).ok()
}

/// Serializes an item.
pub(super) fn write(item: &impl Serialize) -> Result<Item, Error> {
    serde_dynamo::to_item(item).map_err(|error| Error::Internal(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Domain, OrganizationName};
    use aws_sdk_dynamodb::primitives::Blob;
    use aws_sdk_dynamodb::types::AttributeValue::{Bs, L, N, Null, S};

    fn id() -> OrganizationId {
        OrganizationId::parse("org_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap()
    }

    fn user(name: &str) -> UserId {
        UserId::parse(name).unwrap()
    }

    fn acme(domain: Option<&str>) -> NewOrganization {
        let domain = domain.map(|domain| Domain::parse(domain).unwrap());
        NewOrganization { name: OrganizationName::parse("Acme").unwrap(), domain }
    }

    fn text(text: &str) -> aws_sdk_dynamodb::types::AttributeValue {
        S(text.to_owned())
    }

    #[test]
    fn the_stored_form_of_an_organization_does_not_change() {
        let item = OrganizationItem::new(&id(), &user("ann"), &acme(Some("acme.example")), Timestamp::now());
        let now = item.created_at.as_str().to_owned();
        let key = "ORG#org_01ARZ3NDEKTSV4RRFFQ69G5FAV";
        // `printf ann | sha256sum | cut -c 1-32`
        let ann = Blob::new(0x49915e0d7d4b402e3017d010bc1c0e83u128.to_be_bytes());
        let expected = Item::from(
            [
                ("pk", text(key)),
                ("sk", text(key)),
                ("name", text("Acme")),
                ("domain", text("acme.example")),
                ("maxOverages", N("0".into())),
                ("memberCount", N("1".into())),
                ("owners", Bs(vec![ann.clone()])),
                ("privileged", Bs(vec![ann])),
                ("version", N("1".into())),
                ("createdAt", text(&now)),
                ("createdBy", text("ann")),
                ("updatedAt", text(&now)),
                ("updatedBy", text("ann")),
                ("lastMutations", L(vec![text(""); 8])),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        assert_eq!(write(&item).unwrap(), expected);
        assert!(read::<OrganizationItem>(expected).is_ok());
    }

    #[test]
    fn the_stored_form_of_a_member_does_not_change() {
        let member = Member {
            organization_id: id(),
            user_id: user("bob"),
            role: Role::Admin,
            added_by: user("ann"),
            joined_at: Timestamp::now(),
        };
        let expected = Item::from(
            [
                ("pk", text("ORG#org_01ARZ3NDEKTSV4RRFFQ69G5FAV")),
                ("sk", text("MEMBER#bob")),
                ("userId", text("bob")),
                ("addedBy", text("ann")),
                ("joinedAt", text(member.joined_at.as_str())),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        assert_eq!(write(&MemberItem::new(&member)).unwrap(), expected);
        assert_eq!(read::<MemberItem>(expected).unwrap().into_member(id(), Role::Admin), member);
    }

    #[test]
    fn the_stored_form_of_a_membership_does_not_change() {
        let expected = [("pk", text("USER#bob")), ("sk", text("ORG#org_01ARZ3NDEKTSV4RRFFQ69G5FAV"))];
        let expected = Item::from(expected.map(|(name, value)| (name.to_owned(), value)));
        assert_eq!(keys::membership(&user("bob"), &id()), expected);
    }

    #[test]
    fn a_missing_limit_is_not_read_as_no_limit() {
        let mut item =
            write(&OrganizationItem::new(&id(), &user("ann"), &acme(None), Timestamp::now())).unwrap();
        item.insert("maxOverages".into(), Null(true));
        assert_eq!(read::<OrganizationItem>(item.clone()).unwrap().max_overages, MaxOverages::UNLIMITED);
        item.remove("maxOverages");
        assert_eq!(read::<OrganizationItem>(item).unwrap_err().code(), "internal_error");
    }
}
