//! Compares the sizes of the items, by DynamoDB's rules, with `docs/cost/items.csv`. `cargo cost` computes
//! storage and the capacity of large organizations from this file.

use crate::budgets::document;
use crate::invitations::invitation;
use crate::table::{ANY, Item, Table, caller, user};
use aws_sdk_dynamodb::types::AttributeValue;
use shared::model::{Caller, Domain, MaxOverages, NewOrganization, OrganizationId, OrganizationName, Role};

/// As long as a user id of Auth0: 30 characters.
fn usual_user(number: usize) -> String {
    format!("auth0|{number:024}")
}

/// The longest possible user id.
fn longest_user(number: usize) -> String {
    format!("{number:0255}")
}

/// An e-mail address of a usual length.
const ADDRESS: &str = "firstname.lastname@acme.example";

async fn organization(
    table: &Table,
    caller: &Caller,
    owner: &str,
    name: &str,
    domain: &str,
) -> OrganizationId {
    let name = OrganizationName::parse(name).unwrap();
    let new = NewOrganization::new(name, Some(Domain::parse(domain).unwrap()));
    table.create_organization(caller, &user(owner), new, None).await.unwrap().organization.id
}

/// The size of an item, by the rules in
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>. The rule
/// for numbers is an approximation. For a set, the page gives only the sizes of its elements.
fn size(item: &Item) -> usize {
    fn bytes(value: &AttributeValue) -> usize {
        match value {
            AttributeValue::S(text) => text.len(),
            AttributeValue::N(number) => number.len().div_ceil(2) + 1,
            AttributeValue::B(binary) => binary.as_ref().len(),
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
    let owner = caller(&ann);
    let id = organization(&table, &owner, &ann, "Acme Corporation", "acme.example").await;
    // Fills the item's list of remembered writes.
    for _ in 0..8 {
        table.set_max_overages(&owner, &id, MaxOverages::NONE, &ANY).await.unwrap();
    }
    table.with(&id, &bob, Role::Admin).await;
    table.set_max_overages(&owner, &id, MaxOverages::NONE, &ANY).await.unwrap();
    let with_an_admin = size(&table.organization_item(&id).await);
    table.remove_member(&owner, &id, &user(&bob), &ANY).await.unwrap();
    let organization_of_one = size(&table.organization_item(&id).await);
    let invited =
        table.create_invitation(&owner, &id, invitation(Some(ADDRESS), Role::Owner), &ANY).await.unwrap();
    let pending = size(&table.invitation_item(&id, &invited.invitation.id).await.unwrap());
    table.accept(&cyd, &invited).await.unwrap();
    let accepted = size(&table.invitation_item(&id, &invited.invitation.id).await.unwrap());
    let with_a_second_owner = size(&table.organization_item(&id).await);
    table.delete_organization(&owner, &id, &ANY).await.unwrap();
    let deleted = size(&table.organization_item(&id).await);

    // A name of 256 characters with four bytes each, a domain of 253 bytes, a hundred owners, and a deletion. A
    // service created and deleted it.
    let label = "a".repeat(61);
    let domain = format!("{label}.{label}.{label}.{}.com", "a".repeat(63));
    assert_eq!(domain.len(), 253);
    let (first, service) = (longest_user(0), caller(&format!("service:{}", longest_user(0))));
    let largest = organization(&table, &service, &first, &"\u{1F600}".repeat(256), &domain).await;
    for number in 1..100 {
        table.with(&largest, &longest_user(number), Role::Owner).await;
    }
    table.delete_organization(&service, &largest, &ANY).await.unwrap();

    let measured = [
        ("organization", organization_of_one),
        ("organization with an admin", with_an_admin),
        ("organization with a second owner", with_a_second_owner),
        ("deleted organization with a second owner", deleted),
        ("largest organization", size(&table.organization_item(&largest).await)),
        ("member", size(&table.member_item(&cyd, &id).await.unwrap())),
        ("membership", size(&table.membership_item(&cyd, &id).await.unwrap())),
        ("invitation", pending),
        ("accepted invitation", accepted),
        ("user", size(&table.user_item(&ann).await.unwrap())),
    ];
    let measured = measured.map(|(item, bytes)| [item.to_owned(), bytes.to_string()]);
    assert_eq!(measured.to_vec(), document("docs/cost/items.csv"));
}
