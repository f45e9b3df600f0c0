use crate::table::{ANY, Table, caller, refusal};
use aws_sdk_dynamodb::types::AttributeValue;
use shared::model::{OrganizationId, Role};

#[tokio::test]
async fn pages_list_every_member_once_in_order_of_user_id() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.organization_of(&ann).await.id;
    let other = table.organization_of(&ann).await.id;
    table.with(&other, "zoe", Role::Member).await;
    for (name, role) in
        [("eve", Role::Member), ("bob", Role::Admin), ("cyd", Role::Owner), ("dan", Role::Member)]
    {
        table.with(&id, name, role).await;
    }

    for limit in [1, 2, 4, 5, 6] {
        let (mut listed, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = table.list_members(&caller("eve"), &id, limit, after.as_deref()).await.unwrap();
            assert!((1..=limit).contains(&page.items.len()), "limit {limit}");
            listed.extend(
                page.items.into_iter().map(|member| (member.user_id.as_str().to_owned(), member.role)),
            );
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        let expected = [
            ("ann", Role::Owner),
            ("bob", Role::Admin),
            ("cyd", Role::Owner),
            ("dan", Role::Member),
            ("eve", Role::Member),
        ];
        assert_eq!(listed, expected.map(|(name, role)| (name.to_owned(), role)), "limit {limit}");
    }
}

#[tokio::test]
async fn strangers_and_missing_organizations_get_the_same_error() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.organization_of(&ann).await.id;

    assert_eq!(refusal(table.list_members(&caller("eve"), &id, 9, None).await), "organization_not_found");
    let nowhere = OrganizationId::generate();
    assert_eq!(refusal(table.list_members(&ann, &nowhere, 9, None).await), "organization_not_found");
    let service = caller("service:backend");
    assert_eq!(refusal(table.list_members(&service, &nowhere, 9, None).await), "organization_not_found");
}

#[tokio::test]
async fn a_service_lists_the_members_of_every_organization_deleted_or_not() {
    let table = Table::new().await;
    let (id, service) = (table.team().await, caller("service:backend"));
    let listed = table.list_members(&caller("ann"), &id, 9, None).await.unwrap().items;
    assert_eq!(table.list_members(&service, &id, 9, None).await.unwrap().items, listed);

    table.delete_organization(&service, &id, &ANY).await.unwrap();
    assert_eq!(table.list_members(&service, &id, 9, None).await.unwrap().items, listed);
    let seen = async |name| refusal(table.list_members(&caller(name), &id, 9, None).await);
    assert_eq!(seen("ann").await, "organization_deleted");
    assert_eq!(seen("bob").await, "organization_not_found");
    assert_eq!(seen("cyd").await, "organization_not_found");
}

#[tokio::test]
async fn an_unreadable_row_is_left_out() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.organization_of(&ann).await.id;
    table.with(&id, "bob", Role::Member).await;
    let mut member = table.member_item("bob", &id).await.unwrap();
    member.insert("joinedAt".into(), AttributeValue::Bool(true));
    table.put(member).await;

    let listed = table.list_members(&ann, &id, 9, None).await.unwrap();
    assert_eq!(listed.items.iter().map(|member| member.user_id.as_str()).collect::<Vec<_>>(), ["ann"]);
}
