use crate::table::{Table, acme, number, set, text, user, users};
use shared::model::{MaxOverages, Role};

#[tokio::test]
async fn the_creator_is_immediately_owner_and_member() {
    let table = Table::new().await;
    let ann = user("ann");

    let organization = table.create_organization(&ann, acme(), None).await.unwrap().organization;

    assert_eq!(organization.role, Some(Role::Owner));
    assert_eq!((organization.version, organization.member_count), (1, 1));
    assert_eq!(organization.max_overages, MaxOverages::NONE);
    let item = table.organization_item(&organization.id).await;
    assert_eq!((set(&item, "owners"), set(&item, "privileged")), (users(&["ann"]), users(&["ann"])));
    assert_eq!(number(&item, "memberCount"), 1);
    let member = table.member_item(&ann, &organization.id).await.unwrap();
    assert_eq!((&member["userId"], &member["addedBy"]), (&text("ann"), &text("ann")));
    assert_eq!(table.list_organizations(&ann, 10, None).await.unwrap().items, [organization]);
}
