//! Compares the sizes of the items, by DynamoDB's rules, with `docs/cost/items.csv`. `cargo cost` computes
//! storage and the capacity of large organizations from this file.

use crate::budgets::document;
use crate::invitations::invitation;
use crate::table::{ANY, Item, Table, caller, user};
use crate::usage::{included, key, max_members, units};
use aws_sdk_dynamodb::types::AttributeValue;
use shared::model::{
    Caller, Domain, ExternalId, MaxOverages, Metadata, NewOrganization, OrganizationChanges, OrganizationId,
    OrganizationName, PlanChanges, Role,
};
use support::bus::Bus;

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

/// A key of a usual form: a UUID.
const UUID: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

/// The id of a customer of Stripe.
const CUSTOMER: &str = "cus_NffrFeUfNV2Hib";

fn named(name: &str, domain: &str) -> NewOrganization {
    NewOrganization::new(OrganizationName::parse(name).unwrap(), Some(Domain::parse(domain).unwrap()))
}

async fn organization(table: &Table, caller: &Caller, owner: &str, new: NewOrganization) -> OrganizationId {
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
            AttributeValue::M(pairs) => {
                pairs.iter().map(|(key, element)| key.len() + bytes(element) + 1).sum::<usize>() + 3
            }
            AttributeValue::L(values) => values.iter().map(|element| bytes(element) + 1).sum::<usize>() + 3,
            AttributeValue::Null(_) => 1,
            other => panic!("no rule for {other:?}"),
        }
    }
    item.iter().map(|(name, attribute)| name.len() + bytes(attribute)).sum()
}

/// The sizes of an organization's usage of a period, of the record of one of its reports, and of its external id.
async fn customer(table: &Table, owner: &str) -> [usize; 3] {
    let (crm, meter) = (caller("service:crm"), user("meter"));
    let external_id = ExternalId::parse(CUSTOMER).ok();
    let new = NewOrganization { external_id, ..named("Acme Corporation", "acme.example") };
    let id = organization(table, &crm, owner, new).await;
    table.set_max_overages(&crm, &id, MaxOverages::units(1_000_000_000).unwrap(), &ANY).await.unwrap();
    // Fills the list of remembered reports.
    for _ in 0..8 {
        table.record_usage(&meter, &id, units(100_000), None).await.unwrap();
    }
    table.record_usage(&meter, &id, units(100_000), Some(&key(UUID))).await.unwrap();
    let reserved = format!("EXTERNAL#{CUSTOMER}");
    [
        table.usage_item(&id).await.unwrap(),
        table.report_item(&id, UUID).await.unwrap(),
        table.item(&reserved, &reserved).await.unwrap(),
    ]
    .map(|item| size(&item))
}

/// The longest name, domain and metadata, made of this letter: a name of 256 characters with four bytes each, a domain of
/// 253 bytes, and 1,024 bytes of metadata.
fn longest(name: char, letter: &str) -> NewOrganization {
    let label = letter.repeat(61);
    let domain = format!("{label}.{label}.{label}.{}.com", letter.repeat(63));
    assert_eq!(domain.len(), 253);
    let pair = |number: usize| (number.to_string(), letter.repeat(if number < 6 { 101 } else { 102 }));
    let metadata = Metadata::parse((0..10).map(pair).collect()).unwrap();
    NewOrganization { metadata, ..named(&name.to_string().repeat(256), &domain) }
}

/// The longest fields and external id, the highest limits, a hundred owners, a deletion, and the last change was that a
/// user with the longest id left. A service did it all. The change of all fields made version 103.
async fn largest_organization(table: &Table) -> OrganizationId {
    let (first, service) = (longest_user(0), caller(&format!("service:{}", longest_user(0))));
    let external_id = ExternalId::parse(&"x".repeat(128)).ok();
    let new = NewOrganization { external_id, ..longest('\u{1F600}', "a") };
    let id = organization(table, &service, &first, new).await;
    let plan = PlanChanges { max_members: max_members(1_000_000).max_members, ..included(1_000_000_000) };
    table.set_plan(&user("billing"), &id, plan, &ANY).await.unwrap();
    let overages = MaxOverages::units(1_000_000_000).unwrap();
    table.set_max_overages(&service, &id, overages, &ANY).await.unwrap();
    for number in 1..100 {
        table.with(&id, &longest_user(number), Role::Owner).await;
    }
    let NewOrganization { name, domain, metadata, .. } = longest('\u{1F601}', "b");
    let changes = OrganizationChanges { name: Some(name), domain: Some(domain), metadata: Some(metadata) };
    assert_eq!(table.update_organization(&service, &id, changes, &ANY).await.unwrap().version, 103);
    table.with(&id, &longest_user(100), Role::Member).await;
    table.delete_organization(&service, &id, &ANY).await.unwrap();
    table.delete_user(&service, &user(&longest_user(100))).await.unwrap();
    id
}

#[tokio::test]
async fn the_items_have_the_documented_sizes() {
    let table = Table::new().await;
    let [ann, bob, cyd] = [1, 2, 3].map(usual_user);
    let owner = caller(&ann);
    let id = organization(&table, &owner, &ann, named("Acme Corporation", "acme.example")).await;
    // Fills the item's list of remembered writes.
    for _ in 0..8 {
        table.set_max_overages(&owner, &id, MaxOverages::NONE, &ANY).await.unwrap();
    }
    // What the last change was is part of the item, so it is the same in those that are compared.
    let size_after_a_change = async || {
        table.set_max_overages(&owner, &id, MaxOverages::NONE, &ANY).await.unwrap();
        size(&table.organization_item(&id).await)
    };
    table.with(&id, &bob, Role::Admin).await;
    let with_an_admin = size_after_a_change().await;
    table.remove_member(&owner, &id, &user(&bob), &ANY).await.unwrap();
    let organization_of_one = size_after_a_change().await;
    let invited =
        table.create_invitation(&owner, &id, invitation(Some(ADDRESS), Role::Owner), &ANY).await.unwrap();
    let pending = size(&table.invitation_item(&id, &invited.invitation.id).await.unwrap());
    table.accept(&cyd, &invited).await.unwrap();
    let accepted = size(&table.invitation_item(&id, &invited.invitation.id).await.unwrap());
    let with_a_second_owner = size_after_a_change().await;
    table.delete_organization(&owner, &id, &ANY).await.unwrap();
    let deleted = size(&table.organization_item(&id).await);

    let [usage, report, reserved] = customer(&table, &ann).await;
    let largest = largest_organization(&table).await;
    let metered = table.metered().await;
    table.report(&metered, units(110)).await;
    table.record(&Bus::start().await).await;
    let removal = size(&table.event_item(&id, 12).await);
    let change_of_all_fields = size(&table.event_item(&largest, 103).await);

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
        ("usage of a period", usage),
        ("record of a report", report),
        ("external id", reserved),
        ("event", removal),
        ("largest event", change_of_all_fields),
        ("reached threshold", size(&table.threshold_item(&metered, 100).await.unwrap())),
    ];
    let measured = measured.map(|(item, bytes)| [item.to_owned(), bytes.to_string()]);
    assert_eq!(measured.to_vec(), document("docs/cost/items.csv"));
}
