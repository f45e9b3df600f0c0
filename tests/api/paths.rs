//! Ids in paths: encoded and not, of maximum length, malformed, and never decoded twice.

use crate::{
    organizations::{Organization, percent_encode, team},
    stack,
};
use reqwest::Url;
use serde_json::json;

/// Characters that a path may contain unencoded (RFC 3986 §3.3), and two that clients often leave unencoded.
const PUNCTUATION: &str = "-_.~|:@+=,!$&'()*;^";

#[tokio::test]
async fn a_user_id_in_a_path_may_be_percent_encoded_or_not() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    for id in ["auth0|64ab", "google-oauth2|1", "a+b", "a=b,c:d@e~f", PUNCTUATION] {
        let upper = percent_encode(id);
        let lower = upper.replace("%7C", "%7c").replace("%2B", "%2b").replace("%3A", "%3a");
        let segments = [upper.as_str(), lower.as_str(), id];
        for segment in segments {
            organization.add(id, "member").await;
            let path = format!("{}/{segment}", organization.members());
            let update = alice.patch(&path, json!({ "role": "admin" })).send().await;
            assert_eq!(update.expect(200)["userId"], id, "{update}");
            let remove = alice.delete(&path).send().await;
            assert_eq!(remove.expect(200)["memberCount"], 1, "{remove}");
        }
    }
}

#[tokio::test]
async fn letters_may_be_percent_encoded_too() {
    let team = team().await;
    let path = team.organization.path.replace("org_", "%6Frg%5F");
    let organization = team.owner.get(path).send().await.expect(200);
    assert_eq!(organization["id"], team.organization.id);

    let encoded: String = team.member.id.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let path = format!("{}/{encoded}", team.organization.members());
    let update = team.owner.patch(path, json!({ "role": "admin" })).send().await;
    assert_eq!(update.expect(200)["userId"], team.member.id, "{update}");
}

#[tokio::test]
async fn paths_are_not_decoded_twice() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    organization.add("auth0|64ab", "member").await;
    for segment in ["auth0%257C64ab", "auth0%25257C64ab"] {
        let path = format!("{}/{segment}", organization.members());
        let update = alice.patch(&path, json!({ "role": "admin" })).send().await;
        update.expect_error(404, "member_not_found");
        alice.delete(&path).send().await.expect_error(404, "member_not_found");
    }
    let twice = organization.path.replace("org_", "org%255F");
    alice.get(twice).send().await.expect_error(404, "organization_not_found");
    alice.expect_members(&organization, &[(&alice.id, "owner"), ("auth0|64ab", "member")]).await;
}

#[tokio::test]
async fn a_plus_in_a_path_is_not_a_space() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    organization.add("a+b", "member").await;
    let path = format!("{}/a%20b", organization.members());
    alice.delete(path).send().await.expect_error(404, "member_not_found");
    let path = format!("{}/a+b", organization.members());
    alice.delete(path).send().await.expect(200);
}

#[tokio::test]
async fn a_user_id_of_255_characters_is_accepted_and_one_of_256_is_not() {
    let (alice, service) = (stack::user("alice"), stack::service());
    let organization = alice.create_organization("Acme").await;
    // Percent-encoded, the longest id has 765 bytes.
    for longest in ["a".repeat(255), "|".repeat(255)] {
        assert_eq!(organization.add(&longest, "member").await["userId"], *longest);
        let update = alice.patch(organization.member(&longest), json!({ "role": "admin" }));
        let updated = update.send().await.expect(200);
        assert_eq!(updated["userId"], *longest);
        assert_eq!(alice.get(organization.member(&longest)).send().await.expect(200), updated);

        let longer = format!("{longest}a");
        let add = service.post(organization.members(), json!({ "userId": longer }));
        add.send().await.expect_validation_failed("userId");
        let update = alice.patch(organization.member(&longer), json!({ "role": "admin" }));
        update.send().await.expect_error(404, "member_not_found");
        let get = alice.get(organization.member(&longer));
        get.send().await.expect_error(404, "member_not_found");
        let remove = alice.delete(organization.member(&longer));
        remove.send().await.expect_error(404, "member_not_found");

        alice.delete(organization.member(&longest)).send().await.expect(200);
    }
}

#[tokio::test]
async fn a_malformed_user_id_is_not_a_member() {
    let team = team().await;
    for segment in ["a%20b", "%20", "a%00b", "a%0Ab", "a%7Fb", "%ff", "%C3%A9", "service%3Aa"] {
        let path = format!("{}/{segment}", team.organization.members());
        for user in [&team.owner, &team.admin, &team.member, &team.service] {
            let update = user.patch(&path, json!({ "role": "admin" })).send().await;
            update.expect_error(404, "member_not_found");
            user.get(&path).send().await.expect_error(404, "member_not_found");
            user.delete(&path).send().await.expect_error(404, "member_not_found");
        }
        for request in [team.stranger.delete(&path), team.stranger.get(&path)] {
            request.send().await.expect_error(404, "organization_not_found");
        }
    }
}

/// A custom domain can put a base path before the paths of the API.
#[tokio::test]
async fn location_and_link_resolve_behind_a_base_path() {
    let alice = stack::user("alice");
    let base = Url::parse("https://api.example.com/v1/tenants/").unwrap();
    let behind = |path: &str| base.join(path.trim_start_matches('/')).unwrap();
    let resolved = |path: &str, reference: &str| behind(path).join(reference).unwrap();
    let created = alice.post("/organization", json!({ "organizationName": "Acme" })).send().await;
    let organization = Organization::from_id(created.expect(201)["id"].as_str().unwrap());
    let location = created.header("location").unwrap();
    assert_eq!(resolved("/organization", location), behind(&organization.path), "{created}");

    let (members, id) = (organization.members(), "auth0|a:b@c");
    let added = stack::service().post(&members, json!({ "userId": id })).send().await;
    added.expect(201);
    let location = added.header("location").unwrap();
    assert_eq!(resolved(&members, location), behind(&organization.member(id)), "{added}");

    alice.create_organization("Another").await;
    for list in ["/organization/list", &members] {
        let page = format!("{list}?limit=1");
        let first = alice.get(&page).send().await;
        let link = first.header("link").unwrap_or_else(|| panic!("{first}"));
        let next = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")).unwrap();
        let next = resolved(&page, next);
        assert!(next.as_str().starts_with(behind(&page).as_str()), "{next}: {first}");
        let second = alice.get(format!("{list}?{}", next.query().unwrap())).send().await;
        assert_ne!(second.expect(200)[0], first.expect(200)[0]);
    }
}

#[tokio::test]
async fn user_ids_are_case_sensitive() {
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    organization.add("Auth0|64AB", "member").await;
    let path = organization.member("auth0|64ab");
    alice.delete(path).send().await.expect_error(404, "member_not_found");
    organization.add("auth0|64ab", "admin").await;
    let members = [(alice.id.as_str(), "owner"), ("Auth0|64AB", "member"), ("auth0|64ab", "admin")];
    alice.expect_members(&organization, &members).await;
}

#[tokio::test]
async fn organization_ids_and_user_ids_are_not_interchangeable() {
    let team = team().await;
    let path = team.organization.member(&team.organization.id);
    team.owner.delete(path).send().await.expect_error(404, "member_not_found");
    let path = format!("/organization/{}", percent_encode(&team.owner.id));
    team.owner.get(path).send().await.expect_error(404, "organization_not_found");
}
