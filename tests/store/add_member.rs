use crate::table::{ANY, Table, number, refusal, set, user, users};
use shared::model::{OrganizationId, Preconditions, Role};

#[tokio::test]
async fn adding_keeps_both_items_consistent_in_roles_and_count() {
    let table = Table::new().await;
    let ann = user("ann");
    let id = table.organization_of(&ann).await.id;

    for (name, role) in [("bob", Role::Owner), ("cyd", Role::Admin), ("dan", Role::Member)] {
        let member = table.add_member(&ann, &id, user(name), role, &ANY).await.unwrap();
        assert_eq!((member.role, &member.added_by), (role, &ann));
    }

    let item = table.organization_item(&id).await;
    assert_eq!(set(&item, "owners"), users(&["ann", "bob"]));
    assert_eq!(set(&item, "privileged"), users(&["ann", "bob", "cyd"]));
    assert_eq!((number(&item, "memberCount"), number(&item, "version")), (4, 4));
}

#[tokio::test]
async fn the_most_basic_of_several_errors_is_returned() {
    let table = Table::new().await;
    let (ann, bob, cyd, eve, new) = (user("ann"), user("bob"), user("cyd"), user("eve"), user("new"));
    let id = table.team().await;
    let (stale, nowhere) = (Preconditions::if_match(vec![1]), OrganizationId::generate());

    let refused = async |who, id, whom: &_, role, expected: &_| {
        refusal(table.add_member(who, id, Clone::clone(whom), role, expected).await)
    };
    assert_eq!(refused(&ann, &nowhere, &new, Role::Member, &stale).await, "organization_not_found");
    assert_eq!(refused(&eve, &id, &cyd, Role::Member, &stale).await, "organization_not_found");
    assert_eq!(refused(&cyd, &id, &bob, Role::Member, &stale).await, r#"forbidden {"requiredRole":"admin"}"#);
    assert_eq!(refused(&cyd, &id, &new, Role::Owner, &ANY).await, r#"forbidden {"requiredRole":"owner"}"#);
    assert_eq!(refused(&bob, &id, &new, Role::Owner, &ANY).await, r#"forbidden {"requiredRole":"owner"}"#);
    assert_eq!(
        refused(&bob, &id, &cyd, Role::Member, &stale).await,
        r#"precondition_failed {"currentVersion":3}"#
    );
    assert_eq!(refused(&bob, &id, &cyd, Role::Member, &ANY).await, "member_already_exists");
    assert!(table.member_item(&new, &id).await.is_none());
    assert_eq!(number(&table.organization_item(&id).await, "version"), 3);
}

#[tokio::test]
async fn there_are_at_most_100_owners_and_admins() {
    let table = Table::new().await;
    let ann = user("ann");
    let id = table.organization_of(&ann).await.id;
    for number in 2..=100 {
        let role = if number % 2 == 0 { Role::Admin } else { Role::Owner };
        table.with(&ann, &id, &user(&format!("u{number}")), role).await;
    }

    for role in [Role::Owner, Role::Admin] {
        assert_eq!(refusal(table.add_member(&ann, &id, user("u101"), role, &ANY).await), "too_many_admins");
    }
    assert_eq!(
        refusal(table.add_member(&ann, &id, user("u2"), Role::Admin, &ANY).await),
        "member_already_exists"
    );
    table.with(&ann, &id, &user("u101"), Role::Member).await;
    for role in [Role::Owner, Role::Admin] {
        let refused = table.update_member(&ann, &id, &user("u101"), role, &ANY).await;
        assert_eq!(refusal(refused), "too_many_admins");
    }
    table.update_member(&ann, &id, &user("u2"), Role::Owner, &ANY).await.unwrap();
    table.update_member(&ann, &id, &user("u2"), Role::Member, &ANY).await.unwrap();
    table.update_member(&ann, &id, &user("u101"), Role::Admin, &ANY).await.unwrap();
}
