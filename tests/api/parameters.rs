//! Query parameters: every operation refuses those that it does not have.

use crate::{
    client::{Request, User},
    examples::{Place, body, path, sender},
    organizations::team,
};
use functions::Operation;
use serde_json::Value;

/// The operation's valid request, with this query.
fn request(operation: Operation, caller: &User, place: &Place, query: &str) -> Request {
    let method = operation.method().parse().expect("a method");
    let path = path(operation, caller, place);
    let separator = if path.contains('?') { '&' } else { '?' };
    let request = caller.request(method, format!("{path}{separator}{query}"));
    body(operation, caller, place).iter().fold(request, Request::json)
}

fn has_pages(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::ListOrganizations
            | Operation::ListEvents
            | Operation::ListMembers
            | Operation::ListInvitations
    )
}

#[tokio::test]
async fn every_operation_refuses_an_unknown_parameter_and_names_it() {
    let team = team().await;
    let place = Place::of(&team).await;
    let before = team.owner.organization(&team.organization).await;
    for operation in Operation::ALL.iter().copied() {
        let sender = sender(operation, &team);
        for (query, name) in [
            ("page=2", "page"),
            ("offset", "offset"),
            ("Limit=1", "Limit"),
            ("a%20b=1", "a b"),
            ("=x", ""),
            ("external_id=1", "external_id"),
            // The first in the order of names.
            ("page=2&offset=1", "offset"),
        ] {
            let response = request(operation, sender, &place, query).send().await;
            response.expect_invalid_request(name);
            let message = response.expect(400)["message"].clone();
            assert_eq!(message, Value::from(format!("Unknown query parameter {name:?}. Remove it.")));
        }
        let known = request(operation, sender, &place, "limit=1").send().await;
        match has_pages(operation) {
            true => drop(known.expect(200)),
            false => known.expect_invalid_request("limit"),
        }
        let period = request(operation, sender, &place, "period=2026-11").send().await;
        match operation {
            Operation::GetUsage => drop(period.expect(200)),
            _ => period.expect_invalid_request("period"),
        }
        let after = request(operation, sender, &place, "after=4").send().await;
        match operation {
            Operation::ListEvents => drop(after.expect(200)),
            _ => after.expect_invalid_request("after"),
        }
        // A list of events has numbers instead.
        let cursor = request(operation, sender, &place, "cursor=x").send().await;
        match has_pages(operation) && operation != Operation::ListEvents {
            true => drop(cursor.expect_error(400, "invalid_cursor")),
            false => cursor.expect_invalid_request("cursor"),
        }
        // A service lists by it what a user cannot.
        let external = request(operation, sender, &place, "externalId=1").send().await;
        match operation {
            Operation::ListOrganizations => drop(external.expect_error(403, "forbidden")),
            _ => external.expect_invalid_request("externalId"),
        }
        let deleted = request(operation, sender, &place, "deleted=true").send().await;
        match operation {
            Operation::ListOrganizations => drop(deleted.expect(200)),
            _ => deleted.expect_invalid_request("deleted"),
        }
        if operation != Operation::ListOrganizations {
            let found = request(operation, sender, &place, "externalId=1").send().await;
            found.expect_invalid_request("externalId");
        }
    }
    assert_eq!(team.owner.organization(&team.organization).await, before);
}

#[tokio::test]
async fn an_empty_query_has_no_parameters() {
    let team = team().await;
    let place = Place::of(&team).await;
    for query in ["", "&", "&&"] {
        for operation in Operation::ALL.iter().copied().filter(|operation| operation.method() == "GET") {
            request(operation, &team.owner, &place, query).send().await.expect(200);
        }
    }
}

#[tokio::test]
async fn a_parameter_may_be_sent_once() {
    let team = team().await;
    for (user, query, name) in [
        (&team.owner, "limit=1&limit=1", "limit"),
        (&team.owner, "deleted=true&deleted=true", "deleted"),
        (&team.service, "userId=a&userId=a", "userId"),
        (&team.service, "externalId=a&externalId=a", "externalId"),
    ] {
        let response = user.get(format!("/organization/list?{query}")).send().await;
        response.expect_invalid_request(name);
    }
    for name in ["after", "limit"] {
        let response = team.owner.get(format!("{}?{name}=1&{name}=1", team.organization.events())).send();
        response.await.expect_invalid_request(name);
    }
}
