use crate::table::{ANY, Table, caller, integer, now, refusal, user};
use shared::model::{OrganizationId, Role};
use shared::store::meter::measure;

#[tokio::test]
async fn every_member_and_every_service_sees_a_member_with_the_current_role() {
    let table = Table::new().await;
    let id = table.team().await;
    let callers = ["ann", "bob", "cyd", "service:backend"].map(caller);

    for (name, role) in [("ann", Role::Owner), ("bob", Role::Admin), ("cyd", Role::Member)] {
        let listed = table.list_members(&caller("ann"), &id, 9, None).await.unwrap().items;
        for caller in &callers {
            let member = table.get_member(caller, &id, &user(name)).await.unwrap();
            assert_eq!((member.user_id.as_str(), member.role), (name, role));
            assert!(listed.contains(&member), "{member:?} is not in {listed:?}");
        }
    }
    table.update_member(&caller("ann"), &id, &user("cyd"), Role::Owner, &ANY).await.unwrap();
    let promoted = table.get_member(&caller("bob"), &id, &user("cyd")).await.unwrap();
    assert_eq!(promoted.role, Role::Owner);
}

#[tokio::test]
async fn the_most_basic_of_several_errors_is_returned() {
    let table = Table::new().await;
    let (id, nowhere) = (table.team().await, OrganizationId::generate());

    let refused = async |name, id, whom| refusal(table.get_member(&caller(name), id, &user(whom)).await);
    for whom in ["ann", "eve"] {
        assert_eq!(refused("ann", &nowhere, whom).await, "organization_not_found");
        assert_eq!(refused("service:backend", &nowhere, whom).await, "organization_not_found");
        assert_eq!(refused("eve", &id, whom).await, "organization_not_found");
        // A service is not the user of the same name.
        assert_eq!(refused("backend", &id, whom).await, "organization_not_found");
    }
    assert_eq!(refused("cyd", &id, "eve").await, "member_not_found");
    assert_eq!(refused("service:backend", &id, "eve").await, "member_not_found");
}

#[tokio::test]
async fn a_stranger_causes_the_same_requests_for_members_and_for_others() {
    let table = Table::new().await;
    let (id, nowhere) = (table.team().await, OrganizationId::generate());
    for (id, whom) in [(&id, "ann"), (&id, "fay"), (&id, "eve"), (&nowhere, "ann")] {
        let before = table.proxy.actions().len();
        let (refused, usage) = measure(table.get_member(&caller("eve"), id, &user(whom))).await;
        assert_eq!((refusal(refused).as_str(), usage.requests), ("organization_not_found", 1));
        assert_eq!(table.proxy.actions()[before..], ["BatchGetItem"]);
    }
}

#[tokio::test]
async fn the_members_of_a_deleted_organization_are_shown_to_services_alone() {
    let table = Table::new().await;
    let id = table.team().await;
    table.delete_organization(&caller("ann"), &id, &ANY).await.unwrap();

    let seen = async |name| table.get_member(&caller(name), &id, &user("cyd")).await;
    assert_eq!(refusal(seen("ann").await), "organization_deleted");
    assert_eq!(refusal(seen("bob").await), "organization_not_found");
    assert_eq!(refusal(seen("cyd").await), "organization_not_found");
    assert_eq!(seen("service:backend").await.unwrap().role, Role::Member);

    let mut item = table.organization_item(&id).await;
    item.insert("expiresAt".to_owned(), integer(now()));
    table.put(item).await;
    for name in ["ann", "bob", "cyd", "service:backend"] {
        assert_eq!(refusal(seen(name).await), "organization_not_found");
    }
}
