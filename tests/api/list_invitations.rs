//! `GET /organization/{organization_id}/invitation`

use crate::{
    invitations::{INVITATION_FIELDS, delete, restore, text, without_secrets},
    organizations::{Team, assert_fields, team},
    stack,
    table::{REASON, Table},
};
use serde_json::{Value, json};

/// A team with this many links. Returns their ids in order.
async fn team_with_links(count: usize) -> (Team, Vec<String>) {
    let (team, mut ids) = (team().await, Vec::new());
    for _ in 0..count {
        ids.push(text(&team.owner.link(&team.organization, "member").await, "id").to_owned());
    }
    ids.sort_unstable();
    (team, ids)
}

#[tokio::test]
async fn owners_admins_and_services_see_the_pending_invitations() {
    let (team, service) = (team().await, stack::service());
    for user in [&team.owner, &team.admin, &service] {
        assert_eq!(user.get(team.organization.invitations()).send().await.expect(200), json!([]));
    }
    let mut made = vec![
        team.owner.link(&team.organization, "owner").await,
        team.admin.invite(&team.organization, json!({ "email": "dave@example.com" })).await,
        service.invite(&team.organization, json!({ "role": "admin", "expiresInDays": 1 })).await,
    ];
    made.sort_by_key(|invitation| text(invitation, "id").to_owned());
    let expected = Value::from_iter(made.into_iter().map(without_secrets));
    for user in [&team.owner, &team.admin, &service] {
        let response = user.get(team.organization.invitations()).send().await;
        let listed = response.expect(200);
        assert_eq!(listed, expected, "{response}");
        listed
            .as_array()
            .unwrap()
            .iter()
            .for_each(|invitation| assert_fields(invitation, &INVITATION_FIELDS));
        assert_eq!((response.header("etag"), response.next_page()), (None, None), "{response}");
    }
}

#[tokio::test]
async fn members_cannot_list_invitations_and_strangers_learn_nothing() {
    let (team, _) = team_with_links(1).await;
    let path = team.organization.invitations();
    team.member.get(&path).send().await.expect_forbidden("admin");
    let real = team.stranger.get(&path).send().await;
    real.expect_error(404, "organization_not_found");
    for id in ["org_00000000000000000000000000", "org_"] {
        let none = team.stranger.get(format!("/organization/{id}/invitation")).send().await;
        assert_eq!(real.content(), none.content(), "{real}{none}");
    }
    let none = "/organization/org_00000000000000000000000000/invitation";
    stack::service().get(none).send().await.expect_error(404, "organization_not_found");
}

#[tokio::test]
async fn accepted_and_revoked_invitations_are_not_listed() {
    let team = team().await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(team.owner.link(&team.organization, "member").await);
    }
    team.stranger.join(&made[0]).await;
    team.owner.revoking(&team.organization, &made[1]).send().await.expect(200);
    assert_eq!(team.owner.pending(&team.organization).await, [text(&made[2], "id")]);
}

#[tokio::test]
async fn expired_invitations_are_not_listed() {
    let Some(local) = stack::local_only(REASON) else { return };
    let team = team().await;
    let expired = team.owner.link(&team.organization, "member").await;
    let pending = team.owner.link(&team.organization, "member").await;
    Table::of(local).expire(&expired).await;
    assert_eq!(team.owner.pending(&team.organization).await, [text(&pending, "id")]);
}

#[tokio::test]
async fn the_invitations_of_a_former_admin_stay_listed() {
    let team = team().await;
    let invitation = team.admin.link(&team.organization, "member").await;
    team.owner.delete(team.organization.member(&team.admin.id)).send().await.expect(200);
    // They are pending for those who can revoke them, but not good for anything.
    assert_eq!(team.owner.pending(&team.organization).await, [text(&invitation, "id")]);
    team.stranger.expect_dead(&invitation).await;
}

#[tokio::test]
async fn pages_have_at_most_limit_invitations_in_order_of_their_ids() {
    let (team, ids) = team_with_links(5).await;
    for limit in [1, 2, 4, 5, 6, 1000] {
        let path = format!("{}?limit={limit}", team.organization.invitations());
        assert_eq!(team.admin.list(&path, "id").await, ids, "limit={limit}");
        let sizes: Vec<_> = team.admin.pages(&path).await.iter().map(Vec::len).collect();
        let full = sizes.iter().take_while(|size| **size == limit).count();
        assert_eq!(full, 5 / limit, "limit={limit}: {sizes:?}");
    }
}

#[tokio::test]
async fn the_next_page_keeps_the_limit_and_the_last_page_has_no_link() {
    let (team, _) = team_with_links(3).await;
    let first = team.owner.get(format!("{}?limit=2", team.organization.invitations())).send().await;
    assert_eq!(first.expect(200).as_array().unwrap().len(), 2, "{first}");
    assert!(first.header("link").is_some_and(|link| link.starts_with("<?limit=2&cursor=")), "{first}");
    let second = team.owner.get(first.next_page().expect("a second page")).send().await;
    assert_eq!(second.expect(200).as_array().unwrap().len(), 1, "{second}");
    assert_eq!(second.next_page(), None, "{second}");
}

#[tokio::test]
async fn pages_skip_what_is_not_pending_and_reach_all_that_is() {
    let Some(local) = stack::local_only(REASON) else { return };
    let (team, table) = (team().await, Table::of(local));
    let mut made = Vec::new();
    for _ in 0..9 {
        made.push(team.owner.link(&team.organization, "member").await);
    }
    made.sort_by_key(|invitation| text(invitation, "id").to_owned());
    // Pages of two: none pending, one pending, both pending, and the last invitation is not.
    table.expire(&made[0]).await;
    stack::user("bob").join(&made[1]).await;
    table.expire(&made[2]).await;
    stack::user("carol").join(&made[8]).await;
    let pending: Vec<_> = made[3..8].iter().map(|invitation| text(invitation, "id").to_owned()).collect();
    for limit in [1, 2, 3, 8, 9, 1000] {
        let path = format!("{}?limit={limit}", team.organization.invitations());
        assert_eq!(team.owner.list(&path, "id").await, pending, "limit={limit}");
    }
    let path = format!("{}?limit=2", team.organization.invitations());
    let sizes: Vec<_> = team.owner.pages(&path).await.iter().map(Vec::len).collect();
    assert_eq!(sizes, [0, 1, 2, 2, 0]);
}

#[tokio::test]
async fn invalid_parameters_are_refused() {
    let (team, _) = team_with_links(2).await;
    let path = team.organization.invitations();
    for limit in ["0", "1001", "-1", "1.5", "1e2", "ten", "", "%20"] {
        let response = team.owner.get(format!("{path}?limit={limit}")).send().await;
        response.expect_invalid_request("limit");
    }
    for query in ["status=pending", "email=dave@example.com"] {
        let response = team.owner.get(format!("{path}?{query}")).send().await;
        response.expect_invalid_request(query.split('=').next().unwrap());
    }
    let members = team.owner.get(format!("{}?limit=1", team.organization.members())).send().await;
    let next = members.next_page().expect("a second page");
    let (_, of_members) = next.split_once("cursor=").unwrap();
    for cursor in ["", "garbage", "AAAA", "%00", "e30", of_members] {
        let response = team.owner.get(format!("{path}?cursor={cursor}")).send().await;
        response.expect_error(400, "invalid_cursor");
    }
}

#[tokio::test]
async fn a_cursor_of_another_organization_reveals_none_of_its_invitations() {
    let (team, _) = team_with_links(3).await;
    let first = team.owner.get(format!("{}?limit=1", team.organization.invitations())).send().await;
    let next = first.next_page().expect("a second page");
    let (_, query) = next.split_once('?').unwrap();
    let other = team.stranger.create_organization("Other").await;
    let own = team.stranger.link(&other, "member").await;
    let listed = team.stranger.get(format!("{}?{query}", other.invitations())).send().await.expect(200);
    for invitation in listed.as_array().unwrap() {
        assert_eq!(invitation["id"], own["id"], "{listed}");
    }
}

#[tokio::test]
async fn only_services_list_the_invitations_of_a_deleted_organization() {
    let (team, ids) = team_with_links(2).await;
    let path = team.organization.invitations();
    delete(&team.owner, &team.organization).await;
    team.owner.get(&path).send().await.expect_error(409, "organization_deleted");
    for user in [&team.admin, &team.member, &team.stranger] {
        user.get(&path).send().await.expect_error(404, "organization_not_found");
    }
    assert_eq!(stack::service().pending(&team.organization).await, ids);
    restore(&team.owner, &team.organization).await;
    assert_eq!(team.owner.pending(&team.organization).await, ids);
}
