use crate::recording::Items;
use crate::table::{ANY, Table, acme, caller, now, number, refusal, set, text, user, users};
use serde_json::json;
use shared::model::{Caller, OrganizationId, Role};
use shared::store::Store;
use std::collections::BTreeMap;
use std::sync::Arc;
use support::bus::Bus;
use support::faults::Fault;
use tokio::sync::Notify;

const ORGANIZATIONS: usize = 150;

/// How often the request is interrupted.
const INTERRUPTIONS: usize = 10;

/// What becomes of an organization when `bob` is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// `bob` leaves it.
    Left,
    /// It was deleted before, and `bob` leaves it.
    LeftDeleted,
    /// It ends with `bob`, its only member.
    Ends,
    /// It was deleted before, and ends with `bob`, its only owner.
    EndsDeleted,
}

impl Fate {
    fn of(number: usize) -> Self {
        match number % 10 {
            0 => Self::Ends,
            1 => Self::LeftDeleted,
            2 => Self::EndsDeleted,
            _ => Self::Left,
        }
    }

    fn ends(self) -> bool {
        matches!(self, Self::Ends | Self::EndsDeleted)
    }
}

fn service() -> Caller {
    caller("service:crm")
}

/// Creates an organization that `owner` owns, with these members.
async fn organization(table: &Table, owner: &str, members: &[(&str, Role)]) -> OrganizationId {
    let created = table.create_organization(&service(), &user(owner), acme(), None).await;
    let id = created.unwrap().organization.id;
    for (name, role) in members {
        table.with(&id, name, *role).await;
    }
    id
}

/// The organizations of `bob`.
async fn organizations(table: &Table) -> Vec<(OrganizationId, Fate)> {
    let mut organizations = Vec::new();
    for number in 0..ORGANIZATIONS {
        let fate = Fate::of(number);
        let role = [Role::Member, Role::Admin, Role::Owner][number % 3];
        let id = match fate {
            Fate::Ends => organization(table, "bob", &[]).await,
            Fate::EndsDeleted => organization(table, "bob", &[("cyd", Role::Admin)]).await,
            Fate::Left | Fate::LeftDeleted => organization(table, "ann", &[("bob", role)]).await,
        };
        if matches!(fate, Fate::LeftDeleted | Fate::EndsDeleted) {
            table.delete_organization(&service(), &id, &ANY).await.unwrap();
        }
        organizations.push((id, fate));
    }
    organizations
}

/// Interrupts the next attempt at one of its requests: it is killed before or after DynamoDB has done the request, or all
/// answers to the request are lost.
fn interrupt(table: &Table, place: usize, how: usize, killed: &Arc<Notify>) {
    let kill = killed.clone();
    table.proxy.plan(move |_, number| {
        let kill = kill.clone();
        match how % 3 {
            0 if number == place => {
                kill.notify_one();
                Some(Fault::Stall)
            }
            1 if number == place => Some(Fault::LostAnswerAfter(Box::pin(async move { kill.notify_one() }))),
            // The SDK makes three attempts.
            2 if (place..place + 3).contains(&number) => Some(Fault::LostAnswer),
            _ => None,
        }
    });
}

/// The numbers of events of an organization with this type and, if it is given, this member, by organization.
fn events(items: &Items, kind: &str, member: Option<&str>) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for ((pk, sk), item) in items {
        let target = item.get("target").and_then(|target| target.as_m().unwrap().get("userId"));
        let is_about = target.cloned() == member.map(text);
        if sk.starts_with("EVENT#") && item["type"] == text(kind) && is_about {
            *found.entry(pk.clone()).or_default() += 1;
        }
    }
    found
}

#[tokio::test]
async fn a_user_is_erased_from_150_organizations_although_the_request_is_interrupted_ten_times() {
    let table = Table::new().await;
    let organizations = organizations(&table).await;
    let bystander = table.team().await;
    table.remove_member(&caller("ann"), &bystander, &user("bob"), &ANY).await.unwrap();
    let before = table.items().await;

    let (crm, bob) = (service(), user("bob"));
    let (killed, mut random) = (Arc::new(Notify::new()), fastrand::Rng::with_seed(10));
    let mut interruptions = 0;
    let erased = loop {
        table.proxy.end();
        if interruptions < INTERRUPTIONS {
            // The first is in the middle of the reads. Each attempt has three.
            let place = if interruptions == 0 { 1 } else { random.usize(3..18) };
            interrupt(&table, place, interruptions, &killed);
        }
        let store: Store = support::database::store(table.proxy.url()).await;
        let answer = tokio::select! {
            biased;
            () = killed.notified() => None,
            answer = store.delete_user(&crm, &bob) => Some(answer),
        };
        match answer {
            Some(Ok(erased)) => break erased,
            Some(Err(error)) => assert_eq!(error.code(), "service_unavailable"),
            None => {}
        }
        interruptions += 1;
    };
    assert_eq!(interruptions, INTERRUPTIONS);

    // The last attempt answers for what it did itself.
    let ids: Vec<_> = organizations.iter().map(|(id, _)| id.clone()).collect();
    assert!(erased.left.len() < ORGANIZATIONS && ids.ends_with(&erased.left), "{erased:?}");
    let fate = |id: &OrganizationId| organizations.iter().find(|(other, _)| other == id).unwrap().1;
    let ended: Vec<_> = erased.left.iter().filter(|id| fate(id).ends()).cloned().collect();
    assert_eq!(erased.deleted, ended);

    table.record(&Bus::start().await).await;
    let after = table.items().await;
    let mut expected_removals = BTreeMap::new();
    let mut expected_deletions = BTreeMap::new();
    for (id, fate) in &organizations {
        let own = format!("ORG#{}", id.as_str());
        assert!(table.member_item("bob", id).await.is_none());
        let [old, new] = [&before, &after].map(|items| &items[&(own.clone(), own.clone())]);
        assert_eq!(number(new, "version"), number(old, "version") + 1, "{fate:?}");
        let left = if fate.ends() { 0 } else { 1 };
        assert_eq!(number(new, "memberCount"), number(old, "memberCount") - left, "{fate:?}");
        if fate.ends() {
            assert!((now() - 60..=now()).contains(&number(new, "expiresAt")), "{new:?}");
            assert_eq!(new["deletedAt"], *old.get("deletedAt").unwrap_or(&new["updatedAt"]), "{fate:?}");
            let deletions = if *fate == Fate::Ends { 1 } else { 2 };
            expected_deletions.insert(own, deletions);
        } else {
            assert_eq!(set(new, "owners"), users(&["ann"]), "{fate:?}");
            assert_eq!(new.get("expiresAt"), old.get("expiresAt"), "{fate:?}");
            if *fate == Fate::LeftDeleted {
                expected_deletions.insert(own.clone(), 1);
            }
            expected_removals.insert(own, 1);
        }
    }
    expected_removals.insert(format!("ORG#{}", bystander.as_str()), 1);
    assert_eq!(events(&after, "member.removed", Some("bob")), expected_removals);
    assert_eq!(events(&after, "organization.deleted", None), expected_deletions);
    let others = |items: &Items| {
        let mut items = items.clone();
        let is_his = |key: &str| key.contains("bob") || ids.iter().any(|id| key.ends_with(id.as_str()));
        items.retain(|(pk, sk), _| !is_his(pk) && !is_his(sk) && !sk.starts_with("EVENT#"));
        items
    };
    assert_eq!(others(&after), others(&before));
    assert!(!after.keys().any(|(pk, sk)| pk == "USER#bob" || sk == "MEMBER#bob"));
}

#[tokio::test]
async fn nothing_at_all_changes_if_the_user_is_the_only_owner_among_others() {
    let table = Table::new().await;
    let others = [("cyd", Role::Admin)];
    let mut sole = Vec::new();
    for _ in 0..2 {
        organization(&table, "bob", &[]).await;
        organization(&table, "ann", &[("bob", Role::Member)]).await;
        sole.push(organization(&table, "bob", &others).await);
        let deleted = organization(&table, "bob", &others).await;
        table.delete_organization(&caller("bob"), &deleted, &ANY).await.unwrap();
    }
    let before = table.items().await;

    let ids: Vec<_> = sole.iter().map(OrganizationId::as_str).collect();
    let expected = format!("last_owner {}", json!({ "organizationIds": ids }));
    for caller in [caller("bob"), service()] {
        assert_eq!(refusal(table.delete_user(&caller, &user("bob")).await), expected);
    }
    assert_eq!(table.items().await, before);
    assert_eq!(table.sent("UpdateItem") + table.sent("TransactGetItems"), 2);
}

#[tokio::test]
async fn an_organization_that_ended_is_purged_like_any_other() {
    let (table, bus) = (Table::new().await, Bus::start().await);
    let alone = organization(&table, "bob", &[]).await;
    let deleted = organization(&table, "bob", &[("cyd", Role::Member)]).await;
    table.delete_organization(&service(), &deleted, &ANY).await.unwrap();
    let deleted_at = table.organization_item(&deleted).await["deletedAt"].clone();

    let erased = table.delete_user(&caller("bob"), &user("bob")).await.unwrap();
    assert_eq!((&erased.left, &erased.deleted), (&vec![alone.clone(), deleted.clone()], &erased.left));
    assert_eq!(table.organization_item(&deleted).await["deletedAt"], deleted_at);
    for id in [&alone, &deleted] {
        table.expire_organization(id).await;
    }
    table.record(&bus).await;
    let left: Vec<_> = table.items().await.into_keys().collect();
    let may_stay = |sort: &str| sort == "PURGED" || sort.starts_with("EVENT#");
    assert!(left.iter().all(|(_, sort)| may_stay(sort)), "{left:?}");
    assert!(table.delete_user(&service(), &user("cyd")).await.unwrap().left.is_empty());
}

/// What is left of a membership ends, too, but for everybody the organization does not exist.
#[tokio::test]
async fn a_membership_in_an_organization_that_is_gone_is_deleted_and_not_named() {
    let table = Table::new().await;
    let expired = organization(&table, "ann", &[("bob", Role::Member)]).await;
    let removed = organization(&table, "ann", &[("bob", Role::Owner)]).await;
    let live = organization(&table, "ann", &[("bob", Role::Admin)]).await;
    table.delete_organization(&service(), &expired, &ANY).await.unwrap();
    let mut item = table.organization_item(&expired).await;
    item.insert("expiresAt".to_owned(), crate::table::integer(now()));
    table.put(item.clone()).await;
    table.expire_organization(&removed).await;

    let erased = table.delete_user(&service(), &user("bob")).await.unwrap();
    assert_eq!((erased.left, erased.deleted), (vec![live], vec![]));
    for id in [&expired, &removed] {
        assert!(table.member_item("bob", id).await.is_none());
    }
    assert_eq!(table.organization_item(&expired).await, item);
}
