//! The whole table, and what must hold of it after any requests.

use crate::database::{Item, items};
use aws_sdk_dynamodb::Client;
use std::collections::{BTreeMap, BTreeSet};

/// All that is in a table.
#[derive(Debug, Default)]
pub struct Contents {
    /// By id.
    pub organizations: BTreeMap<String, Organization>,
    /// The organizations that were created by requests with a key, by user and key.
    pub idempotency: BTreeMap<(String, String), String>,
    /// What does not hold: every organization has an owner; its owners and privileged are those whose
    /// memberships say so; it has as many members as it counts; no membership is without its
    /// organization, and no record of a key names one that is not there.
    pub faults: Vec<String>,
}

/// What an organization is to its members, by their memberships.
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
        let mut members: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let mut organizations = Vec::new();
        let mut contents = Self::default();
        for item in &items {
            let (pk, sk) = (text(item, "pk"), text(item, "sk"));
            match (pk.strip_prefix("USER#"), sk.strip_prefix("ORG#"), sk.strip_prefix("IDEMPOTENCY#")) {
                (Some(user), Some(id), None) => {
                    members.entry(id.to_owned()).or_default().insert(user.to_owned(), text(item, "role"));
                }
                (Some(user), None, Some(key)) => {
                    let created = text(item, "organizationId");
                    contents.idempotency.insert((user.to_owned(), key.to_owned()), created);
                }
                (None, Some(id), None) if pk == sk => organizations.push((id.to_owned(), item)),
                _ => contents.must(false, "an item of no kind", &format!("{pk} {sk}")),
            }
        }
        for (id, item) in organizations {
            let members = members.remove(&id).unwrap_or_default();
            contents.organization(id, item, members);
        }
        contents.must(members.is_empty(), "memberships without their organization", &format!("{members:?}"));
        let created = contents.idempotency.values().filter(|id| !contents.organizations.contains_key(*id));
        let missing: Vec<_> = created.cloned().collect();
        contents.must(missing.is_empty(), "records of keys without their organization", &missing.join(", "));
        contents
    }

    fn organization(&mut self, id: String, item: &Item, members: BTreeMap<String, String>) {
        let with = |roles: &[&str]| -> BTreeSet<String> {
            let those = members.iter().filter(|(_, role)| roles.contains(&role.as_str()));
            those.map(|(user, _)| user.clone()).collect()
        };
        self.must(!set(item, "owners").is_empty(), "no owner", &id);
        self.must(set(item, "owners") == with(&["owner"]), "owners and roles differ", &id);
        self.must(set(item, "privileged") == with(&["owner", "admin"]), "privileged and roles differ", &id);
        let counted = number(item, "memberCount") == members.len() as u64;
        self.must(counted, "memberCount and memberships differ", &id);
        self.organizations.insert(id, Organization { version: number(item, "version"), members });
    }

    /// Notes what does not hold, and of what.
    pub fn must(&mut self, holds: bool, what: &str, of: &str) {
        if !holds {
            self.faults.push(format!("{of}: {what}"));
        }
    }

    /// Fails when something does not hold.
    #[track_caller]
    pub fn expect_no_fault(&self) {
        assert!(self.faults.is_empty(), "the table is not what it should be:\n{}", self.faults.join("\n"));
    }
}

fn text(item: &Item, attribute: &str) -> String {
    item[attribute].as_s().unwrap().clone()
}

fn number(item: &Item, attribute: &str) -> u64 {
    item[attribute].as_n().unwrap().parse().unwrap()
}

fn set(item: &Item, attribute: &str) -> BTreeSet<String> {
    item.get(attribute).map(|set| set.as_ss().unwrap().iter().cloned().collect()).unwrap_or_default()
}
