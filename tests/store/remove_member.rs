use crate::table::{ANY, Table, number, refusal, set, user, users};
use shared::model::{OrganizationId, Preconditions, Role};

#[tokio::test]
async fn removing_and_leaving_keep_both_items_consistent() {
    let table = Table::new().await;
    let (ann, bob, cyd, dan) = (user("ann"), user("bob"), user("cyd"), user("dan"));
    let id = table.organization_of(&ann).await.id;
    table.with(&ann, &id, &bob, Role::Owner).await;
    table.with(&ann, &id, &cyd, Role::Admin).await;
    table.with(&ann, &id, &dan, Role::Member).await;

    let removed = table.remove_member(&cyd, &id, &dan, &ANY).await.unwrap();
    assert_eq!((removed.role, removed.member_count, removed.version), (Some(Role::Admin), 3, 5));
    let left = table.remove_member(&cyd, &id, &cyd, &ANY).await.unwrap();
    assert_eq!((left.role, left.member_count, left.version), (None, 2, 6));
    let removed = table.remove_member(&ann, &id, &bob, &ANY).await.unwrap();
    assert_eq!((removed.role, removed.member_count, removed.version), (Some(Role::Owner), 1, 7));

    let item = table.organization_item(&id).await;
    assert_eq!((set(&item, "owners"), set(&item, "privileged")), (users(&["ann"]), users(&["ann"])));
    assert_eq!(number(&item, "memberCount"), 1);
    for gone in [&bob, &cyd, &dan] {
        assert!(table.member_item(gone, &id).await.is_none());
        assert_eq!(refusal(table.get_organization(gone, &id).await), "organization_not_found");
    }
}

#[tokio::test]
async fn the_most_basic_of_several_errors_is_returned() {
    let table = Table::new().await;
    let (ann, bob, cyd, eve) = (user("ann"), user("bob"), user("cyd"), user("eve"));
    let id = table.team().await;
    let (stale, nowhere) = (Preconditions::if_match(vec![1]), OrganizationId::generate());

    let refused =
        async |who, id, whom, expected: &_| refusal(table.remove_member(who, id, whom, expected).await);
    assert_eq!(refused(&ann, &nowhere, &ann, &stale).await, "organization_not_found");
    assert_eq!(refused(&ann, &nowhere, &bob, &stale).await, "organization_not_found");
    assert_eq!(refused(&eve, &id, &eve, &stale).await, "organization_not_found");
    assert_eq!(refused(&eve, &id, &bob, &stale).await, "organization_not_found");
    assert_eq!(refused(&cyd, &id, &eve, &stale).await, "member_not_found");
    assert_eq!(refused(&bob, &id, &eve, &ANY).await, "member_not_found");
    assert_eq!(refused(&cyd, &id, &bob, &stale).await, r#"forbidden {"requiredRole":"admin"}"#);
    assert_eq!(refused(&bob, &id, &ann, &stale).await, r#"forbidden {"requiredRole":"owner"}"#);
    assert_eq!(refused(&bob, &id, &cyd, &stale).await, r#"precondition_failed {"currentVersion":3}"#);
    assert_eq!(refused(&ann, &id, &ann, &stale).await, r#"precondition_failed {"currentVersion":3}"#);
    assert_eq!(refused(&ann, &id, &ann, &ANY).await, "last_owner");
    assert_eq!(number(&table.organization_item(&id).await, "version"), 3);

    assert_eq!(table.no_such_member(&cyd, &id).await.code(), "member_not_found");
    assert_eq!(table.no_such_member(&eve, &id).await.code(), "organization_not_found");
    assert_eq!(table.no_such_member(&ann, &nowhere).await.code(), "organization_not_found");
}
