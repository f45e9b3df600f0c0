//! Each type of event: who did what to whom, and what changed.

use crate::{
    client::User,
    invitations::{restore, text},
    list_events::events,
    organizations::{Organization, assert_timestamp, team},
    stack,
};
use serde_json::{Value, json};
use shared::model::EventType;
use std::collections::BTreeSet;

/// What an event says, without its number and time.
fn event(kind: &str, actor: &User, target: Value, changes: Value) -> Value {
    let (actor_kind, id) = match actor.id.strip_prefix("service:") {
        Some(service) => ("service", service),
        None => ("user", actor.id.as_str()),
    };
    let mut event = json!({ "type": kind, "actor": { "kind": actor_kind, "id": id }, "changes": changes });
    if target != json!(null) {
        event["target"] = target;
    }
    event
}

/// A change of one field.
fn change(field: &str, from: impl Into<Value>, to: impl Into<Value>) -> Value {
    json!({ field: { "from": from.into(), "to": to.into() } })
}

#[tokio::test]
async fn every_type_of_event_says_who_did_what_to_whom() {
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(stack::user);
    let service = stack::service();
    let body = json!({ "organizationName": "Acme" });
    let created = alice.post("/organization", body).send().await.expect(201);
    let organization = Organization::from_id(text(&created, "id"));
    let renaming = json!({ "name": "Emca", "domain": "emca.example", "metadata": { "crm": "1" } });
    alice.put(&organization.path, renaming).send().await.expect(200);
    alice.patch(organization.max_overages(), json!({ "maxOverages": 5 })).send().await.expect(200);
    let plan = json!({ "includedUnits": 7, "maxMembers": 9 });
    service.patch(organization.plan(), plan).send().await.expect(200);
    organization.add_by(&service, &bob.id, "admin").await;
    alice.patch(organization.member(&bob.id), json!({ "role": "owner" })).send().await.expect(200);
    let address = json!({ "email": "carol@acme.example", "role": "admin" });
    let first = bob.invite(&organization, address.clone()).await;
    let renewed = bob.inviting(&organization, address).send().await.expect(200);
    let link = alice.link(&organization, "member").await;
    alice.revoking(&organization, &link).send().await.expect(200);
    carol.join(&renewed).await;
    alice.delete(organization.member(&carol.id)).send().await.expect(200);
    let deleted = bob.delete(&organization.path).send().await.expect(200);
    restore(&alice, &organization).await;

    let at_creation = json!({
        "name": { "from": null, "to": "Acme" },
        "metadata": { "from": null, "to": {} },
        "maxOverages": { "from": null, "to": 0 },
        "includedUnits": { "from": null, "to": 0 },
    });
    let updated = json!({
        "name": { "from": "Acme", "to": "Emca" },
        "domain": { "from": null, "to": "emca.example" },
        "metadata": { "from": {}, "to": { "crm": "1" } },
    });
    let plan = json!({
        "includedUnits": { "from": 0, "to": 7 },
        "maxMembers": { "from": null, "to": 9 },
    });
    let deletion = |from: Value, to: Value| {
        let field = |name: &str| json!({ "from": from[name], "to": to[name] });
        json!({ "deletedAt": field("deletedAt"), "purgeAt": field("purgeAt") })
    };
    let to_user = |user: &User| json!({ "userId": user.id });
    let to_invitation = |invitation: &Value| json!({ "invitationId": invitation["id"] });
    let joined = json!({ "userId": carol.id, "invitationId": first["id"] });
    let none = || json!(null);
    let expected = [
        event("organization.created", &alice, none(), at_creation),
        event("organization.updated", &alice, none(), updated),
        event("max_overages.set", &alice, none(), change("maxOverages", 0, 5)),
        event("plan.set", &service, none(), plan),
        event("member.added", &service, to_user(&bob), change("role", none(), "admin")),
        event("member.role_changed", &alice, to_user(&bob), change("role", "admin", "owner")),
        event("invitation.created", &bob, to_invitation(&first), json!({})),
        event("invitation.renewed", &bob, to_invitation(&first), json!({})),
        event("invitation.created", &alice, to_invitation(&link), json!({})),
        event("invitation.revoked", &alice, to_invitation(&link), json!({})),
        event("invitation.accepted", &carol, joined, change("role", none(), "admin")),
        event("member.removed", &alice, to_user(&carol), change("role", "admin", none())),
        event("organization.deleted", &bob, none(), deletion(none(), deleted.clone())),
        event("organization.restored", &alice, none(), deletion(deleted.clone(), none())),
    ];
    let mut events = events(&alice, &organization).await;
    assert_eq!((&events[0]["at"], &events[12]["at"]), (&created["createdAt"], &deleted["deletedAt"]));
    for (event, number) in events.iter_mut().zip(1..) {
        assert_timestamp(&event["at"]);
        let fields = event.as_object_mut().expect("an object");
        fields.remove("at");
        assert_eq!(fields.remove("number"), Some(json!(number)));
    }
    assert_eq!(events, expected);
    let types = EventType::ALL.map(|kind| json!(kind).as_str().expect("a string").to_owned());
    let found: BTreeSet<_> = events.iter().map(|event| text(event, "type").to_owned()).collect();
    assert_eq!(found, types.into(), "a type is missing here");
}

/// A write that happens to change no value is an event, too.
#[tokio::test]
async fn a_change_of_nothing_is_an_event_without_changes() {
    let team = team().await;
    let (owner, organization) = (&team.owner, &team.organization);
    owner.put(&organization.path, json!({ "name": "Team" })).send().await.expect(200);
    let role = json!({ "role": "member" });
    owner.patch(organization.member(&team.member.id), role).send().await.expect(200);
    let events = events(owner, organization).await;
    let kinds = ["organization.updated", "member.role_changed"];
    for (event, kind) in events[3..].iter().zip(kinds) {
        assert_eq!((&event["type"], &event["changes"]), (&json!(kind), &json!({})), "{event}");
    }
    assert_eq!(events.len(), 5);
}
