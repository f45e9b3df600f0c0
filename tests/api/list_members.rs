//! `GET /organization/{organization_id}/member`

use crate::{
    organizations::{assert_fields, assert_timestamp, team},
    stack,
};
use serde_json::json;

#[tokio::test]
async fn every_member_sees_all_members_with_their_roles() {
    let team = team().await;
    let roles = [("owner", &team.owner), ("admin", &team.admin), ("member", &team.member)];
    let expected = roles.map(|(role, user)| (user.id.as_str(), role));
    for (_, user) in roles {
        user.expect_members(&team.organization, &expected).await;
    }
}

#[tokio::test]
async fn a_new_member_is_listed_immediately() {
    let team = team().await;
    let id = stack::unique("other");
    let added = team.organization.add(&id, "member").await;
    let roles = [("owner", &team.owner), ("admin", &team.admin), ("member", &team.member)];
    let mut expected = roles.map(|(role, user)| (user.id.as_str(), role)).to_vec();
    expected.push((&id, "member"));
    team.owner.expect_members(&team.organization, &expected).await;

    let listed = team.owner.get(team.organization.members()).send().await.expect(200);
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.iter().find(|member| member["userId"] == *id), Some(&added));
    for member in listed {
        let fields = ["organizationId", "userId", "role", "addedBy", "joinedAt"];
        assert_fields(member, &fields);
        assert_eq!(member["organizationId"], team.organization.id);
        assert_timestamp(&member["joinedAt"]);
    }
    let owner = listed.iter().find(|member| member["userId"] == team.owner.id).unwrap();
    assert_eq!(owner["addedBy"], team.owner.id);
}

#[tokio::test]
async fn pages_have_at_most_limit_members_in_order_of_their_ids() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let mut ids = vec![alice.id.clone()];
    for id in ["zoe", "auth0|64ab", "Zoe", "a", "a+b", "~"] {
        organization.add(id, "member").await;
        ids.push(id.to_owned());
    }
    ids.sort_unstable();
    for limit in [1, 2, 3, 6, 7, 8, 1000] {
        let path = format!("{}?limit={limit}", organization.members());
        assert_eq!(alice.list(&path, "userId").await, ids, "limit={limit}");
        let sizes: Vec<_> = alice.pages(&path).await.iter().map(Vec::len).collect();
        let full = sizes.iter().take_while(|size| **size == limit).count();
        assert_eq!(full, 7 / limit, "limit={limit}: {sizes:?}");
    }
    assert_eq!(alice.list(&organization.members(), "userId").await, ids);
}

#[tokio::test]
async fn the_next_page_keeps_the_limit_and_the_last_page_has_no_link() {
    let team = team().await;
    let path = format!("{}?limit=2", team.organization.members());
    let first = team.member.get(path).send().await;
    assert_eq!(first.expect(200).as_array().unwrap().len(), 2, "{first}");
    let next = first.next_page().expect("a second page");
    assert!(next.contains("limit=2") && next.contains("cursor="), "{next}");
    let second = team.member.get(next).send().await;
    assert_eq!(second.expect(200).as_array().unwrap().len(), 1, "{second}");
    assert_eq!(second.next_page(), None, "{second}");
    let all = team.member.get(team.organization.members()).send().await;
    assert_eq!(all.next_page(), None, "{all}");
}

#[tokio::test]
async fn a_limit_that_is_not_an_integer_from_1_to_1000_is_refused() {
    let alice = stack::user("alice");
    let members = alice.create_organization("Acme").await.members();
    for limit in ["0", "1001", "-1", "1.5", "1e2", "ten", "", "%20"] {
        let response = alice.get(format!("{members}?limit={limit}")).send().await;
        response.expect_invalid_request("limit");
    }
    for limit in ["1", "1000"] {
        alice.get(format!("{members}?limit={limit}")).send().await.expect(200);
    }
}

#[tokio::test]
async fn invalid_cursors_and_cursors_of_another_list_are_refused() {
    let alice = stack::user("alice");
    let members = alice.create_organization("Acme").await.members();
    alice.create_organization("Another").await;
    let next = alice.get("/organization/list?limit=1").send().await.next_page().unwrap();
    let (_, query) = next.split_once('?').unwrap();
    let parameter = query.split('&').find(|parameter| parameter.starts_with("cursor="));
    let of_organizations = parameter.unwrap().trim_start_matches("cursor=");
    for cursor in ["", "garbage", "AAAA", "%00", "%ff", "e30", "bnVsbA", of_organizations] {
        let response = alice.get(format!("{members}?cursor={cursor}")).send().await;
        response.expect_error(400, "invalid_cursor");
    }
}

#[tokio::test]
async fn a_cursor_of_another_organization_reveals_none_of_its_members() {
    let team = team().await;
    let path = format!("{}?limit=1", team.organization.members());
    let next = team.owner.get(path).send().await.next_page().expect("a second page");
    let (_, query) = next.split_once('?').unwrap();
    let other = team.stranger.create_organization("Other").await;
    let path = format!("{}?{query}", other.members());
    let listed = team.stranger.get(path).send().await.expect(200);
    for member in listed.as_array().unwrap() {
        assert_eq!(member["organizationId"], other.id, "{listed}");
    }
}

#[tokio::test]
async fn a_stranger_cannot_list_members() {
    let team = team().await;
    let response = team.stranger.get(team.organization.members()).send().await;
    response.expect_error(404, "organization_not_found");
}

#[tokio::test]
async fn the_list_shows_role_changes_immediately() {
    let team = team().await;
    let path = team.organization.member(&team.member.id);
    team.owner.patch(path, json!({ "role": "admin" })).send().await.expect(200);
    let roles = [("owner", &team.owner), ("admin", &team.admin), ("admin", &team.member)];
    let expected = roles.map(|(role, user)| (user.id.as_str(), role));
    team.owner.expect_members(&team.organization, &expected).await;
}
