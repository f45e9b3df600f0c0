use super::digest::{UserDigest, digest_of, role_in};
use crate::error::Error;
use crate::model::{
    Caller, Deletion, EventType, ExternalId, Happening, IncludedUnits, Limit, MaxMembers, MaxOverages,
    Metadata, NewOrganization, Organization, OrganizationId, Role, Timestamp, UserId,
};
use crate::store::keys::{self, Item};
use crate::store::table::Projection;
use serde::{Deserialize, Serialize};

/// Number of writes whose ids an organization's item keeps. Other clients cannot make this many writes
/// while the SDK waits to retry one.
const REMEMBERED_MUTATIONS: usize = 8;

/// An organization. Roles are stored only in its two sets.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::store) struct OrganizationItem {
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
    pub included_units: IncludedUnits,
    /// NULL means no limit, and a missing attribute is an error, as above.
    #[serde(deserialize_with = "MaxMembers::deserialize")]
    pub max_members: MaxMembers,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
    pub member_count: u64,
    #[serde(with = "serde_dynamo::binary_set")]
    pub owners: Vec<UserDigest>,
    /// Owners and admins. The owners are included, so that one condition checks for either role, and one
    /// `size()` checks the limit on both: expressions cannot add two sizes.
    #[serde(with = "serde_dynamo::binary_set")]
    pub privileged: Vec<UserDigest>,
    pub version: u64,
    pub created_at: Timestamp,
    pub created_by: Caller,
    pub updated_at: Timestamp,
    /// Not in [`Self::LISTED`], so `None` when a list reads the item.
    #[serde(default)]
    updated_by: Option<Caller>,
    /// What the last write did: the newest event is made of it. `None` if only a later release knows it. Not in
    /// [`Self::LISTED`].
    #[serde(default, deserialize_with = "super::known")]
    pub change: Option<Happening>,
    /// The ids of the last writes, newest first. If a response is lost and the SDK retries, the write's id
    /// is still here, even after other writes. See [`remembers`].
    #[serde(skip_deserializing)]
    last_mutations: Vec<String>,
    /// How often an invitation was made or renewed. It shows whether there may be more pending ones than were
    /// counted before. Not in [`Self::LISTED`].
    #[serde(default)]
    pub invitations_created: u64,
    /// Only in a deleted organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Timestamp>,
    /// Only in a deleted organization: when it can no longer be restored, in seconds after 1970. The table's TTL
    /// attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
}

impl OrganizationItem {
    /// The attributes that a list reads.
    pub(in crate::store) const LISTED: Projection = Projection {
        attributes: "sk, #name, #domain, maxOverages, includedUnits, maxMembers, externalId, metadata, memberCount, \
            owners, privileged, version, createdAt, createdBy, updatedAt, deletedAt, expiresAt",
        names: &[("#name", "name"), ("#domain", "domain")],
    };

    /// A new organization with `owner` as its only member, created by `caller`.
    pub(in crate::store) fn new(
        id: &OrganizationId,
        caller: &Caller,
        owner: &UserId,
        new: &NewOrganization,
        now: Timestamp,
    ) -> Self {
        Self {
            pk: keys::organization_key(id),
            sk: keys::organization_key(id),
            name: new.name.as_str().to_owned(),
            domain: new.domain.as_ref().map(|domain| domain.as_str().to_owned()),
            max_overages: MaxOverages::NONE,
            included_units: IncludedUnits::default(),
            max_members: MaxMembers::UNLIMITED,
            external_id: new.external_id.clone(),
            metadata: new.metadata.clone(),
            member_count: 1,
            owners: vec![digest_of(owner)],
            privileged: vec![digest_of(owner)],
            version: 1,
            created_at: now.clone(),
            created_by: caller.clone(),
            updated_at: now,
            updated_by: Some(caller.clone()),
            change: Some(Happening::new(EventType::OrganizationCreated)),
            last_mutations: no_mutations(),
            invitations_created: 0,
            deleted_at: None,
            expires_at: None,
        }
    }

    /// True if the user is an owner or an admin, and therefore a member.
    pub(in crate::store) fn is_privileged(&self, user: &UserId) -> bool {
        self.privileged.contains(&digest_of(user))
    }

    /// True if the user is an owner.
    pub(in crate::store) fn is_owner(&self, user: &UserId) -> bool {
        self.owners.contains(&digest_of(user))
    }

    /// True if it was deleted and not restored.
    pub(in crate::store) fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// When it was deleted.
    pub(in crate::store) fn deleted_at(&self) -> Option<&Timestamp> {
        self.deleted_at.as_ref()
    }

    /// When it can no longer be restored.
    pub(in crate::store) fn purge_at(&self) -> Option<Timestamp> {
        self.expires_at.and_then(Timestamp::from_seconds)
    }

    /// True if this caller may know that it exists, provided that the caller, if a user, is a member. After the
    /// time for restoring it, nobody may: TTL may delete the item days late.
    pub(in crate::store) fn is_visible_to(&self, caller: &Caller) -> bool {
        let owns = |caller: &Caller| caller.user().is_none_or(|user| self.is_owner(user));
        !self.is_gone() && (!self.is_deleted() || owns(caller))
    }

    /// True if it can no longer be restored. TTL may delete it days later.
    pub(in crate::store) fn is_gone(&self) -> bool {
        self.expires_at.is_some_and(|gone| gone <= Timestamp::seconds_now())
    }

    /// The limit of its billing periods.
    pub(in crate::store) fn limit(&self) -> Limit {
        Limit { included_units: self.included_units, max_overages: self.max_overages }
    }

    /// Who made the last change.
    ///
    /// # Errors
    /// When it is not among the attributes that were read.
    pub(in crate::store) fn updated_by(&self) -> Result<Caller, Error> {
        self.updated_by.clone().ok_or_else(|| Error::Internal("the item has no updatedBy".into()))
    }

    /// The role of a caller, provided that the caller, if a user, is a member. A service has none.
    pub(in crate::store) fn role_for(&self, caller: &Caller) -> Option<Role> {
        caller.user().map(|user| self.role_of(user))
    }

    /// The role of a user who is known to be a member.
    pub(in crate::store) fn role_of(&self, member: &UserId) -> Role {
        role_in(&self.owners, &self.privileged, member)
    }

    /// The organization as a caller with `role` sees it.
    pub(in crate::store) fn into_organization(self, id: OrganizationId, role: Option<Role>) -> Organization {
        Organization {
            id,
            name: self.name,
            domain: self.domain,
            max_overages: self.max_overages,
            included_units: self.included_units,
            max_members: self.max_members,
            external_id: self.external_id,
            metadata: self.metadata,
            member_count: self.member_count,
            role,
            created_by: self.created_by,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
            deletion: self.expires_at.and_then(Timestamp::from_seconds).and_then(|purge_at| {
                let deleted_at = self.deleted_at?;
                Some(Deletion { deleted_at, purge_at })
            }),
        }
    }
}

/// The list of the last writes before there is any.
pub(in crate::store) fn no_mutations() -> Vec<String> {
    vec![String::new(); REMEMBERED_MUTATIONS]
}

/// True if `mutation` is one of the organization's last writes.
pub(in crate::store) fn remembers(organization: &Item, mutation: &str) -> bool {
    let last = organization.get("lastMutations").and_then(|last| last.as_l().ok());
    last.is_some_and(|last| last.iter().any(|one| one.as_s().is_ok_and(|one| one == mutation)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Domain, OrganizationName};
    use crate::store::items::tests::{item, text};
    use crate::store::items::{read, write};
    use aws_sdk_dynamodb::primitives::Blob;
    use aws_sdk_dynamodb::types::AttributeValue::{Bs, L, M, N, Null};

    fn id() -> OrganizationId {
        OrganizationId::parse("org_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap()
    }

    fn user(name: &str) -> UserId {
        UserId::parse(name).unwrap()
    }

    fn acme(domain: Option<&str>) -> NewOrganization {
        let domain = domain.map(|domain| Domain::parse(domain).unwrap());
        NewOrganization::new(OrganizationName::parse("Acme").unwrap(), domain)
    }

    /// Ann's organization.
    fn new(domain: Option<&str>) -> OrganizationItem {
        let ann = user("ann");
        OrganizationItem::new(&id(), &Caller::User(ann.clone()), &ann, &acme(domain), Timestamp::now())
    }

    #[test]
    fn the_stored_form_of_an_organization_does_not_change() {
        let organization = new(Some("acme.example"));
        let now = organization.created_at.as_str().to_owned();
        let key = "ORG#org_01ARZ3NDEKTSV4RRFFQ69G5FAV";
        // `printf ann | sha256sum | cut -c 1-32`
        let ann = Blob::new(0x49915e0d7d4b402e3017d010bc1c0e83u128.to_be_bytes());
        let expected = item([
            ("pk", text(key)),
            ("sk", text(key)),
            ("name", text("Acme")),
            ("domain", text("acme.example")),
            ("maxOverages", N("0".into())),
            ("includedUnits", N("0".into())),
            ("maxMembers", Null(true)),
            ("memberCount", N("1".into())),
            ("owners", Bs(vec![ann.clone()])),
            ("privileged", Bs(vec![ann])),
            ("version", N("1".into())),
            ("createdAt", text(&now)),
            ("createdBy", text("ann")),
            ("updatedAt", text(&now)),
            ("updatedBy", text("ann")),
            ("change", M(item([("type", text("organization.created"))]))),
            ("lastMutations", L(vec![text(""); 8])),
            ("invitationsCreated", N("0".into())),
        ]);
        assert_eq!(write(&organization).unwrap(), expected);
        assert!(read::<OrganizationItem>(expected).is_ok());
    }

    #[test]
    fn a_missing_limit_is_not_read_as_no_limit() {
        let mut item = write(&new(None)).unwrap();
        item.insert("maxOverages".into(), Null(true));
        assert_eq!(read::<OrganizationItem>(item.clone()).unwrap().max_overages, MaxOverages::UNLIMITED);
        item.remove("maxOverages");
        assert_eq!(read::<OrganizationItem>(item).unwrap_err().code(), "internal_error");
    }

    #[test]
    fn a_deleted_organization_is_visible_to_its_owners_and_services_until_it_is_purged() {
        let mut item = write(&new(None)).unwrap();
        let visible = |item: &Item| {
            let organization: OrganizationItem = read(item.clone()).unwrap();
            let callers =
                [Caller::User(user("ann")), Caller::User(user("bob")), Caller::Service(user("bob"))];
            callers.map(|caller| organization.is_visible_to(&caller))
        };
        assert_eq!(visible(&item), [true, true, true]);
        item.insert("deletedAt".into(), text("2026-01-31T12:00:00.000Z"));
        item.insert("expiresAt".into(), N((Timestamp::seconds_now() + 60).to_string()));
        assert_eq!(visible(&item), [true, false, true]);
        item.insert("expiresAt".into(), N(Timestamp::seconds_now().to_string()));
        assert_eq!(visible(&item), [false, false, false]);
    }
}
