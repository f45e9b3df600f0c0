//! The whole table, and what must hold of it after any requests, and after these.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::{BTreeMap, BTreeSet, HashMap};

type Item = HashMap<String, AttributeValue>;

/// What the requests made of an organization.
#[derive(Debug, PartialEq)]
pub(crate) struct Expected {
    /// Roles by user.
    pub(crate) members: BTreeMap<String, String>,
    pub(crate) version: u64,
}

/// What does not hold: every organization has an owner; its owners and privileged are those whose
/// memberships say so; it has as many members as it counts; no membership is without its
/// organization; and all is as expected, with as many organizations as that.
pub(crate) async fn faults(client: &Client, expected: &(BTreeMap<String, Expected>, u64)) -> Vec<String> {
    let items = client.scan().table_name(local::TABLE_NAME).into_paginator().items().send();
    let items: Vec<Item> = items.collect::<Result<_, _>>().await.unwrap();
    let (organizations, memberships): (Vec<_>, Vec<_>) =
        items.iter().partition(|item| text(item, "pk") == text(item, "sk"));
    let mut members: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    // A user's partition has items of other kinds, too.
    for item in memberships.into_iter().filter(|item| text(item, "sk").starts_with("ORG#")) {
        let of = members.entry(text(item, "sk").replacen("ORG#", "", 1)).or_default();
        of.insert(text(item, "pk").replacen("USER#", "", 1), text(item, "role"));
    }
    let mut faults = Vec::new();
    let mut must = |holds: bool, what: &str, id: &str| {
        if !holds {
            faults.push(format!("{id}: {what}"));
        }
    };
    must(organizations.len() as u64 == expected.1, "organizations lost or doubled", "the table");
    for item in organizations {
        let id = text(item, "pk").replacen("ORG#", "", 1);
        let members = members.remove(&id).unwrap_or_default();
        let with = |roles: &[&str]| -> BTreeSet<String> {
            let those = members.iter().filter(|(_, role)| roles.contains(&role.as_str()));
            those.map(|(user, _)| user.clone()).collect()
        };
        must(!set(item, "owners").is_empty(), "no owner", &id);
        must(set(item, "owners") == with(&["owner"]), "owners and roles differ", &id);
        must(set(item, "privileged") == with(&["owner", "admin"]), "privileged and roles differ", &id);
        must(number(item, "memberCount") == members.len() as u64, "memberCount and memberships differ", &id);
        let found = Expected { version: number(item, "version"), members };
        must(expected.0.get(&id).is_none_or(|expected| *expected == found), "not as the answers said", &id);
    }
    must(members.is_empty(), "memberships without their organization", "the table");
    faults
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
