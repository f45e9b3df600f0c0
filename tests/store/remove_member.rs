use crate::table::{ANY, Table, caller, number, refusal, set, user, users};
use shared::model::{OrganizationId, Preconditions, Role};
use shared::store::Access;

#[tokio::test]
async fn removing_and_leaving_keep_both_items_consistent() {
    let table = Table::new().await;
    let (ann, cyd) = (caller("ann"), caller("cyd"));
    let id = table.organization_of(&ann).await.id;
    table.with(&id, "bob", Role::Owner).await;
    table.with(&id, "cyd", Role::Admin).await;
    table.with(&id, "dan", Role::Member).await;

    let removed = table.remove_member(&cyd, &id, &user("dan"), &ANY).await.unwrap();
    assert_eq!((removed.role, removed.member_count, removed.version), (Some(Role::Admin), 3, 5));
    let left = table.remove_member(&cyd, &id, &user("cyd"), &ANY).await.unwrap();
    assert_eq!((left.role, left.member_count, left.version), (None, 2, 6));
    let removed = table.remove_member(&ann, &id, &user("bob"), &ANY).await.unwrap();
    assert_eq!((removed.role, removed.member_count, removed.version), (Some(Role::Owner), 1, 7));

    let item = table.organization_item(&id).await;
    assert_eq!((set(&item, "owners"), set(&item, "privileged")), (users(&["ann"]), users(&["ann"])));
    assert_eq!(number(&item, "memberCount"), 1);
    for gone in ["bob", "cyd", "dan"] {
        assert!(table.member_item(gone, &id).await.is_none());
        assert_eq!(refusal(table.get_organization(&caller(gone), &id).await), "organization_not_found");
    }
}

#[tokio::test]
async fn the_most_basic_of_several_errors_is_returned() {
    let table = Table::new().await;
    let (id, deleted) = (table.team().await, table.team().await);
    table.delete_organization(&caller("ann"), &deleted, &ANY).await.unwrap();
    let (stale, nowhere) = (Preconditions::if_match(vec![1]), OrganizationId::generate());

    let refused = async |who, id, whom, expected: &_| {
        refusal(table.remove_member(&caller(who), id, &user(whom), expected).await)
    };
    assert_eq!(refused("ann", &nowhere, "ann", &stale).await, "organization_not_found");
    assert_eq!(refused("ann", &nowhere, "bob", &stale).await, "organization_not_found");
    assert_eq!(refused("eve", &id, "eve", &stale).await, "organization_not_found");
    assert_eq!(refused("eve", &id, "bob", &stale).await, "organization_not_found");
    for whom in ["ann", "bob", "eve"] {
        assert_eq!(refused("ann", &deleted, whom, &stale).await, "organization_deleted");
        assert_eq!(refused("service:x", &deleted, whom, &stale).await, "organization_deleted");
        assert_eq!(refused("bob", &deleted, whom, &stale).await, "organization_not_found");
    }
    assert_eq!(refused("service:x", &nowhere, "bob", &stale).await, "organization_not_found");
    assert_eq!(refused("service:x", &id, "eve", &stale).await, "member_not_found");
    assert_eq!(refused("service:x", &id, "ann", &ANY).await, "last_owner");
    assert_eq!(refused("cyd", &id, "eve", &stale).await, "member_not_found");
    assert_eq!(refused("bob", &id, "eve", &ANY).await, "member_not_found");
    assert_eq!(refused("cyd", &id, "bob", &stale).await, r#"forbidden {"requiredRole":"admin"}"#);
    assert_eq!(refused("bob", &id, "ann", &stale).await, r#"forbidden {"requiredRole":"owner"}"#);
    assert_eq!(refused("bob", &id, "cyd", &stale).await, r#"precondition_failed {"currentVersion":3}"#);
    assert_eq!(refused("ann", &id, "ann", &stale).await, r#"precondition_failed {"currentVersion":3}"#);
    assert_eq!(refused("ann", &id, "ann", &ANY).await, "last_owner");
    assert_eq!(number(&table.organization_item(&id).await, "version"), 3);

    let unknown = async |who, id, access| table.no_such_member(&caller(who), id, access).await.code();
    for access in [Access::Read, Access::Write] {
        assert_eq!(unknown("cyd", &id, access).await, "member_not_found");
        assert_eq!(unknown("service:x", &id, access).await, "member_not_found");
        assert_eq!(unknown("eve", &id, access).await, "organization_not_found");
        assert_eq!(unknown("ann", &nowhere, access).await, "organization_not_found");
        assert_eq!(unknown("service:x", &nowhere, access).await, "organization_not_found");
        assert_eq!(unknown("ann", &deleted, access).await, "organization_deleted");
        assert_eq!(unknown("bob", &deleted, access).await, "organization_not_found");
    }
    assert_eq!(unknown("service:x", &deleted, Access::Read).await, "member_not_found");
    assert_eq!(unknown("service:x", &deleted, Access::Write).await, "organization_deleted");
}
