//! A user with 1,050 organizations: too many for one page, and for one read from DynamoDB.

use crate::stack;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const LIST: &str = "/organization/list";

fn ids(organizations: &[Value]) -> Vec<&str> {
    organizations.iter().map(|organization| organization["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_pages_list_each_of_1050_organizations_once() {
    let reason = "1,050 organizations would remain for as long as a deleted one can be restored";
    let Some(_) = stack::local_only(reason) else { return };
    let (alice, service) = (stack::user("alice"), stack::service());
    let created: BTreeSet<String> = stream::iter(0..1_050)
        .map(async |index| {
            // A user can create no more than 100, but can own those that services create.
            let body = json!({ "organizationName": format!("Number {index}"), "owner": alice.id });
            let created = service.post("/organization", body).send().await.expect(201);
            created["id"].as_str().unwrap().to_owned()
        })
        .buffer_unordered(8)
        .collect()
        .await;
    assert_eq!(created.len(), 1_050);
    let created: Vec<&str> = created.iter().map(String::as_str).collect();

    let first = alice.get(LIST).send().await;
    let next = first.next_page().expect("a second page");
    let second = alice.get(next).send().await;
    let (first, last, second) = (first.expect(200), second.next_page(), second.expect(200));
    let (first, second) = (first.as_array().unwrap(), second.as_array().unwrap());
    assert_eq!((first.len(), second.len(), last), (1_000, 50, None));
    assert_eq!([ids(first), ids(second)].concat(), created);

    let pages = alice.pages(&format!("{LIST}?limit=7")).await;
    assert!(pages[..150].iter().all(|page| page.len() == 7));
    assert_eq!(ids(&pages.concat()), created);
    for limit in [100, 101, 525, 999] {
        let pages = alice.pages(&format!("{LIST}?limit={limit}")).await;
        assert_eq!(ids(&pages.concat()), created, "limit={limit}");
    }
}
