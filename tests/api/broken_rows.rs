//! Items that the API could not have written. A request for such an item gets a 500, like any bug. A list
//! omits it.

use crate::{
    organizations::{Organization, team},
    stack,
    table::{REASON, Table},
};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

impl Table {
    /// Writes a membership item, in the user's partition.
    async fn put_membership(&self, user_id: &str, organization_id: &str) {
        let put = self.0.put_item().table_name(local::TABLE_NAME);
        put.item("pk", text(&format!("USER#{user_id}")))
            .item("sk", text(&format!("ORG#{organization_id}")))
            .send()
            .await
            .expect("the row is written");
    }

    /// Writes a member item, in the organization's partition. `joined_at` may have any type.
    async fn put_member(&self, user_id: &str, organization_id: &str, joined_at: AttributeValue) {
        let put = self.0.put_item().table_name(local::TABLE_NAME);
        put.item("pk", text(&format!("ORG#{organization_id}")))
            .item("sk", text(&format!("MEMBER#{user_id}")))
            .item("userId", text(user_id))
            .item("addedBy", text(user_id))
            .item("joinedAt", joined_at)
            .send()
            .await
            .expect("the row is written");
    }
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn number() -> AttributeValue {
    AttributeValue::N("5".to_owned())
}

/// The error's body must reveal nothing of the table's layout, the code or the machine.
fn assert_no_internals(response: &crate::client::Response) {
    let body = String::from_utf8(response.body.clone()).expect("UTF-8").to_lowercase();
    for internal in ["org#", "user#", "pk", "dynamo", "serde", "invalid type", ".rs", "panick", "/src"] {
        assert!(!body.contains(internal), "{internal} in {response}");
    }
    let error: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(error.get("details"), None, "{response}");
}

#[tokio::test]
async fn an_unreadable_organization_is_an_internal_error_that_reveals_no_internals() {
    let Some(local) = stack::local_only(REASON) else { return };
    let (team, table) = (team().await, Table::of(local));
    let organization = &team.organization;
    table.set(organization, "name", number()).await;
    for user in [&team.owner, &team.admin, &team.member] {
        let response = user.get(&organization.path).send().await;
        response.expect_error(500, "internal_error");
        assert_no_internals(&response);
    }
    // Only members get the 500. For others, the organization does not exist.
    let response = team.stranger.get(&organization.path).send().await;
    response.expect_error(404, "organization_not_found");
}

#[tokio::test]
async fn orphans_and_unreadable_rows_are_left_out_of_the_list_of_organizations() {
    let Some(local) = stack::local_only(REASON) else { return };
    let (alice, table) = (stack::user("alice"), Table::of(local));
    let mut good = Vec::new();
    for (attribute, value) in [
        ("name", number()),
        ("memberCount", AttributeValue::S("many".to_owned())),
        ("version", AttributeValue::Bool(true)),
        ("createdAt", AttributeValue::Null(true)),
    ] {
        let broken = alice.create_organization("Broken").await;
        table.set(&broken, attribute, value).await;
        good.push(alice.create_organization("Good").await.id);
    }
    for id in ["org_00000000000000000000000000", "org_7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "garbage"] {
        table.put_membership(&alice.id, id).await;
    }
    good.sort_unstable();
    assert_eq!(alice.list("/organization/list", "id").await, good);
    for limit in [1, 2, 3, 100] {
        let path = format!("/organization/list?limit={limit}");
        assert_eq!(alice.list(&path, "id").await, good, "limit={limit}");
    }
}

#[tokio::test]
async fn unreadable_rows_are_left_out_of_the_list_of_members() {
    let Some(local) = stack::local_only(REASON) else { return };
    let (team, table) = (team().await, Table::of(local));
    let organization = &team.organization;
    let now = || text("2025-01-01T00:00:00.000Z");
    for (user_id, joined_at) in [
        // Sorted first, so that a page can consist of it alone.
        ("A B", now()),
        (&stack::unique("a"), number()),
        (&stack::unique("b"), AttributeValue::Null(true)),
        ("z\u{e9}", now()),
    ] {
        table.put_member(user_id, &organization.id, joined_at).await;
    }
    let good = [("owner", &team.owner), ("admin", &team.admin), ("member", &team.member)];
    let members = good.map(|(role, user)| (user.id.as_str(), role));
    team.owner.expect_members(organization, &members).await;
    let ids = good.map(|(_, user)| user.id.clone());
    for limit in [1, 2, 3, 100] {
        let path = format!("{}?limit={limit}", organization.members());
        assert_eq!(team.owner.list(&path, "userId").await, ids, "limit={limit}");
    }
}

#[tokio::test]
async fn an_orphaned_membership_gives_access_to_no_organization() {
    let Some(local) = stack::local_only(REASON) else { return };
    let (alice, table) = (stack::user("alice"), Table::of(local));
    let orphan = Organization::from_id("org_00000000000000000000000001");
    table.put_membership(&alice.id, &orphan.id).await;
    for request in [
        alice.get(&orphan.path),
        alice.put(&orphan.path, json!({ "name": "Mine" })),
        alice.delete(orphan.member(&alice.id)),
    ] {
        request.send().await.expect_error(404, "organization_not_found");
    }
}
