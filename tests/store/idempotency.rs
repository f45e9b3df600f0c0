//! Records of requests with an Idempotency-Key: their lifetime, and the transaction that writes them.

use crate::table::{Table, acme, caller, integer, now, number, refusal, text, user};
use shared::model::{IdempotencyKey, NewOrganization, OrganizationName};
use std::iter::repeat_with;
use support::faults::Fault;

const DAY: i64 = 24 * 60 * 60;

fn key(value: &str) -> IdempotencyKey {
    IdempotencyKey::parse(value).expect("a key")
}

fn another() -> NewOrganization {
    NewOrganization::new(OrganizationName::parse("Another").unwrap(), None)
}

/// Changes the expiry of the record of `ann`'s request with the key `k`.
async fn expire(table: &Table, at: i64) {
    let mut item = table.idempotency_item("ann", "k").await.unwrap();
    item.insert("expiresAt".into(), integer(at));
    table.put(item).await;
}

#[tokio::test]
async fn a_key_is_remembered_for_24_hours() {
    let table = Table::new().await;
    let ann = caller("ann");
    let earliest = now() + DAY;
    let first = table.create(&ann, acme(), Some(&key("k"))).await.unwrap().organization;
    let record = table.idempotency_item("ann", "k").await.unwrap();
    assert!((earliest..=now() + DAY).contains(&number(&record, "expiresAt")), "{record:?}");
    assert_eq!(record["organizationId"], text(first.id.as_str()));

    expire(&table, now() + 60).await;
    assert_eq!(table.create(&ann, acme(), Some(&key("k"))).await.unwrap().organization, first);
}

#[tokio::test]
async fn an_expired_record_that_still_exists_is_ignored_and_replaced() {
    let table = Table::new().await;
    let ann = caller("ann");
    let first = table.create(&ann, acme(), Some(&key("k"))).await.unwrap().organization;

    for new in [acme(), another()] {
        expire(&table, now()).await;
        let second = table.create(&ann, new, Some(&key("k"))).await.unwrap().organization;
        assert_ne!(second.id, first.id);
        let record = table.idempotency_item("ann", "k").await.unwrap();
        assert_eq!(record["organizationId"], text(second.id.as_str()));
        assert!(number(&record, "expiresAt") > now());
    }
    assert_eq!(table.list_organizations(&user("ann"), false, 9, None).await.unwrap().items.len(), 3);
}

#[tokio::test]
async fn a_repeated_request_adds_no_item_of_any_kind() {
    let table = Table::new().await;
    let (ann, bob) = (caller("ann"), caller("bob"));
    let first = table.create(&ann, acme(), Some(&key("k"))).await.unwrap().organization;
    assert_eq!(table.size().await, 5);

    assert_eq!(table.create(&ann, acme(), Some(&key("\"k\""))).await.unwrap().organization, first);
    let reused = table.create(&ann, another(), Some(&key("k"))).await;
    assert_eq!(refusal(reused), "idempotency_key_reused");
    assert_eq!(table.size().await, 5);

    assert_ne!(table.create(&bob, acme(), Some(&key("k"))).await.unwrap().organization.id, first.id);
    assert_eq!(table.size().await, 10);
}

#[tokio::test]
async fn a_failed_creation_does_not_use_up_its_key() {
    let table = Table::new().await;
    let ann = caller("ann");
    for item in 0..5 {
        let mut reasons = ["None"; 5];
        reasons[item] = "ThrottlingError";
        table.inject((0..5).map(|_| Fault::canceled(reasons)));
        let failed = table.create(&ann, acme(), Some(&key("k"))).await;
        assert_eq!(refusal(failed), "service_unavailable");
        assert_eq!(table.size().await, 0);
    }

    table.create(&ann, another(), Some(&key("k"))).await.unwrap();
    assert_eq!(table.size().await, 5);
}

#[tokio::test]
async fn a_creation_whose_answers_were_all_lost_is_found_by_its_key() {
    let table = Table::new().await;
    let ann = caller("ann");
    table.inject([Fault::LostAnswer]);
    let once = table.create(&ann, acme(), Some(&key("once"))).await.unwrap();
    assert_eq!((once.is_replayed, table.size().await), (false, 5));

    table.inject([Fault::LostAnswer, Fault::LostAnswer, Fault::LostAnswer]);
    let lost = table.create(&ann, acme(), Some(&key("k"))).await;
    assert_eq!(refusal(lost), "service_unavailable");
    let again = table.create(&ann, acme(), Some(&key("k"))).await.unwrap();
    let listed = table.list_organizations(&user("ann"), false, 9, None).await.unwrap().items;
    assert_eq!((listed.len(), listed.last()), (2, Some(&again.organization)));
    assert!(again.is_replayed);
}

#[tokio::test]
async fn a_repeated_request_waits_a_limited_time_for_the_first_one() {
    let table = Table::new().await;
    let ann = caller("ann");
    let running = |times| {
        repeat_with(|| Fault::canceled(["None", "None", "None", "None", "TransactionConflict"])).take(times)
    };

    table.inject(running(5));
    let refused = table.create(&ann, acme(), Some(&key("k"))).await;
    assert_eq!(refusal(refused), "idempotency_in_progress");
    assert_eq!(table.size().await, 0);

    table.inject(running(4));
    let first = table.create(&ann, acme(), Some(&key("k"))).await.unwrap().organization;
    table.inject(running(4));
    assert_eq!(table.create(&ann, acme(), Some(&key("k"))).await.unwrap().organization, first);
}

/// Old builds of DynamoDB Local return no items with a refusal, even when asked for them.
#[tokio::test]
async fn the_record_of_a_key_is_read_if_the_refusal_does_not_contain_it() {
    let table = Table::new().await;
    let ann = caller("ann");
    let refused = || [Fault::canceled(["None", "None", "None", "None", "ConditionalCheckFailed"])];

    table.inject(refused());
    let expired_meanwhile = table.create(&ann, acme(), Some(&key("k"))).await;
    assert_eq!(refusal(expired_meanwhile), "idempotency_in_progress");

    let first = table.create(&ann, acme(), Some(&key("k"))).await.unwrap().organization;
    table.inject(refused());
    assert_eq!(table.create(&ann, acme(), Some(&key("k"))).await.unwrap().organization, first);
    table.inject(refused());
    let reused = table.create(&ann, another(), Some(&key("k"))).await;
    assert_eq!(refusal(reused), "idempotency_key_reused");
}

#[tokio::test]
async fn records_are_not_listed_as_organizations() {
    let table = Table::new().await;
    let ann = caller("ann");
    let mut created = Vec::new();
    for name in ["a", "b", "c"] {
        created.push(table.create(&ann, acme(), Some(&key(name))).await.unwrap().organization);
    }

    let mut listed = Vec::new();
    let mut after = None;
    loop {
        let page = table.list_organizations(&user("ann"), false, 1, after.as_deref()).await.unwrap();
        listed.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(listed, created);
}
