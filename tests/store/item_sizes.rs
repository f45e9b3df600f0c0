//! Compares the sizes of the items, by DynamoDB's rules, with `docs/cost/items.csv`. `cargo cost` computes
//! storage and the capacity of large organizations from this file.

use crate::budgets::document;
use crate::table::{ANY, Item, Table, user};
use aws_sdk_dynamodb::types::AttributeValue;
use shared::model::{Domain, MaxOverages, NewOrganization, OrganizationId, OrganizationName, Role, UserId};

/// As long as a user id of Auth0: 30 characters.
fn usual_user(number: usize) -> UserId {
    user(&format!("auth0|{number:024}"))
}

/// The longest possible user id.
fn longest_user(number: usize) -> UserId {
    user(&format!("{number:0255}"))
}

async fn organization(table: &Table, owner: &UserId, name: &str, domain: &str) -> OrganizationId {
    let name = OrganizationName::parse(name).unwrap();
    let domain = Some(Domain::parse(domain).unwrap());
    table.create_organization(owner, NewOrganization { name, domain }, None).await.unwrap().organization.id
}

/// The size of an item, by the rules in
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>. The rule
/// for numbers is an approximation. For a set, the page gives only the sizes of its elements.
fn size(item: &Item) -> usize {
    fn bytes(value: &AttributeValue) -> usize {
        match value {
            AttributeValue::S(text) => text.len(),
            AttributeValue::N(number) => number.len().div_ceil(2) + 1,
            AttributeValue::Bs(binaries) => binaries.iter().map(|binary| binary.as_ref().len()).sum(),
            AttributeValue::L(values) => values.iter().map(|element| bytes(element) + 1).sum::<usize>() + 3,
            AttributeValue::Null(_) => 1,
            other => panic!("no rule for {other:?}"),
        }
    }
    item.iter().map(|(name, attribute)| name.len() + bytes(attribute)).sum()
}

#[tokio::test]
async fn the_items_have_the_documented_sizes() {
    let table = Table::new().await;
    let [ann, bob, cyd] = [1, 2, 3].map(usual_user);
    let id = organization(&table, &ann, "Acme Corporation", "acme.example").await;
    // Fills the item's list of remembered writes.
    for _ in 0..8 {
        table.set_max_overages(&ann, &id, MaxOverages::NONE, &ANY).await.unwrap();
    }
    table.with(&ann, &id, &bob, Role::Admin).await;
    let with_an_admin = size(&table.organization_item(&id).await);
    table.remove_member(&ann, &id, &bob, &ANY).await.unwrap();
    let organization_of_one = size(&table.organization_item(&id).await);
    table.with(&ann, &id, &cyd, Role::Owner).await;
    let with_a_second_owner = size(&table.organization_item(&id).await);

    // A name of 256 characters with four bytes each, a domain of 253 bytes, and a hundred owners.
    let label = "a".repeat(61);
    let domain = format!("{label}.{label}.{label}.{}.com", "a".repeat(63));
    assert_eq!(domain.len(), 253);
    let owner = longest_user(0);
    let largest = organization(&table, &owner, &"\u{1F600}".repeat(256), &domain).await;
    for number in 1..100 {
        table.with(&owner, &largest, &longest_user(number), Role::Owner).await;
    }

    let measured = [
        ("organization", organization_of_one),
        ("organization with an admin", with_an_admin),
        ("organization with a second owner", with_a_second_owner),
        ("largest organization", size(&table.organization_item(&largest).await)),
        ("member", size(&table.member_item(&cyd, &id).await.unwrap())),
        ("membership", size(&table.membership_item(&cyd, &id).await.unwrap())),
    ];
    let measured = measured.map(|(item, bytes)| [item.to_owned(), bytes.to_string()]);
    assert_eq!(measured.to_vec(), document("docs/cost/items.csv"));
}
