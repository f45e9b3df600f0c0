use crate::table::{ANY, Table, caller, number, refusal, set, text, user, users};
use shared::model::{OrganizationId, Preconditions, Role};

#[tokio::test]
async fn adding_keeps_both_items_consistent_in_roles_and_count() {
    let table = Table::new().await;
    let id = table.organization_of(&caller("ann")).await.id;

    for (name, role) in [("bob", Role::Owner), ("cyd", Role::Admin), ("dan", Role::Member)] {
        let member = table.add(&id, name, role, &ANY).await.unwrap();
        assert_eq!((member.role, &member.added_by), (role, &caller("service:backend")));
        let item = table.member_item(name, &id).await.unwrap();
        assert_eq!((&item["userId"], &item["addedBy"]), (&text(name), &text("service:backend")));
        assert!(!item.contains_key("invitation"), "{item:?}");
    }

    let item = table.organization_item(&id).await;
    assert_eq!(set(&item, "owners"), users(&["ann", "bob"]));
    assert_eq!(set(&item, "privileged"), users(&["ann", "bob", "cyd"]));
    assert_eq!((number(&item, "memberCount"), number(&item, "version")), (4, 4));
    assert_eq!(item["updatedBy"], text("service:backend"));
}

#[tokio::test]
async fn the_most_basic_of_several_errors_is_returned() {
    let table = Table::new().await;
    let (stale, nowhere) = (Preconditions::if_match(vec![1]), OrganizationId::generate());
    let (id, deleted) = (table.team().await, table.team().await);
    table.delete_organization(&caller("ann"), &deleted, &ANY).await.unwrap();

    let refused = async |id, name, role, expected: &_| refusal(table.add(id, name, role, expected).await);
    assert_eq!(refused(&nowhere, "new", Role::Member, &stale).await, "organization_not_found");
    assert_eq!(refused(&deleted, "cyd", Role::Member, &stale).await, "organization_deleted");
    assert_eq!(
        refused(&id, "cyd", Role::Member, &stale).await,
        r#"precondition_failed {"currentVersion":3}"#
    );
    assert_eq!(refused(&id, "cyd", Role::Member, &ANY).await, "member_already_exists");
    assert_eq!(refused(&id, "ann", Role::Owner, &ANY).await, "member_already_exists");
    assert!(table.member_item("new", &id).await.is_none());
    assert_eq!(number(&table.organization_item(&id).await, "version"), 3);
}

#[tokio::test]
async fn there_are_at_most_100_owners_and_admins() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.organization_of(&ann).await.id;
    for number in 2..=100 {
        let role = if number % 2 == 0 { Role::Admin } else { Role::Owner };
        table.with(&id, &format!("u{number}"), role).await;
    }

    for role in [Role::Owner, Role::Admin] {
        assert_eq!(refusal(table.add(&id, "u101", role, &ANY).await), "too_many_admins");
        let link = table.invite(&ann, &id, role).await;
        assert_eq!(refusal(table.accept("u101", &link).await), "too_many_admins");
        assert_eq!(refusal(table.accept("u2", &link).await), "member_already_exists");
    }
    assert_eq!(refusal(table.add(&id, "u2", Role::Admin, &ANY).await), "member_already_exists");
    table.with(&id, "u101", Role::Member).await;
    let (two, last) = (user("u2"), user("u101"));
    for role in [Role::Owner, Role::Admin] {
        let refused = table.update_member(&ann, &id, &last, role, &ANY).await;
        assert_eq!(refusal(refused), "too_many_admins");
    }
    table.update_member(&ann, &id, &two, Role::Owner, &ANY).await.unwrap();
    table.update_member(&ann, &id, &two, Role::Member, &ANY).await.unwrap();
    table.update_member(&ann, &id, &last, Role::Admin, &ANY).await.unwrap();
    table.expect_no_fault().await;
}
