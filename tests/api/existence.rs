//! Non-members learn nothing: an existing organization, a missing one and a malformed id get byte-identical
//! answers.

use crate::{
    client::{Response, User},
    organizations::{Organization, team},
};
use functions::Operation;
use reqwest::Method;
use serde_json::{Value, json};
use support::example::example;

/// A well-formed id that no organization has.
const NONEXISTENT: &str = "org_00000000000000000000000000";

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

/// The operations on an organization, each with the rest of its path.
fn operations(member: &str) -> Vec<(Method, String, Option<Value>)> {
    let member = crate::organizations::percent_encode(member);
    let operation = |operation: &Operation| {
        let rest = operation.path().strip_prefix("/organization/{organization_id}")?;
        let method = operation.method().parse().expect("a method");
        Some((method, rest.replace("{user_id}", &member), example(*operation).body))
    };
    Operation::ALL.iter().filter_map(operation).collect()
}

/// The answers to all operations on the organization with this id.
async fn answers(user: &User, id: &str, member: &str, header: Option<(&str, &str)>) -> Vec<Response> {
    let organization = Organization::from_id(id);
    let mut answers = Vec::new();
    for (method, rest, body) in operations(member) {
        let mut request = user.request(method, format!("{}{rest}", organization.path));
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        if let Some(body) = &body {
            request = request.json(body);
        }
        answers.push(request.send().await);
    }
    answers
}

fn assert_same(answers: &[Response], expected: &[Response]) {
    assert_eq!(answers.len(), expected.len());
    for (answer, expected) in answers.iter().zip(expected) {
        assert_eq!(answer.content(), expected.content(), "{answer}{expected}");
    }
}

#[tokio::test]
async fn a_stranger_cannot_tell_whether_an_organization_exists() {
    let team = team().await;
    let none = answers(&team.stranger, NONEXISTENT, &team.member.id, None).await;
    for answer in &none {
        assert_eq!(answer.expect_error(404, "organization_not_found"), json!(null), "{answer}");
    }
    let targets = [&team.member.id, &team.owner.id, &team.stranger.id, "nobody", "no such id"];
    for target in targets {
        let real = answers(&team.stranger, &team.organization.id, target, None).await;
        assert_same(&real, &none);
    }
}

#[tokio::test]
async fn a_malformed_id_gets_the_same_answer_as_a_missing_organization() {
    let team = team().await;
    let none = answers(&team.stranger, NONEXISTENT, &team.member.id, None).await;
    for id in MALFORMED {
        assert_same(&answers(&team.stranger, id, &team.member.id, None).await, &none);
    }
}

#[tokio::test]
async fn preconditions_reveal_nothing_to_a_stranger() {
    let team = team().await;
    for header in [("if-match", "\"3\""), ("if-match", "\"7\""), ("if-match", "*")] {
        let none = answers(&team.stranger, NONEXISTENT, &team.member.id, Some(header)).await;
        let real = answers(&team.stranger, &team.organization.id, &team.member.id, Some(header)).await;
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
            stranger.post(organization.members(), json!({ "userId": "somebody", "role": "king" })),
            stranger.patch(organization.member(&team.member.id), json!({})),
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
    team.owner.delete(path).send().await.expect(200);
    let stranger = answers(&team.stranger, &team.organization.id, &team.owner.id, None).await;
    let removed = answers(&team.member, &team.organization.id, &team.owner.id, None).await;
    assert_same(&removed, &stranger);
}
