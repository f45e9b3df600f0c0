use crate::table::{Table, refusal, user};
use shared::model::{OrganizationId, Role};

#[tokio::test]
async fn each_member_sees_their_own_role() {
    let table = Table::new().await;
    let (ann, bob, cyd) = (user("ann"), user("bob"), user("cyd"));
    let id = table.team().await;

    for (who, role) in [(&ann, Role::Owner), (&bob, Role::Admin), (&cyd, Role::Member)] {
        let organization = table.get_organization(who, &id).await.unwrap();
        assert_eq!(organization.role, Some(role));
        assert_eq!((organization.version, organization.member_count), (3, 3));
    }
}

#[tokio::test]
async fn strangers_and_missing_organizations_get_the_same_error() {
    let table = Table::new().await;
    let id = table.organization_of(&user("ann")).await.id;

    assert_eq!(refusal(table.get_organization(&user("eve"), &id).await), "organization_not_found");
    let nowhere = OrganizationId::generate();
    assert_eq!(refusal(table.get_organization(&user("ann"), &nowhere).await), "organization_not_found");
}

#[tokio::test]
async fn an_orphaned_membership_reveals_nothing() {
    let table = Table::new().await;
    let (ann, orphan) = (user("ann"), OrganizationId::generate());
    let template = table.member_item(&ann, &table.organization_of(&ann).await.id).await.unwrap();
    let mut membership = template;
    membership.insert("sk".into(), crate::table::text(&format!("ORG#{}", orphan.as_str())));
    table.put(membership).await;

    assert_eq!(refusal(table.get_organization(&ann, &orphan).await), "organization_not_found");
}
