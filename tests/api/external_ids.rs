//! `externalId`: an organization's id in another system. Services set it when they create the organization, and no two
//! organizations have the same one.

use crate::{
    client::{Request, Response, User},
    deleted_organizations::purge,
    failing,
    invitations::{delete, restore},
    organizations::Organization,
    stack,
    table::{REASON, Table},
};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::model::Timestamp;

/// A request of a service that creates an organization with this external id.
pub(crate) fn creating(service: &User, owner: &str, external_id: &str) -> Request {
    let body = json!({ "organizationName": "Acme", "owner": owner, "externalId": external_id });
    service.post("/organization", body)
}

/// Creates an organization with this external id, and an owner of its own.
pub(crate) async fn create(service: &User, external_id: &str) -> Organization {
    let created = creating(service, &stack::unique("owner"), external_id).send().await.expect(201);
    assert_eq!(created["externalId"], external_id, "{created}");
    Organization::from_id(created["id"].as_str().unwrap())
}

#[track_caller]
fn expect_taken(response: &Response) {
    assert_eq!(response.expect_error(409, "external_id_taken"), json!(null), "{response}");
    let message =
        "Another organization has this externalId. Look it up with externalId, or send another one.";
    assert_eq!(response.expect(409)["message"], message, "{response}");
}

/// Asserts that no further organization can have this external id.
async fn expect_held(external_id: &str) {
    expect_taken(&creating(&stack::service(), &stack::unique("owner"), external_id).send().await);
}

#[tokio::test]
async fn a_service_sets_it_and_every_member_sees_it() {
    let [alice, bob] = ["alice", "bob"].map(stack::user);
    let (service, external_id) = (stack::service(), stack::fresh("acme-"));
    let created = creating(&service, &alice.id, &external_id).send().await.expect(201);
    assert_eq!(created["externalId"], external_id);
    let organization = Organization::from_id(created["id"].as_str().unwrap());
    organization.add(&bob.id, "member").await;
    for caller in [&alice, &bob, &service, &stack::service()] {
        assert_eq!(caller.organization(&organization).await["externalId"], external_id, "{}", caller.id);
    }
    let listed = bob.pages("/organization/list").await.concat();
    let found = listed.iter().find(|listed| listed["id"] == organization.id).unwrap();
    assert_eq!(found["externalId"], external_id);
}

#[tokio::test]
async fn a_user_cannot_set_it() {
    let (alice, external_id) = (stack::user("alice"), stack::fresh("acme-"));
    let long = "x".repeat(129);
    let create = |others: Value| {
        let mut body = json!({ "organizationName": "Not made" });
        body.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
        alice.post("/organization", body).send()
    };
    for id in [&external_id, "", "a b", "\u{e9}", &long] {
        let refused = create(json!({ "externalId": id })).await;
        assert_eq!(refused.expect_error(403, "forbidden"), json!({ "field": "externalId" }), "{refused}");
        let message = "Only a service may send externalId. Remove it.";
        assert_eq!(refused.expect(403)["message"], message, "{refused}");
    }
    // The syntax is checked before who sent it, and the values after that.
    create(json!({ "externalId": external_id, "colour": "red" })).await.expect_invalid_request("colour");
    create(json!({ "externalId": external_id, "metadata": 5 })).await.expect_invalid_request("metadata");
    let name = create(json!({ "externalId": external_id, "organizationName": "" })).await;
    assert_eq!(name.expect_error(403, "forbidden")["field"], "externalId", "{name}");
    let owner = create(json!({ "externalId": external_id, "owner": alice.id })).await;
    assert_eq!(owner.expect_error(403, "forbidden")["field"], "owner", "{owner}");

    let names = alice.list("/organization/list", "name").await;
    assert!(!names.contains(&"Not made".to_owned()), "{names:?}");
    self::create(&stack::service(), &external_id).await;
}

#[tokio::test]
async fn it_must_be_a_string() {
    for (caller, owner) in [(stack::user("alice"), None), (stack::service(), Some(stack::unique("owner")))] {
        for value in [json!(null), json!(5), json!(true), json!(["a"]), json!({})] {
            let mut body = json!({ "organizationName": "Acme", "externalId": value });
            owner.iter().for_each(|owner| body["owner"] = json!(owner));
            let response = caller.post("/organization", body).send().await;
            response.expect_invalid_request("externalId");
            let message = "The field \"externalId\" must be a string.";
            assert_eq!(response.expect(400)["message"], message, "{response}");
        }
    }
}

#[tokio::test]
async fn it_has_1_to_128_printable_ascii_characters_without_spaces() {
    let service = stack::service();
    let long = format!("{:~<128}", stack::fresh("acme-"));
    let signs = format!("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{{|}}~{}", stack::fresh(""));
    for id in [&long, &signs, &stack::fresh("EXTERNAL#"), &stack::fresh("ORG#org_")] {
        create(&service, id).await;
    }
    if stack::is_local() {
        create(&service, "a").await;
    }
    let length = "externalId must have 1 to 128 characters.";
    let characters = "externalId must be printable ASCII without spaces.";
    let too_long = format!("{long}~");
    for (id, rule, message) in [
        ("", "length", length),
        (&*too_long, "length", length),
        (" ", "characters", characters),
        ("a b", "characters", characters),
        (" a", "characters", characters),
        ("a\n", "characters", characters),
        ("a\u{0}b", "characters", characters),
        ("a\u{7f}", "characters", characters),
        ("\u{e9}", "characters", characters),
        ("\u{ff21}", "characters", characters),
    ] {
        let response = creating(&service, "bob", id).send().await;
        let details = response.expect_error(422, "validation_failed");
        assert_eq!(details, json!({ "field": "externalId", "rule": rule }), "{response}");
        assert_eq!(response.expect(422)["message"], message, "{response}");
    }
}

#[tokio::test]
async fn no_two_organizations_have_the_same() {
    let (alice, bob, external_id) = (stack::user("alice"), stack::user("bob"), stack::fresh("acme-"));
    let services = [stack::service(), stack::service()];
    let holder = creating(&services[0], &alice.id, &external_id).send().await.expect(201);
    let before = bob.list("/organization/list", "id").await;
    for service in &services {
        for owner in [&alice.id, &bob.id] {
            expect_taken(&creating(service, owner, &external_id).send().await);
        }
    }
    assert_eq!(bob.list("/organization/list", "id").await, before, "a refused creation creates nothing");
    let organization = Organization::from_id(holder["id"].as_str().unwrap());
    assert_eq!(services[0].organization(&organization).await, holder);

    // Errors in the request come first.
    let body = json!({ "organizationName": "", "owner": alice.id, "externalId": external_id });
    services[0].post("/organization", body).send().await.expect_validation_failed("organizationName");
    // Ids that differ in case are two.
    create(&services[0], &external_id.to_uppercase()).await;
}

#[tokio::test]
async fn it_belongs_to_no_owner_or_service() {
    let (service, external_id) = (stack::service(), stack::fresh("acme-"));
    let [alice, bob] = ["alice", "bob"].map(stack::user);
    let created = creating(&service, &alice.id, &external_id).send().await.expect(201);
    let organization = Organization::from_id(created["id"].as_str().unwrap());
    organization.add(&bob.id, "owner").await;
    alice.delete(organization.member(&alice.id)).send().await.expect(200);
    bob.put(&organization.path, json!({ "name": "Emca", "externalId": "other" })).send().await.expect(200);
    assert_eq!(bob.organization(&organization).await["externalId"], external_id);
    expect_taken(&creating(&service, &alice.id, &external_id).send().await);
}

#[tokio::test]
async fn a_deleted_organization_that_can_be_restored_keeps_it() {
    let (service, external_id) = (stack::service(), stack::fresh("acme-"));
    let organization = create(&service, &external_id).await;
    delete(&service, &organization).await;
    expect_held(&external_id).await;
    restore(&service, &organization).await;
    expect_held(&external_id).await;
    assert_eq!(service.organization(&organization).await["externalId"], external_id);

    let Some(local) = stack::local_only(REASON) else { return };
    delete(&service, &organization).await;
    let soon = (Timestamp::seconds_now() + 60).to_string();
    Table::of(local).set(&organization, "expiresAt", AttributeValue::N(soon)).await;
    expect_held(&external_id).await;
    restore(&service, &organization).await;
}

/// TTL deletes the organization's item days later.
#[tokio::test]
async fn it_is_free_again_once_its_organization_cannot_be_restored() {
    let Some(local) = stack::local_only(REASON) else { return };
    let (service, external_id) = (stack::service(), stack::fresh("acme-"));
    let mut holder = create(&service, &external_id).await;
    for round in 0..3 {
        delete(&service, &holder).await;
        expect_held(&external_id).await;
        purge(&Table::of(local), &holder).await;
        let next = create(&service, &external_id).await;
        service.get(&holder.path).send().await.expect_error(404, "organization_not_found");
        assert_eq!(service.organization(&next).await["externalId"], external_id, "round {round}");
        expect_held(&external_id).await;
        holder = next;
    }
}

#[tokio::test]
async fn it_is_free_again_once_ttl_has_deleted_its_organization() {
    let Some(local) = stack::local_only(REASON) else { return };
    let (service, external_id) = (stack::service(), stack::fresh("acme-"));
    let organization = create(&service, &external_id).await;
    Table::of(local).remove(&organization).await;
    let next = create(&service, &external_id).await;
    assert_eq!(service.organization(&next).await["externalId"], external_id);
    expect_held(&external_id).await;
}

#[tokio::test]
async fn a_repeated_creation_is_answered_not_refused() {
    let (service, owner, external_id) = (stack::service(), stack::unique("owner"), stack::fresh("acme-"));
    let key = stack::fresh("key ");
    let create = |owner: &str, id: &str| creating(&service, owner, id).header("idempotency-key", &key).send();
    let first = create(&owner, &external_id).await;
    let organization = Organization::from_id(first.expect(201)["id"].as_str().unwrap());
    let expect_first = async || {
        let again = create(&owner, &external_id).await;
        assert_eq!((again.content(), again.is_replayed()), (first.content(), true), "{again}");
    };
    expect_first().await;
    create(&owner, &stack::fresh("acme-")).await.expect_error(422, "idempotency_key_reused");
    create(&stack::unique("other"), &external_id).await.expect_error(422, "idempotency_key_reused");
    expect_held(&external_id).await;
    delete(&service, &organization).await;
    expect_first().await;

    let Some(local) = stack::local_only(REASON) else { return };
    purge(&Table::of(local), &organization).await;
    expect_first().await;
    self::create(&service, &external_id).await;
    expect_first().await;
}

#[tokio::test]
async fn a_refused_creation_does_not_use_up_its_key() {
    let (service, external_id) = (stack::service(), stack::fresh("acme-"));
    let key = stack::fresh("key ");
    let create = |id: &str| creating(&service, "bob", id).header("idempotency-key", &key).send();
    self::create(&service, &external_id).await;
    expect_taken(&create(&external_id).await);
    expect_taken(&create(&external_id).await);
    let created = create(&stack::fresh("acme-")).await;
    created.expect(201);
    assert!(!created.is_replayed(), "{created}");
}

#[tokio::test]
async fn its_holder_is_read_if_dynamodb_does_not_return_it() {
    let Some(local) = stack::local_only("a real DynamoDB returns the item") else { return };
    let (service, external_id) = (stack::service(), stack::fresh("acme-"));
    let owner = stack::unique(failing::UNEXPLAINED);
    let create = || creating(&service, &owner, &external_id).send();
    let created = create().await.expect(201);
    expect_taken(&create().await);
    let organization = Organization::from_id(created["id"].as_str().unwrap());
    delete(&service, &organization).await;
    purge(&Table::of(local), &organization).await;
    assert_eq!(create().await.expect(201)["externalId"], external_id);
}
