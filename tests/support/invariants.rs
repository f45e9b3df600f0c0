//! The content of the whole table, and the invariants that must hold after any sequence of requests.

use crate::database::{Item, items};
use aws_sdk_dynamodb::Client;
use std::collections::{BTreeMap, BTreeSet};

/// The content of a table.
#[derive(Debug, Default)]
pub struct Contents {
    /// By id.
    pub organizations: BTreeMap<String, Organization>,
    /// The organizations created by requests with a key, by user and key.
    pub idempotency: BTreeMap<(String, String), String>,
    /// Violations of these invariants: Every organization has an owner. Every owner is in the set of owners
    /// and admins, and every user in that set is a member. The member count is correct. Every member has a
    /// membership in the user's partition, and vice versa. Every member and every record of a key refers to
    /// an existing organization.
    pub faults: Vec<String>,
}

/// An organization as stored.
#[derive(Debug, PartialEq)]
pub struct Organization {
    /// Roles by user.
    pub members: BTreeMap<String, String>,
    /// The item's version.
    pub version: u64,
}

impl Contents {
    /// Reads the table.
    pub async fn read(client: &Client) -> Self {
        let items = items(client).await;
        let mut members: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut memberships = members.clone();
        let mut organizations = Vec::new();
        let mut contents = Self::default();
        for item in &items {
            let (pk, sk) = (text(item, "pk"), text(item, "sk"));
            let (user, id) = (pk.strip_prefix("USER#"), pk.strip_prefix("ORG#"));
            let [organization, member, key] =
                ["ORG#", "MEMBER#", "IDEMPOTENCY#"].map(|prefix| sk.strip_prefix(prefix));
            match (user, id, organization, member, key) {
                (_, Some(id), Some(_), _, _) if pk == sk => organizations.push((id.to_owned(), item)),
                (_, Some(id), _, Some(user), _) => {
                    contents.must(text(item, "userId") == user, "a member item with another user's id", &pk);
                    members.entry(id.to_owned()).or_default().insert(user.to_owned());
                }
                (Some(user), _, Some(id), _, _) => {
                    memberships.entry(id.to_owned()).or_default().insert(user.to_owned());
                }
                (Some(user), _, _, _, Some(key)) => {
                    let created = text(item, "organizationId");
                    contents.idempotency.insert((user.to_owned(), key.to_owned()), created);
                }
                _ => contents.must(false, "an item of unknown kind", &format!("{pk} {sk}")),
            }
        }
        contents.must(members == memberships, "members and memberships differ", "the table");
        for (id, item) in organizations {
            let members = members.remove(&id).unwrap_or_default();
            contents.organization(id, item, members);
        }
        contents.must(members.is_empty(), "members without their organization", &format!("{members:?}"));
        let created = contents.idempotency.values().filter(|id| !contents.organizations.contains_key(*id));
        let missing: Vec<_> = created.cloned().collect();
        contents.must(missing.is_empty(), "records of keys without their organization", &missing.join(", "));
        contents
    }

    fn organization(&mut self, id: String, item: &Item, members: BTreeSet<String>) {
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
        self.must(privileged.is_subset(&digests), "an owner or admin is not a member", &id);
        let counted = number(item, "memberCount") == members.len() as u64;
        self.must(counted, "memberCount and members differ", &id);
        let members = members.iter().map(|user| (user.clone(), role(user))).collect();
        self.organizations.insert(id, Organization { version: number(item, "version"), members });
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
