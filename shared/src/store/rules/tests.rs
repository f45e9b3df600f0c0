use super::*;
use crate::model::{InvitationId, MaxMembers, NewOrganization, OrganizationId, OrganizationName, Versions};
use crate::store::items;
use crate::store::keys;
use aws_sdk_dynamodb::Client;
use std::collections::BTreeMap;

const ITEMS: usize = 100;

/// The rule without its arguments.
fn name(rule: Rule<'_>) -> String {
    format!("{rule:?}").split(|character: char| !character.is_alphanumeric()).next().unwrap().to_owned()
}

/// Every rule for a caller and a target.
fn rules<'a>(
    caller: &'a Caller,
    target: &'a UserId,
    preconditions: &'a [Preconditions],
) -> impl Iterator<Item = Rule<'a>> {
    let rules = [
        Rule::IsMember { caller, target },
        Rule::IsNoMember,
        Rule::IsPending,
        Rule::NotDeleted,
        Rule::NotYetDeleted,
        Rule::CanBeRestored,
        Rule::Administers(caller),
        Rule::Owns(caller),
        Rule::Manages { caller, target },
        Rule::OwnerStays(target),
        Rule::RoomForMember,
        Rule::RoomForAdmin(target),
        Rule::InvitationsMade(1),
    ];
    rules.into_iter().chain(preconditions.iter().map(Rule::Preconditions))
}

/// A random organization whose owners and admins include some of these users, often at the limit of
/// owners and admins, sometimes deleted. It can always still be restored: after that time, no caller may know of it.
fn generate(random: &mut fastrand::Rng, id: &OrganizationId, users: &[UserId]) -> Item {
    let new = NewOrganization::new(OrganizationName::parse("Acme").unwrap(), None);
    let creator = Caller::User(users[0].clone());
    let mut item = OrganizationItem::new(id, &creator, &users[0], &new, Timestamp::now());
    let some = |random: &mut fastrand::Rng| -> Vec<_> {
        users.iter().filter(|_| random.bool()).map(digest_of).collect()
    };
    // DynamoDB has no empty sets, and an organization always has an owner.
    item.owners = vec![digest_of(&users[random.usize(..users.len())])];
    if random.bool() {
        item.owners.extend(some(random));
    }
    item.owners.sort_unstable_by_key(|digest| digest.into_array());
    item.owners.dedup();
    let fillers = [0, 96, 97, 98, 99, 100][random.usize(..6)];
    let fillers = (0..fillers).map(|number| digest_of(&user(&format!("filler{number}"))));
    item.privileged = item.owners.iter().copied().chain(some(random)).chain(fillers).collect();
    item.privileged.sort_unstable_by_key(|digest| digest.into_array());
    item.privileged.dedup();
    item.member_count = random.u64(1..4);
    if random.bool() {
        item.max_members = MaxMembers::members(random.i128(1..4)).unwrap();
    }
    item.version = random.u64(1..4);
    item.invitations_created = random.u64(0..3);
    let mut item = items::write(&item).unwrap();
    if random.bool() {
        item.insert("deletedAt".to_owned(), AttributeValue::S("2026-01-31T12:00:00.000Z".to_owned()));
        item.insert("expiresAt".to_owned(), in_seconds(60));
    }
    item
}

/// An invitation that is pending, has been accepted, or has expired.
fn invitation(random: &mut fastrand::Rng, key: Item) -> Item {
    let mut item = key;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    item.extend(
        [
            ("role", text("member")),
            ("secretHash", AttributeValue::B(Blob::new([0; 32]))),
            ("invitedBy", text("ann")),
            ("createdAt", text("2026-01-31T12:00:00.000Z")),
            ("expiresAt", in_seconds([-60, 0, 60][random.usize(..3)])),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    if random.bool() {
        item.insert("acceptedBy".to_owned(), text("bob"));
    }
    item
}

fn in_seconds(seconds: i64) -> AttributeValue {
    AttributeValue::N(Timestamp::seconds_now().strict_add_signed(seconds).to_string())
}

fn preconditions(random: &mut fastrand::Rng) -> Preconditions {
    let mut versions = || match random.usize(..6) {
        0 => None,
        1 => Some(Versions::Any),
        2 => Some(Versions::OneOf((2..52).collect())),
        length => Some(Versions::OneOf((3..length).map(|_| random.u64(1..4)).collect())),
    };
    Preconditions { if_match: versions(), if_none_match: versions(), ..Preconditions::NONE }
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

/// Puts the item at this key, or deletes what is there.
async fn store(client: &Client, key: &Item, item: Option<Item>) {
    match item {
        Some(item) => drop(client.put_item().table_name("table").set_item(Some(item)).send().await.unwrap()),
        None => {
            let delete = client.delete_item().table_name("table").set_key(Some(key.clone()));
            delete.send().await.unwrap();
        }
    }
}

/// True if the rule's condition holds in DynamoDB for the item at this key.
async fn holds(client: &Client, rule: Rule<'_>, key: Item) -> bool {
    let mut values = Item::new();
    let condition = rule.condition(&mut values);
    let check =
        client.update_item().table_name("table").set_key(Some(key)).set_condition_expression(condition);
    let check = check.set_expression_attribute_values((!values.is_empty()).then_some(values));
    match check.send().await {
        Ok(_) => true,
        Err(error) => {
            let error = error.into_service_error();
            assert!(error.is_conditional_check_failed_exception(), "{rule:?}: {error:?}");
            false
        }
    }
}

#[tokio::test]
async fn a_condition_holds_in_dynamodb_exactly_if_the_rule_is_not_broken() {
    let dynamodb = local::start_in_memory().await.unwrap();
    let client = dynamodb.client();
    local::table::create(&client, "table").await.unwrap();
    let (id, users) = (OrganizationId::generate(), ["ann", "bob", "cyd"].map(user));
    let invited = InvitationId::generate();
    let mut random = fastrand::Rng::with_seed(1);
    let mut verdicts: BTreeMap<_, [usize; 2]> = BTreeMap::new();
    for _ in 0..ITEMS {
        let stored = generate(&mut random, &id, &users);
        let [caller, target] = [0, 1].map(|_| &users[random.usize(..users.len())]);
        let caller = match random.usize(..4) {
            0 => Caller::Service(caller.clone()),
            _ => Caller::User(caller.clone()),
        };
        let preconditions = [0; 5].map(|_| preconditions(&mut random));
        for rule in rules(&caller, target, &preconditions) {
            store(&client, &keys::organization(&id), Some(stored.clone())).await;
            let (key, about) = match rule {
                Rule::IsMember { .. } | Rule::IsNoMember => {
                    (keys::member(&id, target), random.bool().then(|| keys::member(&id, target)))
                }
                Rule::IsPending => {
                    let key = keys::invitation(&id, &invited);
                    (key.clone(), random.bool().then(|| invitation(&mut random, key)))
                }
                _ => (keys::organization(&id), Some(stored.clone())),
            };
            // Reset this item: the previous update may have created it.
            store(&client, &key, about.clone()).await;
            let organization = Some(items::read(stored.clone()).unwrap());
            let target = about.map_or(Target::Missing, Target::Present);
            let (holds, broken) =
                (holds(&client, rule, key).await, rule.broken(&Seen { organization, target }));
            assert_eq!(holds, broken.is_ok(), "{rule:?}, {broken:?}, stored as {stored:?}");
            verdicts.entry(name(rule)).or_default()[usize::from(holds)] += 1;
        }
    }
    assert_eq!(verdicts.len(), 14, "{verdicts:?}");
    assert!(verdicts.values().flatten().all(|times| *times > 0), "{verdicts:?}");
}
