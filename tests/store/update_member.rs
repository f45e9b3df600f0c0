use crate::table::{ANY, Table, caller, number, refusal, set, user, users};
use shared::model::{OrganizationId, Preconditions, Role};

#[tokio::test]
async fn every_role_change_keeps_both_items_consistent() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.organization_of(&ann).await.id;
    let added = table.with(&id, "bob", Role::Member).await;

    let roles = [Role::Owner, Role::Admin, Role::Member];
    for (from, to) in roles.iter().flat_map(|from| roles.map(|to| (*from, to))) {
        table.update_member(&ann, &id, &user("bob"), from, &ANY).await.unwrap();
        let member = table.update_member(&ann, &id, &user("bob"), to, &ANY).await.unwrap();

        assert_eq!(
            (member.role, &member.joined_at, &member.added_by),
            (to, &added.joined_at, &added.added_by)
        );
        let item = table.organization_item(&id).await;
        let owners: &[&str] = if to == Role::Owner { &["ann", "bob"] } else { &["ann"] };
        let privileged: &[&str] = if to == Role::Member { &["ann"] } else { &["ann", "bob"] };
        assert_eq!(set(&item, "owners"), users(owners), "{from:?} to {to:?}");
        assert_eq!(set(&item, "privileged"), users(privileged), "{from:?} to {to:?}");
        assert_eq!(number(&item, "memberCount"), 2);
        let members = table.list_members(&ann, &id, 9, None).await.unwrap().items;
        assert_eq!(members[1].role, to);
    }
    assert_eq!(number(&table.organization_item(&id).await, "version"), 2 + 18);
}

#[tokio::test]
async fn the_most_basic_of_several_errors_is_returned() {
    let table = Table::new().await;
    let (id, deleted) = (table.team().await, table.team().await);
    table.delete_organization(&caller("ann"), &deleted, &ANY).await.unwrap();
    let (stale, nowhere) = (Preconditions::if_match(vec![1]), OrganizationId::generate());
    let needs_owner = r#"forbidden {"requiredRole":"owner"}"#;

    let refused = async |who, id, whom, role, expected: &_| {
        refusal(table.update_member(&caller(who), id, &user(whom), role, expected).await)
    };
    assert_eq!(refused("ann", &nowhere, "bob", Role::Member, &stale).await, "organization_not_found");
    assert_eq!(refused("eve", &id, "eve", Role::Member, &stale).await, "organization_not_found");
    assert_eq!(refused("eve", &id, "bob", Role::Member, &stale).await, "organization_not_found");
    for whom in ["bob", "eve"] {
        assert_eq!(refused("ann", &deleted, whom, Role::Member, &stale).await, "organization_deleted");
        assert_eq!(refused("service:x", &deleted, whom, Role::Member, &stale).await, "organization_deleted");
        assert_eq!(refused("bob", &deleted, whom, Role::Member, &stale).await, "organization_not_found");
    }
    assert_eq!(refused("service:x", &nowhere, "bob", Role::Member, &stale).await, "organization_not_found");
    assert_eq!(refused("service:x", &id, "eve", Role::Member, &stale).await, "member_not_found");
    assert_eq!(refused("cyd", &id, "eve", Role::Member, &stale).await, "member_not_found");
    assert_eq!(refused("ann", &id, "eve", Role::Member, &ANY).await, "member_not_found");
    assert_eq!(
        refused("cyd", &id, "cyd", Role::Admin, &stale).await,
        r#"forbidden {"requiredRole":"admin"}"#
    );
    assert_eq!(refused("bob", &id, "cyd", Role::Owner, &stale).await, needs_owner);
    assert_eq!(refused("bob", &id, "ann", Role::Member, &stale).await, needs_owner);
    assert_eq!(
        refused("bob", &id, "cyd", Role::Admin, &stale).await,
        r#"precondition_failed {"currentVersion":3}"#
    );
    assert_eq!(
        refused("service:x", &id, "cyd", Role::Admin, &stale).await,
        r#"precondition_failed {"currentVersion":3}"#
    );
    assert_eq!(refused("service:x", &id, "ann", Role::Admin, &ANY).await, "last_owner");
    assert_eq!(refused("ann", &id, "ann", Role::Admin, &ANY).await, "last_owner");
    assert_eq!(refused("ann", &id, "ann", Role::Member, &ANY).await, "last_owner");
    assert_eq!(number(&table.organization_item(&id).await, "version"), 3);

    table.update_member(&caller("ann"), &id, &user("ann"), Role::Owner, &ANY).await.unwrap();
    table.update_member(&caller("bob"), &id, &user("cyd"), Role::Admin, &ANY).await.unwrap();
    table.update_member(&caller("bob"), &id, &user("bob"), Role::Member, &ANY).await.unwrap();
}
