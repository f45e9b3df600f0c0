use crate::table::{ANY, Table, caller, text, user};
use shared::model::OrganizationId;

#[tokio::test]
async fn pages_have_no_gaps_and_no_overlaps_and_none_is_empty() {
    let table = Table::new().await;
    let ann = caller("ann");
    let mut created = Vec::new();
    for _ in 0..6 {
        created.push(table.organization_of(&ann).await.id);
    }
    created.sort();
    table.organization_of(&caller("bob")).await;

    for limit in [1, 2, 3, 5, 6, 7] {
        let (mut listed, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = table.list_organizations(&user("ann"), false, limit, after.as_deref()).await.unwrap();
            assert!((1..=limit).contains(&page.items.len()), "limit {limit}");
            listed.extend(page.items.into_iter().map(|organization| organization.id));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!(listed, created, "limit {limit}");
    }
}

#[tokio::test]
async fn orphans_and_unreadable_rows_are_left_out() {
    let table = Table::new().await;
    let ann = caller("ann");
    let good = table.organization_of(&ann).await.id;
    let broken = table.organization_of(&ann).await.id;
    let mut item = table.organization_item(&broken).await;
    item.insert("version".into(), text("one"));
    table.put(item).await;
    let mut membership = table.membership_item("ann", &good).await.unwrap();
    for sk in [format!("ORG#{}", OrganizationId::generate().as_str()), "ORG#garbage".to_owned()] {
        membership.insert("sk".into(), text(&sk));
        table.put(membership.clone()).await;
    }

    let listed = table.list_organizations(&user("ann"), false, 1000, None).await.unwrap();

    assert_eq!(listed.items.iter().map(|organization| &organization.id).collect::<Vec<_>>(), [&good]);
    assert_eq!(listed.next, None);
}

#[tokio::test]
async fn rows_left_out_of_a_page_do_not_end_the_list() {
    let table = Table::new().await;
    let ann = caller("ann");
    let (orphan, good) = (
        OrganizationId::parse("org_00000000000000000000000000").unwrap(),
        table.organization_of(&ann).await.id,
    );
    let mut membership = table.membership_item("ann", &good).await.unwrap();
    membership.insert("sk".into(), text(&format!("ORG#{}", orphan.as_str())));
    table.put(membership).await;

    let first = table.list_organizations(&user("ann"), false, 1, None).await.unwrap();
    assert!(first.items.is_empty());
    let second = table.list_organizations(&user("ann"), false, 1, first.next.as_deref()).await.unwrap();
    assert_eq!(second.items[0].id, good);
}

/// Both lists are made of the same memberships, so each leaves out what is in the other.
#[tokio::test]
async fn deleted_organizations_are_left_out_of_a_page_and_do_not_end_the_list() {
    let table = Table::new().await;
    let ann = caller("ann");
    let (mut live, mut deleted) = (Vec::new(), Vec::new());
    for number in 0..6 {
        let id = table.organization_of(&ann).await.id;
        if number % 3 == 0 {
            live.push(id);
        } else {
            table.delete_organization(&ann, &id, &ANY).await.unwrap();
            deleted.push(id);
        }
    }
    live.sort();
    deleted.sort();

    for limit in [1, 2, 4, 6] {
        for (wanted, expected) in [(false, &live), (true, &deleted)] {
            let (mut listed, mut after) = (Vec::new(), None::<String>);
            loop {
                let page =
                    table.list_organizations(&user("ann"), wanted, limit, after.as_deref()).await.unwrap();
                assert!(page.items.iter().all(|organization| organization.deletion.is_some() == wanted));
                listed.extend(page.items.into_iter().map(|organization| organization.id));
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            assert_eq!(&listed, expected, "limit {limit}");
        }
    }
}
