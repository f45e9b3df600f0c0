//! Concurrent requests. The emulator runs four instances of every function, so requests overlap. Each race is
//! repeated, because requests interleave only sometimes.

use crate::{
    client::{Response, User, is_conflict},
    organizations::{Organization, team},
    stack,
};
use futures_util::future::join_all;
use serde_json::{Value, json};

const ROUNDS: usize = 8;

fn statuses(responses: &[Response]) -> Vec<u16> {
    responses.iter().map(|response| response.status.as_u16()).collect()
}

/// Asserts that exactly one response is a success. Returns the others.
#[track_caller]
fn one_wins(responses: Vec<Response>) -> Vec<Response> {
    let all = statuses(&responses);
    let lost: Vec<_> = responses.into_iter().filter(|response| !response.status.is_success()).collect();
    assert_eq!(lost.len() + 1, all.len(), "{all:?}");
    lost
}

async fn two_owners() -> (Organization, User, User) {
    let [alice, bob] = ["alice", "bob"].map(stack::user);
    let organization = alice.create_organization("Race").await;
    organization.add(&bob.id, "owner").await;
    (organization, alice, bob)
}

/// The number of owners in the list of members, as seen by whichever user is still a member.
async fn owners(organization: &Organization, users: [&User; 2]) -> usize {
    for user in users {
        let response = user.get(organization.members()).send().await;
        if response.status == 200 {
            let members = response.expect(200);
            let is_owner = |member: &&Value| member["role"] == "owner";
            return members.as_array().unwrap().iter().filter(is_owner).count();
        }
    }
    panic!("neither user is a member of {}", organization.id);
}

#[tokio::test]
async fn when_two_owners_demote_each_other_one_remains() {
    for _ in 0..ROUNDS {
        let (organization, alice, bob) = two_owners().await;
        let demote = |user: &User, other: &User| {
            user.patch(organization.member(&other.id), json!({ "role": "member" })).send()
        };
        let lost = one_wins(join_all([demote(&alice, &bob), demote(&bob, &alice)]).await);
        if !is_conflict(&lost[0]) {
            lost[0].expect_error(403, "forbidden");
        }
        let roles = join_all([&alice, &bob].map(|user| user.organization(&organization))).await;
        let owning = roles.iter().filter(|seen| seen["role"] == "owner").count();
        assert_eq!(owning, 1, "{roles:?}");
    }
}

#[tokio::test]
async fn when_two_owners_remove_each_other_one_remains() {
    for _ in 0..ROUNDS {
        let (organization, alice, bob) = two_owners().await;
        let remove = |user: &User, other: &User| user.delete(organization.member(&other.id)).send();
        let lost = one_wins(join_all([remove(&alice, &bob), remove(&bob, &alice)]).await);
        if !is_conflict(&lost[0]) {
            lost[0].expect_error(404, "organization_not_found");
        }
        if stack::is_local() {
            assert_eq!(owners(&organization, [&alice, &bob]).await, 1);
        }
    }
}

#[tokio::test]
async fn when_two_owners_leave_at_once_one_remains() {
    for _ in 0..ROUNDS {
        let (organization, alice, bob) = two_owners().await;
        let leave = |user: &User| user.delete(organization.member(&user.id)).send();
        let lost = one_wins(join_all([leave(&alice), leave(&bob)]).await);
        if !is_conflict(&lost[0]) {
            lost[0].expect_error(422, "last_owner");
        }
        if stack::is_local() {
            assert_eq!(owners(&organization, [&alice, &bob]).await, 1);
        }
    }
}

#[tokio::test]
async fn a_user_added_by_four_concurrent_requests_is_added_once() {
    for _ in 0..ROUNDS {
        let (alice, service) = (stack::user("alice"), stack::service());
        let organization = alice.create_organization("Race").await;
        let body = json!({ "userId": stack::unique("other") });
        let add = || service.post(organization.members(), body.clone()).send();
        for lost in one_wins(join_all([add(), add(), add(), add()]).await) {
            if !is_conflict(&lost) {
                lost.expect_error(409, "member_already_exists");
            }
        }
        let organization = alice.organization(&organization).await;
        assert_eq!(organization["memberCount"], 2);
        assert_eq!(organization["version"], 2);
    }
}

#[tokio::test]
async fn a_member_removed_by_four_concurrent_requests_is_removed_once() {
    for _ in 0..ROUNDS {
        let team = team().await;
        let path = team.organization.member(&team.member.id);
        let remove = || team.owner.delete(&path).send();
        for lost in one_wins(join_all([remove(), remove(), remove(), remove()]).await) {
            if !is_conflict(&lost) {
                lost.expect_error(404, "member_not_found");
            }
        }
        let organization = team.owner.organization(&team.organization).await;
        assert_eq!((&organization["memberCount"], &organization["version"]), (&json!(2), &json!(4)));
    }
}

#[tokio::test]
async fn exactly_one_of_four_updates_of_the_same_version_succeeds() {
    for _ in 0..ROUNDS {
        let alice = stack::user("alice");
        let organization = alice.create_organization("Race").await;
        let rename = |name: &str| {
            let request = alice.put(&organization.path, json!({ "name": name }));
            request.if_match("\"1\"").send()
        };
        let responses = join_all(["a", "b", "c", "d"].map(rename)).await;
        let winner =
            responses.iter().find(|response| response.status == 200).map(|response| response.expect(200));
        for lost in one_wins(responses) {
            if !is_conflict(&lost) {
                let details = lost.expect_error(412, "precondition_failed");
                assert_eq!(details["currentVersion"], 2, "{lost}");
            }
        }
        assert_eq!(Some(alice.organization(&organization).await), winner);
    }
}

#[tokio::test]
async fn exactly_one_of_four_updates_that_exclude_the_next_version_succeeds() {
    for _ in 0..ROUNDS {
        let alice = stack::user("alice");
        let organization = alice.create_organization("Race").await;
        let rename = |name: &str| {
            let request = alice.put(&organization.path, json!({ "name": name }));
            request.header("if-none-match", "\"2\"").send()
        };
        for lost in one_wins(join_all(["a", "b", "c", "d"].map(rename)).await) {
            if !is_conflict(&lost) {
                let details = lost.expect_error(412, "precondition_failed");
                assert_eq!(details["currentVersion"], 2, "{lost}");
            }
        }
        assert_eq!(alice.organization(&organization).await["version"], 2);
    }
}

#[tokio::test]
async fn concurrent_changes_of_different_kinds_all_succeed() {
    for _ in 0..ROUNDS {
        let alice = stack::user("alice");
        let organization = alice.create_organization("Race").await;
        let (path, overages) = (&organization.path, organization.max_overages());
        let responses = join_all([
            alice.put(path, json!({ "name": "Renamed" })).send(),
            alice.put(path, json!({ "domain": "example.com" })).send(),
            alice.patch(&overages, json!({ "maxOverages": 5 })).send(),
        ])
        .await;
        assert_eq!(statuses(&responses), [200, 200, 200]);
        let found = alice.organization(&organization).await;
        let fields = ["name", "domain", "maxOverages", "version"].map(|field| &found[field]);
        assert_eq!(fields, [&json!("Renamed"), &json!("example.com"), &json!(5), &json!(4)]);
    }
}

#[tokio::test]
async fn concurrently_added_members_are_all_counted() {
    let (alice, service) = (stack::user("alice"), stack::service());
    let organization = alice.create_organization("Race").await;
    let ids: Vec<_> = (0..12).map(|_| stack::unique("other")).collect();
    join_all(ids.iter().map(async |id| {
        let add = || service.post(organization.members(), json!({ "userId": id })).send();
        let mut response = add().await;
        while is_conflict(&response) {
            response = add().await;
        }
        response.expect(201);
    }))
    .await;
    let found = alice.organization(&organization).await;
    assert_eq!((&found["memberCount"], &found["version"]), (&json!(13), &json!(13)));
    let mut members: Vec<_> = ids.iter().map(|id| (id.as_str(), "member")).collect();
    members.push((&alice.id, "owner"));
    alice.expect_members(&organization, &members).await;
}

#[tokio::test]
async fn a_member_removed_during_a_promotion_keeps_no_rights() {
    for _ in 0..ROUNDS {
        let team = team().await;
        let (owner, organization) = (&team.owner, &team.organization);
        let path = organization.member(&team.member.id);
        let responses =
            join_all([owner.patch(&path, json!({ "role": "admin" })).send(), owner.delete(&path).send()])
                .await;
        assert!(
            [200, 404].contains(&statuses(&responses)[0]) || is_conflict(&responses[0]),
            "{}",
            responses[0]
        );
        if !is_conflict(&responses[1]) {
            assert_eq!(responses[1].expect(200)["memberCount"], 2);
            organization.add(&team.member.id, "member").await;
            let rename = team.member.put(&organization.path, json!({ "name": "Mine" }));
            rename.send().await.expect_forbidden("admin");
            assert_eq!(owner.organization(organization).await["memberCount"], 3);
        }
    }
}

#[tokio::test]
async fn an_organization_deleted_and_restored_by_many_at_once_is_deleted_and_restored_once() {
    for _ in 0..ROUNDS {
        let (organization, alice, bob) = two_owners().await;
        let restore = |user: &User| user.post(format!("{}/restore", organization.path), json!({})).send();
        let delete = |user: &User| user.delete(&organization.path).send();
        let deleted = join_all([&alice, &bob, &alice, &bob].map(delete)).await;
        for response in deleted.iter().filter(|response| !is_conflict(response)) {
            assert_eq!(response.expect(200)["version"], 3, "{response}");
        }
        let restored = join_all([&alice, &bob, &alice, &bob].map(restore)).await;
        for response in restored.iter().filter(|response| !is_conflict(response)) {
            assert_eq!(response.expect(200)["version"], 4, "{response}");
        }
        assert_eq!(alice.organization(&organization).await["version"], 4);
    }
}

#[tokio::test]
async fn a_write_is_made_before_a_concurrent_deletion_or_not_at_all() {
    for _ in 0..ROUNDS {
        let team = team().await;
        let (owner, organization) = (&team.owner, &team.organization);
        let rename = |name: &str| owner.put(&organization.path, json!({ "name": name })).send();
        let add = team.service.post(organization.members(), json!({ "userId": stack::unique("other") }));
        let responses = join_all([
            rename("a"),
            rename("b"),
            owner.delete(&organization.path).send(),
            rename("c"),
            add.send(),
        ])
        .await;
        if is_conflict(&responses[2]) {
            continue;
        }
        let deletion = responses[2].expect(200);
        let mut made = 0;
        for (index, response) in responses.iter().enumerate().filter(|(_, response)| !is_conflict(response)) {
            match response.status.is_success() {
                true => made += 1,
                false => drop(response.expect_error(409, "organization_deleted")),
            }
            // A new member has no version.
            let version = response.expect(response.status.as_u16())["version"].as_u64();
            assert!(version <= deletion["version"].as_u64(), "{index}: {response}");
        }
        let found = owner.organization(organization).await;
        assert_eq!(found, deletion);
        assert_eq!(found["version"], 3 + made);
    }
}
