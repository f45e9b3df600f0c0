use crate::table::{Table, caller, refusal};
use shared::model::{OrganizationId, Role};

#[tokio::test]
async fn each_member_sees_their_own_role_and_a_service_has_none() {
    let table = Table::new().await;
    let id = table.team().await;

    for (who, role) in [
        ("ann", Some(Role::Owner)),
        ("bob", Some(Role::Admin)),
        ("cyd", Some(Role::Member)),
        ("service:backend", None),
    ] {
        let organization = table.get_organization(&caller(who), &id).await.unwrap();
        assert_eq!(organization.role, role);
        assert_eq!((organization.version, organization.member_count), (3, 3));
    }
}

#[tokio::test]
async fn strangers_and_missing_organizations_get_the_same_error() {
    let table = Table::new().await;
    let id = table.organization_of(&caller("ann")).await.id;

    assert_eq!(refusal(table.get_organization(&caller("eve"), &id).await), "organization_not_found");
    let nowhere = OrganizationId::generate();
    for name in ["ann", "service:backend"] {
        assert_eq!(refusal(table.get_organization(&caller(name), &nowhere).await), "organization_not_found");
    }
}

#[tokio::test]
async fn an_orphaned_membership_reveals_nothing() {
    let table = Table::new().await;
    let (ann, orphan) = (caller("ann"), OrganizationId::generate());
    let template = table.member_item("ann", &table.organization_of(&ann).await.id).await.unwrap();
    let mut membership = template;
    membership.insert("sk".into(), crate::table::text(&format!("ORG#{}", orphan.as_str())));
    table.put(membership).await;

    assert_eq!(refusal(table.get_organization(&ann, &orphan).await), "organization_not_found");
}
