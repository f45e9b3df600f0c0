//! The content of the whole table, and the invariants that must hold after any sequence of requests.

use crate::database::{Item, items};
use aws_sdk_dynamodb::Client;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

/// The content of a table.
#[derive(Debug, Default)]
pub struct Contents {
    /// By id.
    pub organizations: BTreeMap<String, Organization>,
    /// The organizations created by requests with a key, by user and key.
    pub idempotency: BTreeMap<(String, String), String>,
    /// How many organizations each user has created, as counted in the user's own item.
    pub created: BTreeMap<String, u64>,
    /// The units used, by organization and period.
    pub usage: BTreeMap<(String, String), u64>,
    /// The organizations that have external ids, by external id.
    pub external_ids: BTreeMap<String, String>,
    /// The numbers of the stored events, by organization.
    pub events: BTreeMap<String, BTreeSet<u64>>,
    /// The organizations that were removed and purged, until that is forgotten.
    pub purged: BTreeSet<String>,
    /// The thresholds that were told: organization, period and percent.
    pub thresholds: BTreeSet<(String, String)>,
    /// Violations of these invariants: Every organization has an owner. Every owner is in the set of owners
    /// and admins, and every user in that set is a member. The member count is correct. Every member has a
    /// membership in the user's partition, and vice versa. Every member created the organization, accepted an
    /// invitation, or was added by a service. Every member, every invitation, every period's usage refers to an existing
    /// organization, and every told threshold and every record of a key to one that exists or was purged. An
    /// external id refers to the organization that has it. At most 100 invitations are pending. The organizations
    /// that a user has created are counted. Every event has the number in its key, and expires. Members whose
    /// organization can no longer be restored may be erased without it: then only the sets and the count know them.
    pub faults: Vec<String>,
}

/// An organization as stored.
#[derive(Debug, PartialEq)]
pub struct Organization {
    /// Roles by user.
    pub members: BTreeMap<String, String>,
    /// The item's version.
    pub version: u64,
    /// True if it was deleted and not restored.
    pub is_deleted: bool,
    /// True if it can no longer be restored.
    pub is_gone: bool,
    /// Who created it.
    pub created_by: String,
    /// Its external id.
    pub external_id: Option<String>,
    /// Who has accepted each invitation, by the invitation's id.
    pub invitations: BTreeMap<String, Option<String>>,
    /// The ids of the invitations by which members joined, by user.
    pub joined_by: BTreeMap<String, String>,
}

impl Contents {
    /// Reads the table.
    pub async fn read(client: &Client) -> Self {
        Self::read_without(client, None).await
    }

    /// Reads the table, but for one organization's partition and the memberships in it.
    pub async fn read_without(client: &Client, organization: Option<&str>) -> Self {
        let mut items = items(client).await;
        if let Some(id) = organization {
            let key = format!("ORG#{id}");
            items.retain(|item| text(item, "pk") != key && text(item, "sk") != key);
        }
        let mut members: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut memberships = members.clone();
        let mut invitations: BTreeMap<String, BTreeMap<String, Option<String>>> = BTreeMap::new();
        let mut pending: BTreeMap<String, u64> = BTreeMap::new();
        let mut joined_by: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let now = seconds_now();
        let mut organizations = Vec::new();
        let mut reported = Vec::new();
        let mut contents = Self::default();
        for item in &items {
            let (pk, sk) = (text(item, "pk"), text(item, "sk"));
            let (user, id) = (pk.strip_prefix("USER#"), pk.strip_prefix("ORG#"));
            let (kind, name) = sk.split_once('#').unwrap_or((&sk, ""));
            match (kind, user, id) {
                ("ORG", _, Some(id)) if pk == sk => organizations.push((id.to_owned(), item)),
                ("MEMBER", _, Some(id)) => {
                    contents.member(id, name, item);
                    members.entry(id.to_owned()).or_default().insert(name.to_owned());
                    if item.contains_key("invitation") {
                        let invitation = text(item, "invitation");
                        joined_by.entry(id.to_owned()).or_default().insert(name.to_owned(), invitation);
                    }
                }
                ("INVITATION", _, Some(id)) => {
                    let accepted_by = item.get("acceptedBy").map(|user| user.as_s().unwrap().clone());
                    let is_pending = accepted_by.is_none() && number(item, "expiresAt") > now;
                    *pending.entry(id.to_owned()).or_default() += u64::from(is_pending);
                    invitations.entry(id.to_owned()).or_default().insert(name.to_owned(), accepted_by);
                }
                ("ORG", Some(user), _) => {
                    memberships.entry(name.to_owned()).or_default().insert(user.to_owned());
                }
                ("USER", Some(user), _) if pk == sk => {
                    contents.created.insert(user.to_owned(), number(item, "organizations"));
                }
                ("IDEMPOTENCY", Some(user), _) => {
                    let created = text(item, "organizationId");
                    contents.idempotency.insert((user.to_owned(), name.to_owned()), created);
                }
                ("USAGE", _, Some(id)) => {
                    let used = number(item, "used");
                    contents.usage.insert((id.to_owned(), name.to_owned()), used);
                    contents.must(
                        item["lastMutations"].as_l().unwrap().len() == 8,
                        "usage that does not remember 8 reports",
                        id,
                    );
                }
                ("EVENT", _, Some(id)) => {
                    let is_whole = item.contains_key("expiresAt")
                        && number(item, "number") == name.parse::<u64>().unwrap();
                    contents.must(is_whole && name.len() == 20, "a malformed event", id);
                    contents.events.entry(id.to_owned()).or_default().insert(number(item, "number"));
                }
                ("THRESHOLD", _, Some(id)) => {
                    contents.must(item.contains_key("expiresAt"), "a threshold that is kept forever", id);
                    contents.thresholds.insert((id.to_owned(), name.to_owned()));
                }
                ("EXTERNAL", None, None) if pk == sk => {
                    contents.external_ids.insert(name.to_owned(), text(item, "organizationId"));
                }
                ("PURGED", _, Some(id)) => {
                    contents.must(item.contains_key("expiresAt"), "a purge that is kept forever", id);
                    contents.purged.insert(id.to_owned());
                }
                ("REPORT", Some(user), _) => {
                    let (id, _) = name.split_once('#').unwrap();
                    reported.push(id.to_owned());
                    contents.must(user.starts_with("service:"), "a report by a user", user);
                }
                _ => contents.must(false, "an item of unknown kind", &format!("{pk} {sk}")),
            }
        }
        contents.must(members == memberships, "members and memberships differ", "the table");
        for (id, item) in organizations {
            let members = members.remove(&id).unwrap_or_default();
            let invitations = invitations.remove(&id).unwrap_or_default();
            let pending = pending.remove(&id).unwrap_or_default();
            contents.must(pending <= 100, "more than 100 pending invitations", &id);
            let joined_by = joined_by.remove(&id).unwrap_or_default();
            contents.organization(id, item, members, (invitations, joined_by));
        }
        contents.must(
            invitations.is_empty(),
            "invitations without their organization",
            &format!("{:?}", invitations.keys()),
        );
        let mut created = BTreeMap::<_, u64>::new();
        for organization in contents.organizations.values() {
            if !organization.created_by.starts_with("service:") {
                *created.entry(organization.created_by.clone()).or_default() += 1;
            }
        }
        let counted = contents.created.clone();
        // A purge leaves the item of a user whose last organization it was.
        let counts: BTreeMap<_, _> = counted
            .iter()
            .filter(|(_, count)| **count > 0 || contents.purged.is_empty())
            .map(|(user, count)| (user.clone(), *count))
            .collect();
        contents.must(created == counts, "created organizations are not counted", &format!("{counted:?}"));
        contents.must(members.is_empty(), "members without their organization", &format!("{members:?}"));
        let told = contents.thresholds.iter().map(|(id, _)| id);
        let keyed = contents.idempotency.values().chain(&reported).chain(told);
        let keyed = keyed.filter(|id| !contents.purged.contains(*id));
        let recorded = keyed.chain(contents.usage.keys().map(|(id, _)| id));
        let missing: Vec<_> =
            recorded.filter(|id| !contents.organizations.contains_key(*id)).cloned().collect();
        contents.must(missing.is_empty(), "records or usage without their organization", &missing.join(", "));
        contents.check_external_ids();
        contents
    }

    fn check_external_ids(&mut self) {
        let organizations = self.organizations.iter();
        let had: BTreeMap<_, _> = organizations
            .filter_map(|(id, organization)| Some((organization.external_id.clone()?, id.clone())))
            .collect();
        let stored = self.external_ids.clone();
        self.must(had == stored, "external ids and their organizations differ", &format!("{stored:?}"));
    }

    fn member(&mut self, id: &str, user: &str, item: &Item) {
        self.must(text(item, "userId") == user, "a member item with another user's id", id);
        let added_by = text(item, "addedBy");
        let consents = item.contains_key("invitation") || added_by == user;
        self.must(consents || added_by.starts_with("service:"), "a member without consent", id);
    }

    fn organization(
        &mut self,
        id: String,
        item: &Item,
        members: BTreeSet<String>,
        (invitations, joined_by): (BTreeMap<String, Option<String>>, BTreeMap<String, String>),
    ) {
        let (owners, privileged) = (set(item, "owners"), set(item, "privileged"));
        let role = |user: &String| {
            let user = digest(user);
            match (owners.contains(&user), privileged.contains(&user)) {
                (true, _) => "owner".to_owned(),
                (false, true) => "admin".to_owned(),
                (false, false) => "member".to_owned(),
            }
        };
        let digests: BTreeSet<_> = members.iter().map(|user| digest(user)).collect();
        self.must(!owners.is_empty(), "no owner", &id);
        self.must(owners.is_subset(&privileged), "an owner is not in the set `privileged`", &id);
        let is_gone = item.contains_key("expiresAt") && number(item, "expiresAt") <= seconds_now();
        self.must(is_gone || privileged.is_subset(&digests), "an owner or admin is not a member", &id);
        let (count, found) = (number(item, "memberCount"), members.len() as u64);
        let counted = count == found || (is_gone && count > found);
        self.must(counted, "memberCount and members differ", &id);
        let members = members.iter().map(|user| (user.clone(), role(user))).collect();
        let is_deleted = item.contains_key("deletedAt");
        self.must(is_deleted == item.contains_key("expiresAt"), "half deleted", &id);
        let (version, created_by) = (number(item, "version"), text(item, "createdBy"));
        let external_id = item.get("externalId").map(|id| id.as_s().unwrap().clone());
        let organization = Organization {
            members,
            version,
            is_deleted,
            is_gone,
            created_by,
            external_id,
            invitations,
            joined_by,
        };
        self.organizations.insert(id, organization);
    }

    /// Unless `holds`, records the violation `what`, found in `of`.
    pub fn must(&mut self, holds: bool, what: &str, of: &str) {
        if !holds {
            self.faults.push(format!("{of}: {what}"));
        }
    }

    /// Fails if there are violations.
    #[track_caller]
    pub fn expect_no_fault(&self) {
        assert!(self.faults.is_empty(), "the table violates invariants:\n{}", self.faults.join("\n"));
    }
}

fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn text(item: &Item, attribute: &str) -> String {
    item[attribute].as_s().unwrap().clone()
}

fn number(item: &Item, attribute: &str) -> u64 {
    item[attribute].as_n().unwrap().parse().unwrap()
}

/// The digests in one of an organization's sets.
pub fn set(item: &Item, attribute: &str) -> BTreeSet<Vec<u8>> {
    let set = item.get(attribute).map(|set| set.as_bs().unwrap().as_slice()).unwrap_or_default();
    set.iter().map(|digest| digest.as_ref().to_owned()).collect()
}

/// The name of a user in an organization's sets: the first 16 bytes of the SHA-256 of the id.
pub fn digest(user: &str) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, user.as_bytes()).as_ref()[..16].to_owned()
}
