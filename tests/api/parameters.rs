//! Query parameters: every operation refuses those that it does not have.

use crate::{
    client::Request,
    organizations::{Team, team},
};
use functions::Operation;
use reqwest::Method;
use serde_json::Value;
use support::example::example;

/// The operation's valid request, with this query.
fn request(operation: Operation, team: &Team, query: &str) -> Request {
    let path = operation.path().replace("{organization_id}", &team.organization.id);
    let path = path.replace("{user_id}", &crate::organizations::percent_encode(&team.member.id));
    let method: Method = operation.method().parse().unwrap();
    let request = team.owner.request(method, format!("{path}?{query}"));
    example(operation).body.iter().fold(request, Request::json)
}

fn has_pages(operation: Operation) -> bool {
    matches!(operation, Operation::ListOrganizations | Operation::ListMembers)
}

#[tokio::test]
async fn every_operation_refuses_an_unknown_parameter_and_names_it() {
    let team = team().await;
    let before = team.owner.organization(&team.organization).await;
    for operation in Operation::ALL.iter().copied() {
        for (query, name) in [
            ("page=2", "page"),
            ("offset", "offset"),
            ("Limit=1", "Limit"),
            ("a%20b=1", "a b"),
            ("=x", ""),
            // The first in the order of names.
            ("page=2&offset=1", "offset"),
        ] {
            let response = request(operation, &team, query).send().await;
            response.expect_invalid_request(name);
            let message = response.expect(400)["message"].clone();
            assert_eq!(message, Value::from(format!("Unknown query parameter {name:?}. Remove it.")));
        }
        let known = request(operation, &team, "limit=1").send().await;
        match has_pages(operation) {
            true => drop(known.expect(200)),
            false => known.expect_invalid_request("limit"),
        }
    }
    assert_eq!(team.owner.organization(&team.organization).await, before);
}

#[tokio::test]
async fn an_empty_query_has_no_parameters() {
    let team = team().await;
    for query in ["", "&", "&&"] {
        request(Operation::GetOrganization, &team, query).send().await.expect(200);
        request(Operation::ListMembers, &team, query).send().await.expect(200);
    }
}
