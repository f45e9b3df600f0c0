//! Organizations whose time is over: TTL removes their items, and the consumer purges what belongs to them.

use aws_sdk_dynamodb::types::{AttributeValue::S, PutRequest, WriteRequest};
use std::collections::BTreeSet;
use support::database::{Database, items};
use support::invariants::Contents;

/// How many members a large organization has: more than a purge reads at once.
const MANY: usize = 270;

/// Removes the items of the organizations that can no longer be restored, and of most of the other deleted ones, as TTL
/// does when their time is over. One of them may be large. Returns them.
pub async fn remove(
    database: &Database,
    contents: &Contents,
    random: &mut fastrand::Rng,
) -> BTreeSet<String> {
    let deleted = contents.organizations.iter().filter(|(_, found)| found.is_deleted);
    let removed: BTreeSet<_> =
        deleted.filter(|(_, found)| found.is_gone || random.u8(..4) > 0).map(|(id, _)| id.clone()).collect();
    if let Some(id) = removed.first().filter(|_| random.u8(..3) == 0) {
        grow(database, id).await;
    }
    for id in &removed {
        let key = S(format!("ORG#{id}"));
        let delete = database.client.delete_item().table_name(local::TABLE_NAME);
        delete.key("pk", key.clone()).key("sk", key).send().await.unwrap();
    }
    removed
}

/// Adds members to the table, without their organization's knowledge: it is about to be removed.
async fn grow(database: &Database, id: &str) {
    let users: Vec<_> = (0..MANY).map(|number| format!("many{number:03}")).collect();
    for users in users.chunks(12) {
        let puts = users.iter().flat_map(|user| {
            let (organization, user) = (format!("ORG#{id}"), user.as_str());
            let keys =
                [(organization.clone(), format!("MEMBER#{user}")), (format!("USER#{user}"), organization)];
            keys.map(|(pk, sk)| {
                let put = PutRequest::builder().item("pk", S(pk)).item("sk", S(sk)).build().unwrap();
                WriteRequest::builder().put_request(put).build()
            })
        });
        let write = database.client.batch_write_item();
        write.request_items(local::TABLE_NAME, puts.collect()).send().await.unwrap();
    }
}

/// Checks that of the removed organizations nothing is left but their events, and what says that they were purged. If
/// records were redriven after a purge, what says that a threshold was told may be left, too, until it expires.
pub async fn check(database: &Database, removed: &BTreeSet<String>, is_redriven: bool) -> Result<(), String> {
    for item in items(&database.client).await {
        let (pk, sk) = (item["pk"].as_s().unwrap(), item["sk"].as_s().unwrap());
        let is_kept =
            sk.starts_with("EVENT#") || sk == "PURGED" || (is_redriven && sk.starts_with("THRESHOLD#"));
        let id = pk.strip_prefix("ORG#").filter(|_| !is_kept).or(sk.strip_prefix("ORG#"));
        if id.is_some_and(|id| removed.contains(id)) {
            return Err(format!("left of a removed organization: {pk} {sk}"));
        }
    }
    Ok(())
}
