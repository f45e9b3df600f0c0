//! User ids with every character that they may contain: as the caller, in bodies, paths, lists, cursors and
//! `Location`, over HTTP and in the gateway's events.

use crate::{gateway, gateway_events, organizations::percent_encode, stack, tokens};
use reqwest::Method;
use serde_json::json;

/// An id for each printable ASCII character, and ids as issuers make them. Some are the beginning of another
/// one, and some look like a part of a URL, of a key or of an encoding.
fn ids() -> Vec<String> {
    let characters = (b'!'..=b'~').map(|byte| format!("a{}b", char::from(byte)));
    let ids = [
        "S//808E9+ilew8=",
        "spiffe://example.org/ns/prod/sa/billing",
        "repo:octo-org/octo-repo:ref:refs/heads/main",
        "did:key:z6Mk#z6Mk",
        "a%2Fb",
        "a%252Fb",
        "a",
        "a#",
        "a#b#c",
        "ORG#org_01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "MEMBER#a",
        "members:a",
        "/",
        "//",
        "/..",
        "...",
        "?",
        "#",
        "%",
        "%2E%2E",
        "'",
        "{user_id}",
        "service",
        "Service:a",
        "a/member/b",
    ];
    characters.chain(ids.map(str::to_owned)).collect()
}

/// The ids that reach the functions of this stack in a path.
fn ids_in_paths() -> impl Iterator<Item = String> {
    ids().into_iter().filter(|id| !gateway::may_change_in_a_path(id))
}

#[tokio::test]
async fn a_member_with_any_id_is_added_listed_changed_and_removed() {
    let (alice, service) = (stack::user("alice"), stack::service());
    let organization = alice.create_organization("Acme").await;
    for id in ids_in_paths() {
        let add = service.post(organization.members(), json!({ "userId": id })).send().await;
        let member = add.expect(201);
        assert_eq!(member["userId"], id, "{add}");
        let location = add.location();
        assert_eq!(alice.get(&location).send().await.expect(200), member, "{add}");
        let list = alice.list(&organization.members(), "userId").await;
        assert!(list.contains(&id), "{id} is not in {list:?}");
        let change = alice.patch(&location, json!({ "role": "admin" })).send().await;
        assert_eq!(change.expect(200)["userId"], id, "{change}");
        let remove = alice.delete(organization.member(&id)).send().await;
        assert_eq!(remove.expect(200)["memberCount"], 1, "{remove}");
    }
}

#[tokio::test]
async fn pages_list_members_with_any_id_once_in_order() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let mut ids = ids();
    for id in &ids {
        organization.add(id, "member").await;
    }
    ids.push(alice.id.clone());
    ids.sort_unstable();
    // With one member on each page, every id but the last is the position in a cursor.
    assert_eq!(alice.list(&format!("{}?limit=1", organization.members()), "userId").await, ids);
}

#[tokio::test]
async fn a_change_of_one_id_concerns_no_id_that_begins_or_ends_with_it() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let others = ["a#", "a#b", "#a", "aa", "MEMBER#a", "A"];
    for id in ["a"].iter().chain(&others) {
        organization.add(id, "member").await;
    }
    alice.patch(organization.member("a"), json!({ "role": "admin" })).send().await.expect(200);
    let listed = others.map(|id| (id, "member"));
    let mut expected = vec![(alice.id.as_str(), "owner"), ("a", "admin")];
    expected.extend(listed);
    alice.expect_members(&organization, &expected).await;
    alice.delete(organization.member("a")).send().await.expect(200);
    expected.remove(1);
    alice.expect_members(&organization, &expected).await;
}

/// Other tests have members with the ids as they are.
#[tokio::test]
async fn a_user_with_any_id_is_erased() {
    let (alice, service) = (stack::user("alice"), stack::service());
    let organization = alice.create_organization("Acme").await;
    let ids: Vec<_> = ids_in_paths().map(|id| stack::unique(&id)).collect();
    for id in &ids {
        organization.add(id, "member").await;
    }
    for (id, erased) in ids.iter().zip(1..) {
        let answer = service.delete(format!("/user/{}", percent_encode(id))).send().await;
        assert_eq!(answer.expect(200), json!({ "left": [organization.id], "deleted": [] }), "{answer}");
        let members = alice.organization(&organization).await["memberCount"].clone();
        assert_eq!(members, 1 + ids.len() - erased, "{id}");
    }
}

#[tokio::test]
async fn a_caller_may_have_any_id() {
    let Some(local) = stack::local_only("a real issuer does not sign such tokens") else { return };
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    for id in ids() {
        let token = local.identity.sign(&tokens::header(local), &tokens::claims(&id));
        let user = stack::bearer(&token);
        user.get(&organization.path).send().await.expect_error(404, "organization_not_found");
        organization.add(&id, "member").await;
        assert_eq!(user.organization(&organization).await["role"], "member", "{id}");
        // Other tests use some of these ids, too.
        let list = user.list("/organization/list?limit=1", "id").await;
        assert!(list.contains(&organization.id), "{id}: {list:?}");
        user.delete(organization.member(&id)).send().await.expect(200);
    }
}

/// What API Gateway sends: the id decoded once in `pathParameters`, and a path that ends where a decoded `?`
/// begins a query.
#[tokio::test]
async fn the_gateways_events_may_contain_any_id() {
    let Some(local) = stack::local_only("a deployed function accepts events only from its gateway") else {
        return;
    };
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let event = |method, id: &str| {
        let parameters = json!({ "organization_id": organization.id, "user_id": id });
        let path = format!("{}/{id}", organization.members());
        let path = path.split('?').next().expect("a path");
        let event = gateway_events::event(method, gateway_events::MEMBER, path, parameters);
        gateway_events::with_claims(event, json!({ "sub": alice.id }))
    };
    for id in ids() {
        organization.add(&id, "member").await;
        let mut change = event(&Method::PATCH, &id);
        change["body"] = json!(json!({ "role": "admin" }).to_string());
        let (status, changed) = gateway_events::invoke(local, "update-member", &change).await;
        assert_eq!((status, &changed["userId"]), (200, &json!(id)), "{changed}");
        let got = gateway_events::invoke(local, "get-member", &event(&Method::GET, &id)).await;
        assert_eq!(got, (200, changed), "{id}");
        let (status, removed) =
            gateway_events::invoke(local, "remove-member", &event(&Method::DELETE, &id)).await;
        assert_eq!((status, &removed["memberCount"]), (200, &json!(1)), "{id}: {removed}");
    }
}

/// A URL parser turns a path that ends in `..` into another resource's path. Ids that begin with `service:`
/// are reserved.
const REFUSED: [&str; 4] = [".", "..", "service:", "service:billing"];

#[tokio::test]
async fn ids_that_a_url_cannot_contain_and_reserved_ids_are_refused() {
    let (alice, service) = (stack::user("alice"), stack::service());
    let organization = alice.create_organization("Acme").await;
    for id in REFUSED {
        let add = service.post(organization.members(), json!({ "userId": id })).send().await;
        add.expect_validation_failed("userId");
        let create = json!({ "organizationName": "Acme", "owner": id });
        service.post("/organization", create).send().await.expect_validation_failed("owner");
        let list = format!("/organization/list?userId={}", percent_encode(id));
        service.get(list).send().await.expect_invalid_request("userId");
    }
    let reserved = organization.member("service:billing");
    alice.get(&reserved).send().await.expect_error(404, "member_not_found");
    alice.delete(reserved).send().await.expect_error(404, "member_not_found");
    assert_eq!(alice.organization(&organization).await["memberCount"], 1);
}

#[tokio::test]
async fn a_caller_with_such_an_id_is_refused() {
    let Some(local) = stack::local_only("a real issuer does not sign such tokens") else { return };
    for id in REFUSED {
        let user = tokens::claims(id);
        let service = tokens::with(user.clone(), "scope", Some(json!(local::SERVICE_SCOPE)));
        for claims in [user, service] {
            let token = local.identity.sign(&tokens::header(local), &claims);
            stack::bearer(&token).get("/organization/list").send().await.expect_error(401, "unauthorized");
        }
    }
}
