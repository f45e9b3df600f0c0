//! Non-members learn nothing: an existing organization, a missing one and a malformed id get byte-identical
//! answers.

use crate::{
    client::{Response, User},
    examples::{Place, is_on_an_organization, request},
    organizations::{Organization, team},
};
use functions::{Operation, Scope};
use serde_json::json;

/// A well-formed id that no organization has.
pub(crate) const NONEXISTENT: &str = "org_00000000000000000000000000";

const MALFORMED: [&str; 8] = [
    "org_",
    "org_0000000000000000000000000",
    "org_000000000000000000000000000",
    "org_0000000000000000000000000!",
    "00000000000000000000000000",
    "ORG%23org_00000000000000000000000000",
    "%F0%9F%98%80",
    "%ff",
];

/// A well-formed id that no invitation has.
const NO_INVITATION: &str = "inv_00000000000000000000000000";

/// The operations on an organization that the caller's scopes suffice for.
pub(crate) fn operations(user: &User) -> impl Iterator<Item = Operation> {
    let may = |operation: &Operation| operation.scope() != Scope::Service || user.is_service();
    Operation::ALL.iter().copied().filter(|operation| is_on_an_organization(*operation)).filter(may)
}

/// The answers to all operations on the organization of a place.
pub(crate) async fn answers(user: &User, place: &Place, header: Option<(&str, &str)>) -> Vec<Response> {
    let mut answers = Vec::new();
    for operation in operations(user) {
        let request = request(operation, user, place);
        let request = header.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        answers.push(request.send().await);
    }
    answers
}

/// Asserts that a client learns the same from these answers.
#[track_caller]
pub(crate) fn assert_same(answers: &[Response], expected: &[Response]) {
    assert!(!expected.is_empty());
    assert_eq!(answers.len(), expected.len());
    for (answer, expected) in answers.iter().zip(expected) {
        assert_eq!(answer.content(), expected.content(), "{answer}{expected}");
    }
}

#[tokio::test]
async fn a_stranger_cannot_tell_whether_an_organization_exists() {
    let team = team().await;
    let place = Place::of(&team).await;
    let none = answers(&team.stranger, &place.at(NONEXISTENT), None).await;
    for answer in &none {
        assert_eq!(answer.expect_error(404, "organization_not_found"), json!(null), "{answer}");
    }
    let targets = [&team.member.id, &team.owner.id, &team.stranger.id, "nobody", "no such id"];
    for target in targets {
        let real = answers(&team.stranger, &place.about(target), None).await;
        assert_same(&real, &none);
    }
    for invitation in [NO_INVITATION, "inv_", "nothing"] {
        let mut place = place.clone();
        invitation.clone_into(&mut place.ids.invitation);
        assert_same(&answers(&team.stranger, &place, None).await, &none);
    }
}

#[tokio::test]
async fn a_malformed_id_gets_the_same_answer_as_a_missing_organization() {
    let team = team().await;
    let place = Place::of(&team).await;
    for user in [&team.stranger, &team.service] {
        let none = answers(user, &place.at(NONEXISTENT), None).await;
        for id in MALFORMED {
            assert_same(&answers(user, &place.at(id), None).await, &none);
        }
    }
}

/// A service may know every organization, so only a missing one is not found.
#[tokio::test]
async fn an_organization_that_does_not_exist_is_not_found_for_a_service_either() {
    let team = team().await;
    let place = Place::of(&team).await.at(NONEXISTENT);
    for answer in answers(&team.service, &place, None).await {
        assert_eq!(answer.expect_error(404, "organization_not_found"), json!(null), "{answer}");
    }
}

#[tokio::test]
async fn preconditions_reveal_nothing_to_a_stranger() {
    let team = team().await;
    let place = Place::of(&team).await;
    for header in [
        ("if-match", "\"4\""),
        ("if-match", "\"7\""),
        ("if-match", "*"),
        ("if-none-match", "\"4\""),
        ("if-none-match", "*"),
    ] {
        let none = answers(&team.stranger, &place.at(NONEXISTENT), Some(header)).await;
        let real = answers(&team.stranger, &place, Some(header)).await;
        for answer in &none {
            answer.expect_error(404, "organization_not_found");
        }
        assert_same(&real, &none);
    }
}

#[tokio::test]
async fn an_invalid_request_gets_the_same_answer_whether_or_not_the_organization_exists() {
    let team = team().await;
    let wrong = |id: &str| {
        let organization = Organization::from_id(id);
        let stranger = &team.stranger;
        [
            stranger.put(&organization.path, json!({ "name": "" })),
            stranger.put(&organization.path, json!({ "name": 5 })),
            stranger.patch(organization.max_overages(), json!({ "maxOverages": -1 })),
            stranger.get(format!("{}?period=x", organization.usage())),
            stranger.get(format!("{}?units=5", organization.usage())),
            stranger.get(format!("{}?after=-1", organization.events())),
            stranger.get(organization.events()).if_match("1"),
            stranger.post(format!("{}/invitation", organization.path), json!({ "role": "king" })),
            stranger.post(format!("{}/invitation", organization.path), json!({ "email": "x" })),
            stranger.patch(organization.member(&team.member.id), json!({})),
            stranger.get(format!("{}?limit=1", organization.member(&team.member.id))),
            stranger.delete(&organization.path).if_match("1"),
            stranger.post(format!("{}/restore?limit=1", organization.path), json!({})),
            stranger.delete(organization.member(&team.member.id)).if_match("1"),
            stranger.get(format!("{}?limit=0", organization.members())),
        ]
    };
    for ((real, none), malformed) in
        wrong(&team.organization.id).into_iter().zip(wrong(NONEXISTENT)).zip(wrong("org_"))
    {
        let real = real.send().await;
        assert!([400, 422].contains(&real.status.as_u16()), "{real}");
        for other in [none.send().await, malformed.send().await] {
            assert_eq!(other.content(), real.content(), "{other}{real}");
        }
    }
}

#[tokio::test]
async fn a_removed_member_gets_the_same_answer_as_a_stranger() {
    let team = team().await;
    let path = team.organization.member(&team.member.id);
    let place = Place::of(&team).await.about(&team.owner.id);
    team.owner.delete(path).send().await.expect(200);
    let stranger = answers(&team.stranger, &place, None).await;
    let removed = answers(&team.member, &place, None).await;
    assert_same(&removed, &stranger);
}

/// A token names the organization and the invitation, and its last 32 bytes are the secret.
#[tokio::test]
async fn a_wrong_token_tells_nothing_about_organizations_and_invitations() {
    let team = team().await;
    let place = Place::of(&team).await;
    let token = &place.ids.token;
    let other = Place::of(&team).await.ids.token;
    let (of_place, secret) = token.split_at(token.len() - 43);
    let wrong = [
        format!("{of_place}{}", &other[other.len() - 43..]),
        format!("{of_place}{}", "A".repeat(43)),
        format!("invt_{}{secret}", "A".repeat(43)),
        format!("invt_{}", "A".repeat(86)),
        format!("{token}A"),
        token.to_lowercase(),
        "invt_".to_owned(),
        String::new(),
    ];
    for user in [&team.owner, &team.admin, &team.member, &team.stranger] {
        for path in ["/invitation/preview", "/invitation/accept"] {
            let none = user.post(path, json!({ "token": "none" })).send().await;
            assert_eq!(none.expect_error(404, "invitation_not_found"), json!(null), "{none}");
            for token in &wrong {
                let answer = user.post(path, json!({ "token": token })).send().await;
                assert_eq!(answer.content(), none.content(), "{answer}{none}");
            }
        }
    }
}
