//! A deleted organization: gone for everybody but its owners and services, in every operation, and after `purgeAt`
//! for them, too.

use crate::{
    client::{Response, User},
    examples::{Place, is_a_write, request},
    existence::{NONEXISTENT, answers, assert_same, operations},
    invitations::delete,
    organizations::{Organization, Team, percent_encode, team},
    stack,
    table::{REASON, Table},
};
use aws_sdk_dynamodb::types::AttributeValue;
use functions::Operation::{
    self, AcceptInvitation, DeleteOrganization, GetOrganization, ListEvents, PreviewInvitation,
};
use serde_json::{Value, json};
use shared::model::Timestamp;
use std::collections::HashMap;

const LIST: &str = "/organization/list";

/// Headers with which an answer could reveal more.
const HEADERS: [Option<(&str, &str)>; 4] =
    [None, Some(("if-match", "\"5\"")), Some(("if-match", "\"1\"")), Some(("if-none-match", "*"))];

/// A team whose organization is deleted, at version 5.
async fn deleted_team() -> (Team, Place) {
    let team = team().await;
    let place = Place::of(&team).await;
    delete(&team.owner, &team.organization).await;
    (team, place)
}

/// Asserts that every operation on the place gets from `user` what a missing organization gets.
async fn expect_gone(user: &User, place: &Place) {
    for header in HEADERS {
        let none = answers(user, &place.at(NONEXISTENT), header).await;
        for answer in &none {
            assert_eq!(answer.expect_error(404, "organization_not_found"), json!(null), "{answer}");
        }
        assert_same(&answers(user, place, header).await, &none);
    }
}

/// Asserts that the place's invitation gets what a token gets that was never issued.
async fn expect_no_invitation(user: &User, place: &Place) {
    let mut wrong = place.clone();
    wrong.ids.token = format!("invt_{}", "A".repeat(86));
    for operation in [PreviewInvitation, AcceptInvitation] {
        let none = request(operation, user, &wrong).send().await;
        assert_eq!(none.expect_error(404, "invitation_not_found"), json!(null), "{none}");
        assert_same(&[request(operation, user, place).send().await], &[none]);
    }
}

/// The ids in a list, found by this query.
async fn listed(caller: &User, query: &str) -> Vec<String> {
    caller.list(&format!("{LIST}?{query}"), "id").await
}

#[tokio::test]
async fn it_does_not_exist_for_anybody_but_its_owners_and_services() {
    let (team, place) = deleted_team().await;
    for user in [&team.admin, &team.member, &team.stranger] {
        for about in [&user.id, &team.owner.id] {
            expect_gone(user, &place.about(about)).await;
        }
    }
    let deleted = team.owner.organization(&team.organization).await;
    assert_eq!((&deleted["version"], &deleted["memberCount"]), (&json!(5), &json!(3)));
}

#[tokio::test]
async fn its_invitations_do_not_exist_for_anybody() {
    let (team, place) = deleted_team().await;
    for user in [&team.owner, &team.admin, &team.member, &team.stranger] {
        expect_no_invitation(user, &place).await;
    }
}

#[tokio::test]
async fn it_is_in_no_list_but_that_of_the_deleted_ones_of_its_owners() {
    let (team, _) = deleted_team().await;
    let id = &team.organization.id;
    for user in [&team.owner, &team.admin, &team.member, &team.stranger] {
        let is_owner = user.id == team.owner.id;
        let of_user = format!("userId={}", percent_encode(&user.id));
        for (caller, query) in [(user, String::new()), (&team.service, of_user)] {
            assert!(!listed(caller, &query).await.contains(id), "{} {query}", user.id);
            let deleted = format!("{query}&deleted=true");
            let deleted = deleted.trim_start_matches('&');
            assert_eq!(listed(caller, deleted).await.contains(id), is_owner, "{} {deleted}", user.id);
        }
    }
}

/// Asserts what an owner gets or, with `may_read`, a service.
#[track_caller]
fn expect_deleted(operation: Operation, answer: &Response, may_read: bool) {
    match operation {
        GetOrganization | DeleteOrganization => {
            assert_eq!(answer.expect(200)["version"], 5, "{answer}");
        }
        ListEvents => {
            assert_eq!((answer.status.as_u16(), answer.header("etag")), (200, Some("\"5\"")), "{answer}")
        }
        read if may_read && !is_a_write(read) => drop(answer.expect(200)),
        _ => {
            assert_eq!(answer.expect_error(409, "organization_deleted"), json!(null), "{answer}");
            let message = answer.expect(409)["message"].clone();
            assert_eq!(message, "This organization is deleted. Restore it first.", "{answer}");
        }
    }
}

#[tokio::test]
async fn its_owner_can_get_delete_and_restore_it_and_list_its_events_and_nothing_else() {
    let (team, place) = deleted_team().await;
    for operation in operations(&team.owner).filter(|operation| *operation != Operation::RestoreOrganization)
    {
        for place in [&place, &place.about("nobody"), &place.about(&team.owner.id)] {
            let answer = request(operation, &team.owner, place).send().await;
            expect_deleted(operation, &answer, false);
        }
        if !matches!(operation, GetOrganization | ListEvents) {
            let stale = request(operation, &team.owner, &place).if_match("\"1\"").send().await;
            expect_deleted(operation, &stale, false);
        }
    }
    request(Operation::RestoreOrganization, &team.owner, &place).send().await.expect(200);
    for operation in operations(&team.owner).filter(|operation| *operation != DeleteOrganization) {
        let answer = request(operation, &team.owner, &place).send().await;
        assert!(answer.status.is_success(), "{answer}");
    }
}

#[tokio::test]
async fn a_service_reads_it_like_any_other_and_cannot_change_it() {
    let (team, place) = deleted_team().await;
    for operation in
        operations(&team.service).filter(|operation| *operation != Operation::RestoreOrganization)
    {
        let answer = request(operation, &team.service, &place).send().await;
        expect_deleted(operation, &answer, true);
    }
    let members = team.service.list(&team.organization.members(), "userId").await;
    assert_eq!(members.len(), 3);
    let pending = team.service.pending(&team.organization).await;
    assert_eq!(pending, [place.ids.invitation.as_str()]);
    let member = team.service.get(team.organization.member(&team.member.id)).send().await.expect(200);
    assert_eq!(member["role"], "member");
    let nobody = team.service.get(team.organization.member("nobody")).send().await;
    nobody.expect_error(404, "member_not_found");
}

#[tokio::test]
async fn its_owner_sees_its_version_in_conditional_requests() {
    let (team, _) = deleted_team().await;
    for caller in [&team.owner, &team.service] {
        for path in [team.organization.path.clone(), format!("{}?after=5", team.organization.events())] {
            let get = || caller.get(&path);
            assert_eq!(get().header("if-none-match", "\"5\"").send().await.status, 304);
            get().if_match("\"4\"").send().await.expect_error(412, "precondition_failed");
        }
    }
}

/// The role counts that the user has when the organization is deleted, not who created it.
#[tokio::test]
async fn a_former_owner_does_not_know_of_it() {
    let team = team().await;
    let place = Place::of(&team).await;
    team.organization.add(&team.stranger.id, "owner").await;
    let own = team.organization.member(&team.owner.id);
    team.owner.patch(own, json!({ "role": "member" })).send().await.expect(200);
    delete(&team.stranger, &team.organization).await;
    expect_gone(&team.owner, &place).await;
    assert!(!listed(&team.owner, "deleted=true").await.contains(&team.organization.id));
    assert!(listed(&team.stranger, "deleted=true").await.contains(&team.organization.id));
}

/// Lets the time for restoring a deleted organization pass. TTL deletes its items days later.
pub(crate) async fn purge(table: &Table, organization: &Organization) {
    let now = Timestamp::seconds_now().to_string();
    table.set(organization, "expiresAt", AttributeValue::N(now)).await;
}

#[tokio::test]
async fn after_its_time_it_does_not_exist_for_anybody_although_its_items_do() {
    let Some(local) = stack::local_only(REASON) else { return };
    let (team, place) = deleted_team().await;
    let table = Table::of(local);
    purge(&table, &team.organization).await;
    for caller in [&team.owner, &team.admin, &team.member, &team.stranger, &team.service] {
        expect_gone(caller, &place).await;
        if !caller.is_service() {
            expect_no_invitation(caller, &place).await;
            assert_eq!(listed(caller, "deleted=true").await, [""; 0], "{}", caller.id);
            assert_eq!(listed(caller, "").await, [""; 0], "{}", caller.id);
            let of_user = format!("userId={}", percent_encode(&caller.id));
            assert_eq!(listed(&team.service, &of_user).await, [""; 0], "{of_user}");
            assert_eq!(listed(&team.service, &format!("{of_user}&deleted=true")).await, [""; 0], "{of_user}");
        }
    }
    let key = format!("ORG#{}", team.organization.id);
    let items = table.0.query().table_name(local::TABLE_NAME).key_condition_expression("pk = :pk");
    let items = items.expression_attribute_values(":pk", AttributeValue::S(key)).send().await.unwrap();
    let is_event = |item: &&HashMap<String, AttributeValue>| {
        item["sk"].as_s().is_ok_and(|sort| sort.starts_with("EVENT#"))
    };
    // The organization, three members and an invitation, besides events.
    assert_eq!(items.items().iter().filter(|item| !is_event(item)).count(), 5);
}

#[tokio::test]
async fn until_its_time_it_can_be_restored() {
    let Some(local) = stack::local_only(REASON) else { return };
    let (team, place) = deleted_team().await;
    let soon = (Timestamp::seconds_now() + 60).to_string();
    Table::of(local).set(&team.organization, "expiresAt", AttributeValue::N(soon)).await;
    assert!(listed(&team.owner, "deleted=true").await.contains(&team.organization.id));
    let restored = request(Operation::RestoreOrganization, &team.owner, &place).send().await.expect(200);
    assert_eq!((restored.get("purgeAt"), &restored["version"]), (None::<&Value>, &json!(6)));
    assert_eq!(team.member.organization(&team.organization).await["role"], "member");
}
