use crate::table::{ANY, Table, acme, caller, number, refusal, set, text, user, users};
use futures_util::future::join_all;
use shared::model::{IdempotencyKey, MaxOverages, Role};
use shared::settings::Settings;
use shared::store::Store;

/// The same table, for a deployment in which a user may create this number of organizations.
fn limited(table: &Table, max_organizations_per_user: u32) -> Store {
    table.store.clone().with_settings(Settings { max_organizations_per_user, ..Settings::default() })
}

#[tokio::test]
async fn the_creator_is_immediately_owner_and_member() {
    let table = Table::new().await;
    let ann = caller("ann");

    let organization = table.create(&ann, acme(), None).await.unwrap().organization;

    assert_eq!(organization.role, Some(Role::Owner));
    assert_eq!((organization.version, organization.member_count), (1, 1));
    assert_eq!(organization.max_overages, MaxOverages::NONE);
    let item = table.organization_item(&organization.id).await;
    assert_eq!((set(&item, "owners"), set(&item, "privileged")), (users(&["ann"]), users(&["ann"])));
    assert_eq!((number(&item, "memberCount"), number(&item, "invitationsCreated")), (1, 0));
    let member = table.member_item("ann", &organization.id).await.unwrap();
    assert_eq!((&member["userId"], &member["addedBy"]), (&text("ann"), &text("ann")));
    let listed = table.list_organizations(&user("ann"), false, 10, None).await.unwrap().items;
    assert_eq!(listed, [organization]);
}

#[tokio::test]
async fn a_service_creates_for_an_owner_who_is_not_charged_for_it() {
    let table = Table::new().await;
    let backend = caller("service:backend");

    let created = table.create_organization(&backend, &user("ann"), acme(), None).await.unwrap();

    let organization = created.organization;
    assert_eq!((organization.role, &organization.created_by), (None, &backend));
    let item = table.organization_item(&organization.id).await;
    assert_eq!((set(&item, "owners"), set(&item, "privileged")), (users(&["ann"]), users(&["ann"])));
    assert_eq!(
        (&item["createdBy"], &item["updatedBy"]),
        (&text("service:backend"), &text("service:backend"))
    );
    let member = table.member_item("ann", &organization.id).await.unwrap();
    assert_eq!(member["addedBy"], text("service:backend"));
    assert_eq!(
        table.get_organization(&caller("ann"), &organization.id).await.unwrap().role,
        Some(Role::Owner)
    );
    assert!(table.user_item("ann").await.is_none());
    assert!(table.user_item("service:backend").await.is_none());
    table.expect_no_fault().await;
}

#[tokio::test]
async fn a_user_creates_at_most_the_configured_number_of_organizations() {
    let table = Table::new().await;
    let (ann, store) = (caller("ann"), limited(&table, 2));
    let create = async |caller| store.create_organization(&caller, &user("ann"), acme(), None).await;

    let first = create(ann.clone()).await.unwrap().organization;
    create(ann.clone()).await.unwrap();
    assert_eq!(refusal(create(ann.clone()).await), r#"too_many_organizations {"max":2}"#);
    assert_eq!(number(&table.user_item("ann").await.unwrap(), "organizations"), 2);

    // A deleted one can be restored, so it counts. One of a service does not, and other users have counts of
    // their own.
    store.delete_organization(&ann, &first.id, &ANY).await.unwrap();
    assert_eq!(refusal(create(ann).await), r#"too_many_organizations {"max":2}"#);
    create(caller("service:backend")).await.unwrap();
    store.create_organization(&caller("bob"), &user("bob"), acme(), None).await.unwrap();
    table.expect_no_fault().await;
}

#[tokio::test]
async fn a_repeated_request_is_answered_and_not_counted_even_at_the_limit() {
    let table = Table::new().await;
    let (ann, store) = (caller("ann"), limited(&table, 1));
    let [key, other] = ["a", "b"].map(|key| IdempotencyKey::parse(key).unwrap());
    let create = async |key| store.create_organization(&ann, &user("ann"), acme(), Some(key)).await;

    let first = create(&key).await.unwrap();
    let again = create(&key).await.unwrap();
    assert!(!first.is_replayed && again.is_replayed);
    assert_eq!(first.organization, again.organization);
    assert_eq!(refusal(create(&other).await), r#"too_many_organizations {"max":1}"#);
    assert!(table.idempotency_item("ann", "b").await.is_none());
    assert_eq!(number(&table.user_item("ann").await.unwrap(), "organizations"), 1);
}

#[tokio::test]
async fn of_many_creations_at_once_exactly_as_many_succeed_as_the_limit_allows() {
    let table = Table::new().await;
    let (ann, owner, store) = (caller("ann"), user("ann"), limited(&table, 7));

    let created = join_all((0..30).map(|_| store.create_organization(&ann, &owner, acme(), None))).await;

    let (made, refused): (Vec<_>, Vec<_>) = created.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 7);
    for refused in refused {
        assert_eq!(refusal(refused), r#"too_many_organizations {"max":7}"#);
    }
    assert_eq!(number(&table.user_item("ann").await.unwrap(), "organizations"), 7);
    table.expect_no_fault().await;
}
