use crate::invitations::{expect_refused_to_most, invitation};
use crate::table::{ANY, Table, caller, refusal, text};
use shared::model::{InvitationStatus, OrganizationId, Role};

#[tokio::test]
async fn pages_list_every_pending_invitation_once_in_order_of_id() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    let elsewhere = table.team().await;
    table.invite(&ann, &elsewhere, Role::Member).await;
    let mut expected = Vec::new();
    for email in [None, Some("a@example.com"), None, Some("b@example.com"), None, Some("c@example.com")] {
        let new = invitation(email, Role::Admin);
        expected.push(table.create_invitation(&caller("bob"), &id, new, &ANY).await.unwrap().invitation);
    }
    // These are stored among the pending ones.
    let [accepted, expired, revoked] = [
        table.invite(&ann, &id, Role::Member).await,
        table.invite(&ann, &id, Role::Member).await,
        table.invite(&ann, &id, Role::Member).await,
    ];
    table.accept("dan", &accepted).await.unwrap();
    table.expire(&expired).await;
    table.revoke_invitation(&ann, &id, &revoked.invitation.id, &ANY).await.unwrap();
    expected.sort_by(|one, other| one.id.cmp(&other.id));

    for name in ["ann", "bob", "service:backend"] {
        for limit in [1, 2, 5, 8, 9] {
            let (mut listed, mut after) = (Vec::new(), None::<String>);
            loop {
                let page = table.list_invitations(&caller(name), &id, limit, after.as_deref()).await.unwrap();
                assert!(page.items.len() <= limit);
                listed.extend(page.items);
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            assert!(listed == expected, "limit {limit}");
        }
    }
    assert!(expected.iter().all(|invitation| invitation.status == InvitationStatus::Pending));
}

#[tokio::test]
async fn a_page_without_pending_invitations_does_not_end_the_list() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    let mut both = [table.invite(&ann, &id, Role::Member).await, table.invite(&ann, &id, Role::Member).await];
    both.sort_by(|one, other| one.invitation.id.cmp(&other.invitation.id));
    table.expire(&both[0]).await;

    let first = table.list_invitations(&ann, &id, 1, None).await.unwrap();
    assert!(first.items.is_empty());
    let second = table.list_invitations(&ann, &id, 1, first.next.as_deref()).await.unwrap();
    assert!(second.items == [both[1].invitation.clone()] && second.next.is_none());
}

#[tokio::test]
async fn an_unreadable_row_is_left_out() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    let [good, bad] =
        [table.invite(&ann, &id, Role::Member).await, table.invite(&ann, &id, Role::Member).await];
    let mut row = table.invitation_item(&id, &bad.invitation.id).await.unwrap();
    row.insert("role".to_owned(), text("king"));
    table.put(row).await;

    assert_eq!(table.pending(&ann, &id).await, [good.invitation.id]);
}

#[tokio::test]
async fn the_most_basic_of_several_errors_is_returned() {
    let table = Table::new().await;
    let (id, deleted) = (table.team().await, table.team().await);
    table.invite(&caller("ann"), &deleted, Role::Member).await;
    table.delete_organization(&caller("ann"), &deleted, &ANY).await.unwrap();

    let refused = async |name: &str, id: &OrganizationId| {
        refusal(table.list_invitations(&caller(name), id, 9, None).await)
    };
    expect_refused_to_most(&id, &deleted, refused).await;
    assert_eq!(refused("cyd", &id).await, r#"forbidden {"requiredRole":"admin"}"#);
    assert_eq!(table.pending(&caller("service:x"), &deleted).await.len(), 1);
}
