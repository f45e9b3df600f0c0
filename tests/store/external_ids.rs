//! Ids of other systems: unique among the organizations that exist or can be restored.

use crate::meanwhile::{after, delete, restore};
use crate::table::{ANY, Item, Table, acme, caller, integer, now, refusal, text, user};
use crate::usage::key;
use futures_util::future::join_all;
use shared::error::Error;
use shared::model::{Creation, ExternalId, NewOrganization, Organization, OrganizationId};
use shared::store::Store;
use support::faults::Fault;

fn external(id: &str) -> ExternalId {
    ExternalId::parse(id).unwrap()
}

fn known_as(id: &str) -> NewOrganization {
    NewOrganization { external_id: Some(external(id)), ..acme() }
}

/// A service creates an organization of `ann` with an external id.
async fn create(store: &Store, id: &str, with_key: Option<&str>) -> Result<Creation, Error> {
    let (service, with_key) = (caller("service:crm"), with_key.map(key));
    store.create_organization(&service, &user("ann"), known_as(id), with_key.as_ref()).await
}

impl Table {
    async fn known_as(&self, id: &str) -> OrganizationId {
        create(self, id, None).await.unwrap().organization.id
    }

    async fn look_up(&self, id: &str) -> Option<Organization> {
        self.organization_by_external_id(&user("other"), &external(id)).await.unwrap()
    }

    async fn external_item(&self, id: &str) -> Option<Item> {
        let key = format!("EXTERNAL#{id}");
        self.item(&key, &key).await
    }

    /// The time for restoring a deleted organization ends. Its item is still there.
    async fn purge(&self, id: &OrganizationId) {
        let mut item = self.organization_item(id).await;
        item.insert("expiresAt".into(), integer(now()));
        self.put(item).await;
    }
}

#[tokio::test]
async fn an_organization_is_found_by_its_external_id_at_once() {
    let table = Table::new().await;
    for id in ["cus_123", "ORG#1", "#", "a/b?c=d", "CUS_123"] {
        let created = create(&table, id, None).await.unwrap().organization;
        assert_eq!(created.external_id, Some(external(id)));
        assert_eq!(table.look_up(id).await, Some(created.clone()));
        let shown = table.get_organization(&caller("ann"), &created.id).await.unwrap();
        assert_eq!(shown.external_id, Some(external(id)));
    }
    let listed = table.list_organizations(&user("ann"), false, 9, None).await.unwrap().items;
    assert_eq!(listed.last().unwrap().external_id, Some(external("CUS_123")));
    assert_eq!(table.look_up("cus_12").await, None);
    table.expect_no_fault().await;
}

#[tokio::test]
async fn the_stored_form_of_an_external_id_does_not_change() {
    let table = Table::new().await;
    let id = table.known_as("cus_123").await;
    let expected = [
        ("pk", text("EXTERNAL#cus_123")),
        ("sk", text("EXTERNAL#cus_123")),
        ("organizationId", text(id.as_str())),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value));
    assert_eq!(table.external_item("cus_123").await, Some(expected.into()));
    assert_eq!(table.organization_item(&id).await["externalId"], text("cus_123"));
    // An organization without one has no such attribute.
    assert!(!table.organization_item(&table.team().await).await.contains_key("externalId"));
}

#[tokio::test]
async fn an_external_id_is_taken_while_its_organization_exists_or_can_be_restored() {
    let table = Table::new().await;
    let id = table.known_as("x").await;
    let size = table.size().await;
    let taken = async || {
        assert_eq!(refusal(create(&table, "x", None).await), "external_id_taken");
        assert_eq!(refusal(create(&table, "x", Some("k")).await), "external_id_taken");
        assert_eq!(table.size().await, size);
        assert_eq!(table.look_up("x").await.unwrap().id, id);
    };
    taken().await;
    table.delete_organization(&caller("ann"), &id, &ANY).await.unwrap();
    taken().await;
    assert!(table.look_up("x").await.unwrap().deletion.is_some());
    table.restore_organization(&caller("ann"), &id, &ANY).await.unwrap();
    taken().await;
    table.known_as("y").await;
    table.expect_no_fault().await;
}

/// TTL deletes the organization days late, and leaves the item of its external id.
#[tokio::test]
async fn the_external_id_of_an_organization_that_is_gone_is_free() {
    for with_key in [None, Some("k")] {
        let table = Table::new().await;
        let first = table.known_as("x").await;
        table.delete_organization(&caller("ann"), &first, &ANY).await.unwrap();
        table.purge(&first).await;
        assert_eq!(table.look_up("x").await, None);
        let second = create(&table, "x", with_key).await.unwrap().organization;
        assert_eq!(table.look_up("x").await, Some(second.clone()));
        assert_eq!(table.external_item("x").await.unwrap()["organizationId"], text(second.id.as_str()));

        let key = format!("ORG#{}", second.id.as_str());
        let delete = table.client.delete_item().table_name(local::TABLE_NAME);
        delete.key("pk", text(&key)).key("sk", text(&key)).send().await.unwrap();
        assert_eq!(table.look_up("x").await, None);
        let third = create(&table, "x", None).await.unwrap().organization;
        assert_eq!(table.look_up("x").await, Some(third));
        assert_eq!(refusal(create(&table, "x", None).await), "external_id_taken");
    }
}

#[tokio::test]
async fn of_many_creations_with_one_external_id_at_once_one_succeeds() {
    let table = Table::new().await;
    let gone = table.known_as("x").await;
    table.delete_organization(&caller("ann"), &gone, &ANY).await.unwrap();
    table.purge(&gone).await;
    for id in ["x", "y"] {
        let created = join_all((0..15).map(|_| create(&table, id, None))).await;
        let (made, refused): (Vec<_>, Vec<_>) = created.into_iter().partition(Result::is_ok);
        assert_eq!(made.len(), 1);
        for refused in refused {
            let code = refusal(refused);
            assert!(code == "external_id_taken" || code == "conflict", "{code}");
        }
        let made = made.into_iter().next().unwrap().unwrap().organization;
        assert_eq!(table.look_up(id).await, Some(made));
    }
}

/// Between the refusal and the next attempt, another organization takes the id.
#[tokio::test]
async fn an_external_id_that_another_organization_takes_meanwhile_is_taken() {
    let table = Table::new().await;
    let gone = table.known_as("x").await;
    table.delete_organization(&caller("ann"), &gone, &ANY).await.unwrap();
    table.purge(&gone).await;
    let store = table.store.clone();
    table.inject_into(
        "GetItem",
        [after(async move {
            create(&store, "x", None).await.unwrap();
        })],
    );
    assert_eq!(refusal(create(&table, "x", None).await), "external_id_taken");
}

#[tokio::test]
async fn a_repeated_creation_is_answered_although_its_external_id_is_taken() {
    let table = Table::new().await;
    let first = create(&table, "x", Some("k")).await.unwrap();
    let again = create(&table, "x", Some("k")).await.unwrap();
    assert_eq!((first.is_replayed, again.is_replayed), (false, true));
    assert_eq!(again.organization, first.organization);
    assert_eq!(refusal(create(&table, "y", Some("k")).await), "idempotency_key_reused");
    assert!(table.external_item("y").await.is_none());
}

#[tokio::test]
async fn a_creation_with_a_lost_answer_does_not_find_its_own_external_id_taken() {
    let table = Table::new().await;
    for (number, with_key) in [(0, None), (1, Some("k"))] {
        let id = number.to_string();
        table.inject_into("TransactWriteItems", [Fault::LostAnswer]);
        let created = create(&table, &id, with_key).await.unwrap();
        assert!(!created.is_replayed);
        assert_eq!(table.look_up(&id).await, Some(created.organization));
    }
    table.expect_no_fault().await;
}

#[tokio::test]
async fn a_look_up_shows_the_organization_as_it_is_after_the_first_read() {
    let table = Table::new().await;
    let id = table.known_as("x").await;
    for deleted in [true, false] {
        let (store, id) = (table.store.clone(), id.clone());
        let meanwhile =
            after(async move { if deleted { delete(store, id).await } else { restore(store, id).await } });
        table.inject_into("GetItem", [meanwhile]);
        assert_eq!(table.look_up("x").await.unwrap().deletion.is_some(), deleted);
    }
}
