//! Services: who is one, how answers name it, and what it sends that users do not.
//!
//! [`crate::access_matrix`] shows that a service needs no membership and no role.

use crate::{
    client::User,
    create_organization::ORGANIZATION_FIELDS,
    organizations::{Organization, assert_fields, percent_encode, team},
    stack::{self, with_scopes},
};
use local::{READ_SCOPE, SERVICE_SCOPE, WRITE_SCOPE};
use serde_json::{Value, json};

const REASON: &str = "a real issuer does not sign such tokens";

/// A service creates an organization for this owner. Returns the answer.
async fn create_for(service: &User, owner: &str) -> Value {
    let body = json!({ "organizationName": "Acme", "owner": owner });
    service.post("/organization", body).send().await.expect(201)
}

#[tokio::test]
async fn a_token_with_the_scope_of_services_is_a_services_whatever_else_it_has() {
    let Some(local) = stack::local_only(REASON) else { return };
    let organization = stack::user("alice").create_organization("Acme").await;
    let sub = stack::unique("caller");
    for scopes in [
        SERVICE_SCOPE.to_owned(),
        format!("openid {SERVICE_SCOPE} {READ_SCOPE}"),
        format!("{WRITE_SCOPE} {SERVICE_SCOPE}"),
    ] {
        let service = with_scopes(local, &sub, &scopes);
        assert_eq!(service.organization(&organization).await["role"], json!(null), "{scopes}");
        let set = service.patch(organization.max_overages(), json!({ "maxOverages": 1 })).send().await;
        assert_eq!(set.expect(200)["updatedBy"], format!("service:{sub}"), "{scopes}");
    }
    let user = with_scopes(local, &sub, &format!("{READ_SCOPE} {WRITE_SCOPE} {SERVICE_SCOPE}s"));
    user.get(&organization.path).send().await.expect_error(404, "organization_not_found");
}

/// A token's `sub` alone does not tell a service from a user.
#[tokio::test]
async fn a_service_is_not_the_user_with_the_same_id() {
    let Some(local) = stack::local_only(REASON) else { return };
    let alice = stack::user("alice");
    let organization = alice.create_organization("Acme").await;
    let namesake = with_scopes(local, &alice.id, SERVICE_SCOPE);
    assert_eq!(namesake.organization(&organization).await["role"], json!(null));
    let created = create_for(&namesake, &stack::unique("bob")).await;
    assert_eq!(created["createdBy"], format!("service:{}", alice.id));
    let theirs = Organization::from_id(created["id"].as_str().unwrap());
    alice.get(&theirs.path).send().await.expect_error(404, "organization_not_found");
    assert_eq!(alice.list("/organization/list", "id").await, [organization.id.as_str()]);

    // To remove the user is not to leave: the service removes a member like any other.
    organization.add(&stack::unique("bob"), "owner").await;
    let removed = namesake.delete(organization.member(&alice.id)).send().await.expect(200);
    assert_eq!((&removed["role"], &removed["memberCount"]), (&json!(null), &json!(1)));
    namesake.get(&organization.path).send().await.expect(200);
}

#[tokio::test]
async fn an_organization_is_owned_by_the_user_whom_the_service_names() {
    let (service, alice) = (stack::service(), stack::user("alice"));
    let body = json!({ "organizationName": "Acme", "domain": "acme.example", "owner": alice.id });
    let response = service.post("/organization", body).send().await;
    let created = response.expect(201);
    assert_fields(&created, &ORGANIZATION_FIELDS);
    assert_eq!(created["createdBy"], service.id);
    assert_eq!((&created["role"], &created["memberCount"]), (&json!(null), &json!(1)));
    assert_eq!(response.header("etag"), Some("\"1\""), "{response}");
    assert_eq!(service.get(response.location()).send().await.expect(200), created);

    let organization = Organization::from_id(created["id"].as_str().unwrap());
    let mut of_alice = created;
    of_alice["role"] = json!("owner");
    assert_eq!(alice.organization(&organization).await, of_alice);
    assert!(alice.list("/organization/list", "id").await.contains(&organization.id));
    let member = alice.get(organization.member(&alice.id)).send().await.expect(200);
    assert_eq!((&member["role"], &member["addedBy"]), (&json!("owner"), &json!(service.id)));
    let sole = service.delete(organization.member(&alice.id)).send().await;
    sole.expect_error(422, "last_owner");
    alice.delete(&organization.path).send().await.expect(200);
}

#[tokio::test]
async fn a_service_must_name_an_owner_who_can_be_a_user() {
    let service = stack::service();
    let create = |owner: Option<Value>| {
        let mut body = json!({ "organizationName": "Acme" });
        owner.into_iter().for_each(|owner| body["owner"] = owner);
        service.post("/organization", body).send()
    };
    let missing = create(None).await;
    missing.expect_invalid_request("owner");
    let message = "A service must send owner: the id of the user who owns the organization.";
    assert_eq!(missing.expect(400)["message"], message);
    for owner in [json!(null), json!(5), json!(["bob"]), json!({})] {
        create(Some(owner)).await.expect_invalid_request("owner");
    }
    for owner in ["", "a b", "é", ".", "service:bob", &service.id] {
        create(Some(json!(owner))).await.expect_validation_failed("owner");
    }
}

#[tokio::test]
async fn a_user_cannot_name_an_owner_not_even_themselves() {
    let [alice, bob] = ["alice", "bob"].map(stack::user);
    for owner in [alice.id.as_str(), &bob.id, "", "service:x"] {
        let body = json!({ "organizationName": "Not made", "owner": owner });
        let response = alice.post("/organization", body).send().await;
        assert_eq!(response.expect_error(403, "forbidden"), json!({ "field": "owner" }), "{response}");
        assert_eq!(response.expect(403)["message"], "Only a service may send owner. Remove it.");
    }
    for user in [&alice, &bob] {
        let names = user.list("/organization/list", "name").await;
        assert!(!names.contains(&"Not made".to_owned()), "{names:?}");
    }
}

#[tokio::test]
async fn what_a_service_does_is_recorded_as_the_services() {
    let (service, alice) = (stack::service(), stack::user("alice"));
    let organization = alice.create_organization("Acme").await;
    let set = service.patch(organization.max_overages(), json!({ "maxOverages": 7 }));
    assert_eq!(set.send().await.expect(200)["updatedBy"], service.id);
    let plan = service.patch(organization.plan(), json!({ "maxMembers": 7 }));
    assert_eq!(plan.send().await.expect(200)["updatedBy"], service.id);
    let member = organization.add_by(&service, &stack::unique("bob"), "member").await;
    assert_eq!(member["addedBy"], service.id);
    let link = service.link(&organization, "owner").await;
    assert_eq!(link["invitedBy"], service.id);
    let joined = stack::user("dave").join(&link).await;
    assert_eq!((&joined["addedBy"], &joined["role"]), (&json!(service.id), &json!("owner")));
    assert_eq!(service.organization(&organization).await["createdBy"], alice.id);
    assert_eq!(create_for(&service, &alice.id).await["createdBy"], service.id);
}

#[tokio::test]
async fn the_list_of_a_user_shows_that_users_roles() {
    let team = team().await;
    let own = team.member.create_organization("Own").await;
    let listed = async |id: &str| {
        let path = format!("/organization/list?userId={}", percent_encode(id));
        team.service.pages(&path).await.concat()
    };
    for user in [&team.owner, &team.admin, &team.member, &team.stranger] {
        let before = user.pages("/organization/list").await.concat();
        let mut seen = listed(&user.id).await;
        let mut own = user.pages("/organization/list").await.concat();
        // The users of a deployed stack have organizations of other tests, which change meanwhile.
        if !stack::is_local() {
            own.retain(|listed| before.contains(listed));
            seen.retain(|listed| own.contains(listed));
        }
        assert_eq!(seen, own, "{}", user.id);
    }
    let of_member = listed(&team.member.id).await;
    for (organization, role) in [(&team.organization, "member"), (&own, "owner")] {
        let found = of_member.iter().find(|listed| listed["id"] == organization.id);
        assert_eq!(found.expect("it is listed")["role"], role);
    }
    assert_eq!(listed(&stack::unique("nobody")).await, [Value::Null; 0]);
}

#[tokio::test]
async fn links_keep_the_user_and_the_deleted_ones() {
    let (service, owner) = (stack::service(), stack::unique("a&b=c#d"));
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(create_for(&service, &owner).await["id"].as_str().unwrap().to_owned());
    }
    let mut deleted = Vec::new();
    for id in [ids.remove(1), ids.remove(2)] {
        service.delete(format!("/organization/{id}")).send().await.expect(200);
        deleted.push(id);
    }
    for (query, expected) in [("", &ids), ("&deleted=true", &deleted)] {
        for limit in [1, 2, 3, 5] {
            let path = format!("/organization/list?userId={}{query}&limit={limit}", percent_encode(&owner));
            assert_eq!(&service.list(&path, "id").await, expected, "{path}");
            let link = service.get(&path).send().await.next_page();
            let keeps = |link: &String| {
                let has = |parameter: &str| link.contains(parameter);
                has("userId=a%26b%3Dc%23d")
                    && has(&format!("limit={limit}"))
                    && has("deleted") != query.is_empty()
            };
            assert!(link.as_ref().is_none_or(keeps), "{link:?}");
            assert_eq!(link.is_some(), limit < 5, "{path}");
        }
    }
}

#[tokio::test]
async fn a_service_must_say_whose_or_which_organization_it_lists_and_a_user_cannot_name_a_user() {
    let (service, alice) = (stack::service(), stack::user("alice"));
    for (query, message) in [
        ("", "A service must send userId or externalId."),
        ("?limit=5", "A service must send userId or externalId."),
        ("?deleted=true", "A service must send userId or externalId."),
        ("?userId=", ""),
        ("?userId=a%20b", ""),
        ("?userId=service%3Ax", ""),
        ("?userId=%ff", ""),
    ] {
        let response = service.get(format!("/organization/list{query}")).send().await;
        response.expect_invalid_request("userId");
        let found = response.expect(400)["message"].clone();
        assert!(found.as_str().unwrap().contains(message), "{response}");
    }
    for id in [percent_encode(&alice.id), "bob".to_owned(), String::new()] {
        let response = alice.get(format!("/organization/list?userId={id}")).send().await;
        assert_eq!(response.expect_error(403, "forbidden"), json!({ "field": "userId" }), "{response}");
        assert_eq!(response.expect(403)["message"], "Only a service may send userId. Remove it.");
    }
}

#[tokio::test]
async fn a_service_has_keys_of_its_own() {
    let Some(local) = stack::local_only(REASON) else { return };
    let alice = stack::user("alice");
    let services = [with_scopes(local, &alice.id, SERVICE_SCOPE), stack::service()];
    let create = |caller: &User, owner: Option<&str>| {
        let mut body = json!({ "organizationName": "Acme" });
        owner.into_iter().for_each(|owner| body["owner"] = json!(owner));
        caller.post("/organization", body).header("idempotency-key", "k").send()
    };
    let mut ids = vec![create(&alice, None).await.expect(201)["id"].clone()];
    for service in &services {
        let first = create(service, Some(&alice.id)).await;
        let again = create(service, Some(&alice.id)).await;
        assert_eq!((first.is_replayed(), again.is_replayed()), (false, true), "{again}");
        assert_eq!(again.content(), first.content());
        assert_eq!(first.expect(201)["role"], json!(null), "{first}");
        ids.push(first.expect(201)["id"].clone());
        // The owner is a part of the request.
        let other = create(service, Some("bob")).await;
        other.expect_error(422, "idempotency_key_reused");
    }
    let mut listed: Vec<_> =
        alice.list("/organization/list", "id").await.into_iter().map(Value::from).collect();
    listed.sort_by_key(Value::to_string);
    ids.sort_by_key(Value::to_string);
    assert_eq!(listed, ids);
}
