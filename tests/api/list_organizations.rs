//! `GET /organization/list`

use crate::{
    invitations::{delete, restore},
    organizations::team,
    stack,
};
use serde_json::json;

const LIST: &str = "/organization/list";

#[tokio::test]
async fn a_new_user_has_no_organizations() {
    let Some(_) = stack::local_only("it needs a new user") else { return };
    let response = stack::user("alice").get(LIST).send().await;
    assert_eq!(response.expect(200), json!([]));
    assert_eq!(response.next_page(), None, "{response}");
}

#[tokio::test]
async fn a_new_organization_is_listed_immediately() {
    let alice = stack::user("alice");
    for _ in 0..5 {
        let organization = alice.create_organization("Acme").await;
        let listed = alice.pages(LIST).await.concat();
        let found = listed.iter().find(|listed| listed["id"] == organization.id);
        assert_eq!(found, Some(&alice.organization(&organization).await));
    }
}

#[tokio::test]
async fn the_list_contains_exactly_the_callers_organizations() {
    let team = team().await;
    let own = team.member.create_organization("Another").await;
    let listed = team.member.pages(LIST).await.concat();
    for (organization, role) in [(&team.organization, "member"), (&own, "owner")] {
        let found = listed.iter().find(|listed| listed["id"] == organization.id);
        assert_eq!(found.expect("it is listed")["role"], role);
    }
    for user in [&team.owner, &team.admin, &team.stranger] {
        assert!(!user.list(LIST, "id").await.contains(&own.id), "{}", user.id);
    }
    assert!(!team.stranger.list(LIST, "id").await.contains(&team.organization.id));
}

#[tokio::test]
async fn a_removed_member_no_longer_has_the_organization_in_their_list() {
    let team = team().await;
    assert!(team.member.list(LIST, "id").await.contains(&team.organization.id));
    let path = team.organization.member(&team.member.id);
    team.owner.delete(path).send().await.expect(200);
    assert!(!team.member.list(LIST, "id").await.contains(&team.organization.id));
}

#[tokio::test]
async fn the_list_shows_changes_immediately() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    alice.put(&organization.path, json!({ "name": "Emca" })).send().await.expect(200);
    let listed = alice.pages(LIST).await.concat();
    let found = listed.iter().find(|listed| listed["id"] == organization.id).unwrap();
    assert_eq!((&found["name"], &found["version"]), (&json!("Emca"), &json!(2)));
}

#[tokio::test]
async fn pages_have_at_most_limit_organizations_in_order_of_their_ids() {
    let Some(_) = stack::local_only("it needs a new user") else { return };
    let alice = stack::user("alice");
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(alice.create_organization("Acme").await.id);
    }
    ids.sort_unstable();
    for limit in [1, 2, 4, 5, 6, 1000] {
        let path = format!("{LIST}?limit={limit}");
        assert_eq!(alice.list(&path, "id").await, ids, "limit={limit}");
        let sizes: Vec<_> = alice.pages(&path).await.iter().map(Vec::len).collect();
        let full = sizes.iter().take_while(|size| **size == limit).count();
        assert_eq!(full, 5 / limit, "limit={limit}: {sizes:?}");
    }
}

#[tokio::test]
async fn the_next_page_keeps_the_limit_and_the_last_page_has_no_link() {
    let Some(_) = stack::local_only("it needs a new user") else { return };
    let alice = stack::user("alice");
    for _ in 0..3 {
        alice.create_organization("Acme").await;
    }
    let first = alice.get(format!("{LIST}?limit=2")).send().await;
    assert_eq!(first.expect(200).as_array().unwrap().len(), 2, "{first}");
    let next = first.next_page().expect("a second page");
    assert!(next.contains("limit=2") && next.contains("cursor="), "{next}");
    let second = alice.get(next).send().await;
    assert_eq!(second.expect(200).as_array().unwrap().len(), 1, "{second}");
    assert_eq!(second.next_page(), None, "{second}");
    assert_eq!(alice.get(LIST).send().await.next_page(), None);
}

#[tokio::test]
async fn a_limit_that_is_not_an_integer_from_1_to_1000_is_refused() {
    let alice = stack::user("alice");
    for limit in ["0", "1001", "-1", "1.5", "1e2", "ten", "", "%20", "99999999999999999999"] {
        let response = alice.get(format!("{LIST}?limit={limit}")).send().await;
        response.expect_invalid_request("limit");
    }
    for limit in ["1", "1000"] {
        alice.get(format!("{LIST}?limit={limit}")).send().await.expect(200);
    }
}

#[tokio::test]
async fn invalid_cursors_and_cursors_of_another_list_are_refused() {
    let team = team().await;
    let members = format!("{}?limit=1", team.organization.members());
    let next = team.owner.get(members).send().await.next_page().expect("a second page");
    let (_, query) = next.split_once('?').unwrap();
    let parameters = query.split('&').find(|parameter| parameter.starts_with("cursor="));
    let of_members = parameters.unwrap().trim_start_matches("cursor=");
    let cursors = ["", "garbage", "AAAA", "%00", "%ff", "e30", "e30%3D", "bnVsbA", of_members];
    for cursor in cursors {
        let response = team.owner.get(format!("{LIST}?cursor={cursor}")).send().await;
        response.expect_error(400, "invalid_cursor");
    }
}

#[tokio::test]
async fn another_users_cursor_reveals_none_of_their_organizations() {
    let Some(_) = stack::local_only("it needs new users") else { return };
    let [alice, bob] = ["alice", "bob"].map(stack::user);
    for _ in 0..3 {
        alice.create_organization("Hers").await;
    }
    let next = alice.get(format!("{LIST}?limit=1")).send().await.next_page().unwrap();
    assert_eq!(bob.get(&next).send().await.expect(200), json!([]));
    let his = bob.create_organization("His").await;
    let seen = bob.get(&next).send().await.expect(200);
    assert_eq!(seen[0]["id"], his.id, "{seen}");
    assert_eq!(seen.as_array().unwrap().len(), 1, "{seen}");
}

#[tokio::test]
async fn a_deleted_organization_moves_to_the_list_of_deleted_ones_and_back() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let lists = async || {
        let deleted = alice.pages(&format!("{LIST}?deleted=true")).await.concat();
        [alice.pages(LIST).await.concat(), deleted]
            .map(|list| list.into_iter().find(|listed| listed["id"] == organization.id))
    };
    let before = alice.organization(&organization).await;
    assert_eq!(lists().await, [Some(before), None]);
    delete(&alice, &organization).await;
    let deleted = alice.organization(&organization).await;
    assert!(deleted.get("purgeAt").is_some(), "{deleted}");
    assert_eq!(lists().await, [None, Some(deleted)]);
    restore(&alice, &organization).await;
    assert_eq!(lists().await, [Some(alice.organization(&organization).await), None]);
}

/// Both lists are made of the same memberships.
#[tokio::test]
async fn a_page_may_be_empty_and_not_the_last() {
    let Some(_) = stack::local_only("it needs a new user") else { return };
    let alice = stack::user("alice");
    let mut organizations = Vec::new();
    for _ in 0..4 {
        organizations.push(alice.create_organization("Acme").await);
    }
    for organization in &organizations[1..3] {
        delete(&alice, organization).await;
    }
    for (query, kept) in [("", [0, 3]), ("&deleted=true", [1, 2])] {
        let path = format!("{LIST}?limit=1{query}");
        let pages = alice.pages(&path).await;
        assert_eq!(pages.len(), 4, "{pages:?}");
        let found: Vec<_> = (0..4).filter(|page| !pages[*page].is_empty()).collect();
        assert_eq!(found, kept, "{path}: {pages:?}");
        let ids = kept.map(|kept| organizations[kept].id.clone());
        assert_eq!(alice.list(&path, "id").await, ids, "{path}");
    }
}

#[tokio::test]
async fn deleted_must_be_true_or_absent() {
    let alice = stack::user("alice");
    for value in ["false", "", "True", "1", "true%20", "yes"] {
        let response = alice.get(format!("{LIST}?deleted={value}")).send().await;
        response.expect_invalid_request("deleted");
        assert_eq!(response.expect(400)["message"], "deleted must be true, or absent.", "{response}");
    }
    alice.get(format!("{LIST}?deleted=true")).send().await.expect(200);
}
