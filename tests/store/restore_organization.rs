use crate::table::{ANY, Table, caller, integer, now, number, refusal, text, user};
use shared::model::{OrganizationId, Preconditions, Role};

#[tokio::test]
async fn a_restored_organization_is_as_it_was_before_its_deletion() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.team().await;
    let link = table.invite(&ann, &id, Role::Member).await;
    let before = table.organization_item(&id).await;
    table.delete_organization(&ann, &id, &ANY).await.unwrap();

    let restored = table.restore_organization(&ann, &id, &Preconditions::if_match(vec![5])).await.unwrap();

    assert_eq!((restored.version, restored.role, restored.deletion.clone()), (6, Some(Role::Owner), None));
    let mut item = table.organization_item(&id).await;
    assert_eq!((number(&item, "version"), &item["updatedBy"]), (6, &text("ann")));
    for attribute in ["version", "updatedAt", "updatedBy", "lastMutations", "change"] {
        item.insert(attribute.to_owned(), before[attribute].clone());
    }
    assert_eq!(item, before);
    assert_eq!(table.get_organization(&ann, &id).await.unwrap(), restored);
    for name in ["ann", "bob", "cyd"] {
        let listed = table.list_organizations(&user(name), false, 9, None).await.unwrap().items;
        assert_eq!(
            listed.into_iter().map(|organization| organization.id).collect::<Vec<_>>(),
            std::slice::from_ref(&id)
        );
        assert!(table.list_organizations(&user(name), true, 9, None).await.unwrap().items.is_empty());
    }
    table.accept("dan", &link).await.unwrap();
    table.expect_no_fault().await;
}

#[tokio::test]
async fn restoring_a_live_organization_changes_nothing_whatever_the_preconditions() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.team().await;
    let (live, before) =
        (table.get_organization(&ann, &id).await.unwrap(), table.organization_item(&id).await);

    for expected in [ANY, Preconditions::if_match(vec![2]), Preconditions::if_none_match(vec![3])] {
        assert_eq!(table.restore_organization(&ann, &id, &expected).await.unwrap(), live);
        let as_service = table.restore_organization(&caller("service:x"), &id, &expected).await.unwrap();
        assert_eq!((as_service.role, as_service.version), (None, 3));
    }
    assert_eq!(table.organization_item(&id).await, before);
}

#[tokio::test]
async fn the_most_basic_of_several_errors_is_returned() {
    let table = Table::new().await;
    let (live, deleted, nowhere) = (table.team().await, table.team().await, OrganizationId::generate());
    table.with(&deleted, "dan", Role::Owner).await;
    table.delete_organization(&caller("ann"), &deleted, &ANY).await.unwrap();
    let stale = Preconditions::if_match(vec![1]);
    let needs_owner = r#"forbidden {"requiredRole":"owner"}"#;

    let refused = async |name, id| refusal(table.restore_organization(&caller(name), id, &stale).await);
    assert_eq!(refused("ann", &nowhere).await, "organization_not_found");
    assert_eq!(refused("service:x", &nowhere).await, "organization_not_found");
    for id in [&live, &deleted] {
        assert_eq!(refused("eve", id).await, "organization_not_found");
    }
    assert_eq!(refused("bob", &live).await, needs_owner);
    assert_eq!(refused("cyd", &live).await, needs_owner);
    assert_eq!(refused("bob", &deleted).await, "organization_not_found");
    assert_eq!(refused("cyd", &deleted).await, "organization_not_found");
    for name in ["ann", "dan", "service:x"] {
        assert_eq!(refused(name, &deleted).await, r#"precondition_failed {"currentVersion":5}"#);
    }
    assert_eq!(number(&table.organization_item(&deleted).await, "version"), 5);
    table.restore_organization(&caller("dan"), &deleted, &ANY).await.unwrap();
}

/// TTL may remove the item days late.
#[tokio::test]
async fn the_clock_alone_ends_the_time_for_restoring() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.team().await;
    table.delete_organization(&ann, &id, &ANY).await.unwrap();
    let mut item = table.organization_item(&id).await;

    item.insert("expiresAt".to_owned(), integer(now()));
    table.put(item.clone()).await;
    for name in ["ann", "service:x"] {
        let refused = table.restore_organization(&caller(name), &id, &ANY).await;
        assert_eq!(refusal(refused), "organization_not_found");
    }
    item.insert("expiresAt".to_owned(), integer(now() + 60));
    table.put(item).await;
    assert!(table.restore_organization(&ann, &id, &ANY).await.unwrap().deletion.is_none());
}
