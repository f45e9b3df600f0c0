use crate::table::{ANY, Table, acme, caller, number, refusal, text, user};
use aws_sdk_dynamodb::types::AttributeValue;
use shared::model::{
    Domain, Metadata, NewOrganization, Organization, OrganizationChanges, OrganizationId, OrganizationName,
    Preconditions,
};

fn rename(name: &str) -> OrganizationChanges {
    OrganizationChanges {
        name: Some(OrganizationName::parse(name).unwrap()),
        ..OrganizationChanges::default()
    }
}

fn move_to(domain: Option<&str>) -> OrganizationChanges {
    let domain = domain.map(|domain| Domain::parse(domain).unwrap());
    OrganizationChanges { domain: Some(domain), ..OrganizationChanges::default() }
}

fn name_and_domain(organization: &Organization) -> (&str, Option<&str>) {
    (&organization.name, organization.domain.as_deref())
}

#[tokio::test]
async fn only_the_given_fields_change_and_every_change_increments_the_version() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.organization_of(&ann).await.id;
    let both = OrganizationChanges { domain: move_to(Some("b.example")).domain, ..rename("B") };
    let name_alone = OrganizationChanges { domain: Some(None), ..rename("C") };

    let steps = [
        (move_to(Some("a.example")), ("Acme", Some("a.example"))),
        (rename("A"), ("A", Some("a.example"))),
        (move_to(None), ("A", None)),
        (both, ("B", Some("b.example"))),
        (name_alone, ("C", None)),
        (rename("C"), ("C", None)),
    ];
    for (version, (changes, expected)) in (2..).zip(steps) {
        let answered = table.update_organization(&ann, &id, changes, &ANY).await.unwrap();
        assert_eq!((name_and_domain(&answered), answered.version), (expected, version));
        assert_eq!(table.get_organization(&ann, &id).await.unwrap(), answered);
    }
}

fn noted(pairs: &[(&str, &str)]) -> Metadata {
    let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Metadata::parse(pairs.collect()).unwrap()
}

#[tokio::test]
async fn metadata_is_replaced_as_a_whole() {
    let table = Table::new().await;
    let ann = caller("ann");
    let new = NewOrganization { metadata: noted(&[("plan", "gold"), ("name", "")]), ..acme() };
    let id = table.create(&ann, new, None).await.unwrap().organization.id;
    let stored = async || table.organization_item(&id).await.get("metadata").cloned();
    let map = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), text(value)));
        Some(AttributeValue::M(pairs.collect()))
    };
    assert_eq!(stored().await, map(&[("plan", "gold"), ("name", "")]));

    let note = |pairs| OrganizationChanges { metadata: Some(noted(pairs)), ..OrganizationChanges::default() };
    let both = OrganizationChanges { metadata: Some(noted(&[("a", "1")])), ..rename("B") };
    for (changes, expected, item) in [
        (rename("A"), noted(&[("plan", "gold"), ("name", "")]), map(&[("plan", "gold"), ("name", "")])),
        (note(&[("seats", "5")]), noted(&[("seats", "5")]), map(&[("seats", "5")])),
        (both, noted(&[("a", "1")]), map(&[("a", "1")])),
        (note(&[]), noted(&[]), None),
        (note(&[]), noted(&[]), None),
    ] {
        let answered = table.update_organization(&ann, &id, changes, &ANY).await.unwrap();
        assert_eq!((&answered.metadata, stored().await), (&expected, item));
        assert_eq!(table.get_organization(&ann, &id).await.unwrap(), answered);
        let listed = table.list_organizations(&user("ann"), false, 9, None).await.unwrap().items;
        assert_eq!(listed, [answered]);
    }
    assert_eq!(number(&table.organization_item(&id).await, "version"), 6);
}

#[tokio::test]
async fn the_version_must_be_one_of_the_expected_ones() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.organization_of(&ann).await.id;
    let update = |versions| {
        let expected = Preconditions::if_match(versions);
        let (table, ann, id) = (&table, &ann, &id);
        async move { table.update_organization(ann, id, rename("B"), &expected).await }
    };

    assert_eq!(update(vec![9, 1]).await.unwrap().version, 2);
    for stale in [vec![1], vec![], vec![3, 4]] {
        assert_eq!(refusal(update(stale).await), r#"precondition_failed {"currentVersion":2}"#);
    }
    assert_eq!(update(vec![2]).await.unwrap().version, 3);
}

#[tokio::test]
async fn the_most_basic_of_several_errors_is_returned() {
    let table = Table::new().await;
    let (ann, bob, cyd, eve) = (caller("ann"), caller("bob"), caller("cyd"), caller("eve"));
    let id = table.team().await;
    let stale = Preconditions::if_match(vec![1]);
    let nowhere = OrganizationId::generate();

    let refused = async |who, id| refusal(table.update_organization(who, id, rename("B"), &stale).await);
    assert_eq!(refused(&ann, &nowhere).await, "organization_not_found");
    assert_eq!(refused(&eve, &id).await, "organization_not_found");
    assert_eq!(refused(&cyd, &id).await, r#"forbidden {"requiredRole":"admin"}"#);
    assert_eq!(refused(&bob, &id).await, r#"precondition_failed {"currentVersion":3}"#);
    assert_eq!(table.get_organization(&ann, &id).await.unwrap().name, "Acme");
}
