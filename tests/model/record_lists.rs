//! Answers to listEvents: they never skip an event, and are complete while all events but the newest are stored.

use crate::action::Action;
use crate::answer::{MAX_PAGE, Next};
use crate::clients::Answered;
use crate::instance::Instance;
use crate::record_table::Events;
use crate::request::{Call, Request};
use crate::values::SERVICES;
use aws_sdk_dynamodb::types::{AttributeValue::S, ReturnValue};
use serde_json::Value;
use support::database::Database;

/// How many events of an organization are stored, without a gap.
pub async fn stored(database: &Database, organization: &str) -> u64 {
    let query = database.client.query().table_name(local::TABLE_NAME).consistent_read(true);
    let query = query.key_condition_expression("pk = :pk AND begins_with(sk, :event)");
    let query = query.expression_attribute_values(":pk", S(format!("ORG#{organization}")));
    let query = query.expression_attribute_values(":event", S("EVENT#".to_owned()));
    let items: Vec<_> = query.into_paginator().items().send().collect::<Result<_, _>>().await.unwrap();
    let numbers = items.iter().map(|item| item["number"].as_n().unwrap().parse::<u64>().unwrap());
    (1..).zip(numbers).take_while(|(expected, number)| expected == number).count() as u64
}

/// Checks a list that was answered during the history. `events` are all events in the end.
pub fn check(answered: &Answered, events: &Events) -> Result<(), String> {
    let Answered { call, answer, stored, .. } = answered;
    let Action::ListEvents { after, limit } = call.action() else { return Ok(()) };
    if answer.status != 200 {
        return Ok(());
    }
    let fail = |what: String| Err(format!("{what}: {call:?}\n  {stored} events were stored\n  {answer:?}"));
    let after: u64 = after.map_or(0, |after| after.parse().unwrap());
    let limit = limit.unwrap_or(MAX_PAGE) as u64;
    let version: u64 = answer.etag.as_ref().unwrap().trim_matches('"').parse().unwrap();
    let listed = answer.body.as_array().unwrap();
    let truth = |number: u64| events.get(&call.organization).and_then(|events| events.get(&number));
    for (event, number) in listed.iter().zip(after + 1..) {
        if truth(number) != Some(event) {
            return fail(format!("event {number} is {:?}", truth(number)));
        }
    }
    let (length, most) = (listed.len() as u64, version.saturating_sub(after).min(limit));
    let least = if stored + 1 >= version { most } else { stored.saturating_sub(after).min(most) };
    if !(least..=most).contains(&length) {
        return fail(format!("{length} events, not {least} to {most}"));
    }
    let has_more = length == limit && after + length < version;
    if has_more != matches!(answer.next, Next::Page(_)) {
        return fail("the link to the next page".to_owned());
    }
    Ok(())
}

/// Takes a stored event out of the table, and checks that the list ends before it, however many are stored after it.
pub async fn read_around_hole(
    instance: &Instance,
    database: &Database,
    (organization, events): (&str, &Events),
    random: &mut fastrand::Rng,
) -> Result<(), String> {
    let numbers: Vec<_> = events[organization].keys().copied().collect();
    let missing = random.choice(&numbers).copied().unwrap();
    let key = [("pk", format!("ORG#{organization}")), ("sk", format!("EVENT#{missing:020}"))];
    let key = key.map(|(name, value)| (name.to_owned(), S(value)));
    let delete = database.client.delete_item().table_name(local::TABLE_NAME).set_key(Some(key.into()));
    let taken = delete.return_values(ReturnValue::AllOld).send().await.unwrap().attributes;
    let answer = instance.send(&list(organization, None, None)).await;
    let put = database.client.put_item().table_name(local::TABLE_NAME).set_item(taken);
    put.send().await.unwrap();
    // The newest is made of the organization's item.
    let last = if missing == numbers.len() as u64 { missing } else { missing - 1 };
    let expected: Vec<_> = events[organization].values().take(last as usize).cloned().collect();
    match answer.body.as_array() == Some(&expected) && answer.next == Next::None {
        true => Ok(()),
        false => Err(format!("event {missing} of {organization} was not stored: {answer:?}")),
    }
}

/// A service's request for events.
fn list(organization: &str, after: Option<usize>, limit: Option<usize>) -> Call {
    let after = after.map(|after| -> &'static str { after.to_string().leak() });
    let request = Request::plain(SERVICES[0], Action::ListEvents { after, limit });
    let (organization, reference) = (organization.to_owned(), String::new());
    Call { request, organization, version: 1, reference, page: None }
}

/// Lists the events of an organization page by page, from a random one on. Returns how many pages it took.
pub async fn read_all(
    instance: &Instance,
    organization: &str,
    events: &Events,
    random: &mut fastrand::Rng,
) -> Result<usize, String> {
    let all: Vec<&Value> = events[organization].values().collect();
    let after = random.usize(0..=all.len());
    let some = random.usize(1..=all.len());
    let limit = random.choice([None, Some(1), Some(some)]).unwrap();
    let mut call = list(organization, Some(after), limit);
    let mut listed = Vec::new();
    for pages in 1.. {
        let answer = instance.send(&call).await;
        let Value::Array(page) = answer.body.clone() else { return Err(format!("{call:?}\n  {answer:?}")) };
        listed.extend(page);
        match &answer.next {
            Next::Page(next) => call.page = Some((0, next.trim_start_matches('?').to_owned())),
            _ if listed.iter().collect::<Vec<_>>() == all[after..] => return Ok(pages),
            _ => return Err(format!("{call:?}\n  lists {listed:?}\n  but stored are {all:?}")),
        }
    }
    unreachable!("pages are counted without an end")
}
