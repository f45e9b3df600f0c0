//! A non-member's request causes the same DynamoDB requests whether or not the organization exists, and whether
//! or not the user or the invitation that the request concerns does. Their times may still differ, since a refusal
//! of an existing organization contains its item: `response_times_of_strangers` measures by how much.

use functions::Operation;
use lambda_http::{Context, LambdaEvent};
use serde_json::{Value, json};
use shared::model::{
    Caller, InvitationId, InvitationToken, NewOrganization, OrganizationId, OrganizationName, Preconditions,
    Role, UserId,
};
use shared::store::Store;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::database::{Database, store};
use support::example::{self, Allowed, MEMBER, Place, SERVICE};
use support::in_process;
use support::proxy::Proxy;
use support::statistics::{machine, median, milliseconds, percentile};

/// The same length as [`MEMBER`].
const NO_MEMBER: &str = "canary|absent";

/// Requests to DynamoDB: the action of each, and the keys in it.
type Requests = Vec<(String, Vec<Value>)>;

struct World {
    proxy: Proxy,
    store: Store,
    database: Database,
    /// An organization with a member, a pending invitation and usage. Its token has another secret than the
    /// invitation's.
    here: Place,
    /// The same, deleted.
    deleted: Place,
    /// Neither the organization nor the invitation exists.
    nowhere: Place,
}

impl World {
    async fn new() -> Self {
        let database = Database::start().await;
        let proxy = Proxy::start(database.url()).await;
        let store = store(proxy.url()).await;
        let here = Place::create(&store, "ann").await;
        let deleted = Place::create(&store, "ann").await;
        let (ann, id) = (Caller::User(user("ann")), OrganizationId::parse(&deleted.organization).unwrap());
        store.delete_organization(&ann, &id, &Preconditions::NONE).await.unwrap();
        let report = example::request(Operation::RecordUsage, SERVICE, &here);
        in_process::body(&report, &store).await.unwrap();
        let (here, deleted) = (forged(&here), forged(&deleted));
        Self { proxy, store, database, here, deleted, nowhere: nowhere() }
    }

    /// The status of the answer to a stranger, and the requests to DynamoDB.
    async fn ask(&self, operation: Operation, place: &Place, user: &str) -> (i64, Requests) {
        self.ask_as("stranger", operation, place, user).await
    }

    /// The same for another caller. The ids of organization, user and invitation are masked.
    async fn ask_as(&self, caller: &str, operation: Operation, place: &Place, user: &str) -> (i64, Requests) {
        let requests = Arc::<Mutex<Requests>>::default();
        let masks = [(&place.organization, "<id>"), (&place.invitation, "<invitation>")];
        let masks = masks.map(|(id, mask)| (id.clone(), mask));
        let (seen, user_of) = (requests.clone(), user.to_owned());
        self.proxy.plan_by_body(move |action, body| {
            let body = String::from_utf8_lossy(body).replace(&user_of, "<user>");
            let body = masks.iter().fold(body, |body, (id, mask)| body.replace(id, mask));
            let mut found = Vec::new();
            keys(&serde_json::from_str(&body).unwrap(), &mut found);
            seen.lock().unwrap().push((action.to_owned(), found));
            None
        });
        let request = example::request(operation, caller, place).event().to_string();
        let event = serde_json::from_str(&request.replace(MEMBER, user)).unwrap();
        let response =
            in_process::invoke(operation, &self.store, LambdaEvent::new(event, Context::default()));
        let status = response.await.status_code;
        (status, std::mem::take(&mut *requests.lock().unwrap()))
    }
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

/// The same place, with a token that nobody was given.
fn forged(place: &Place) -> Place {
    let organization = OrganizationId::parse(&place.organization).unwrap();
    let invitation = InvitationId::parse(&place.invitation).unwrap();
    let token = InvitationToken::generate(&organization, &invitation).unwrap().to_text();
    Place { token, ..place.clone() }
}

/// A place that does not exist.
fn nowhere() -> Place {
    let (organization, invitation) = (OrganizationId::generate(), InvitationId::generate());
    forged(&Place {
        organization: organization.as_str().to_owned(),
        invitation: invitation.as_str().to_owned(),
        token: String::new(),
    })
}

/// The operations that refuse a stranger after a look at the table. The others are open to every user, to the user in
/// the path, or to services alone.
fn operations() -> impl Iterator<Item = Operation> {
    Operation::ALL.iter().copied().filter(|operation| match example::example(*operation).allowed {
        Allowed::Everybody | Allowed::Services | Allowed::Oneself => false,
        Allowed::Invitees | Allowed::Members | Allowed::Admins | Allowed::Owners => true,
    })
}

/// The keys of items in a request.
fn keys(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(fields) => {
            if let (Some(pk), Some(sk)) = (fields.get("pk"), fields.get("sk")) {
                found.push(json!([pk, sk]));
            }
            fields.values().for_each(|value| keys(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| keys(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn a_stranger_causes_the_same_requests_whether_or_not_organization_member_and_invitation_exist() {
    let world = World::new().await;
    let World { here, deleted, nowhere, .. } = &world;
    let not_invited = forged(&Place { invitation: nowhere.invitation.clone(), ..here.clone() });
    for operation in operations() {
        let (status, requests) = world.ask(operation, here, NO_MEMBER).await;
        assert_eq!(status, 404, "{operation:?}");
        assert!(!requests.is_empty(), "{operation:?}");
        assert!(requests.iter().all(|(_, keys)| !keys.is_empty()), "{operation:?}: {requests:?}");
        for (what, place) in [
            ("an organization", here),
            ("no invitation", &not_invited),
            ("a deleted organization", deleted),
            ("no organization", nowhere),
        ] {
            let other = world.ask(operation, place, MEMBER).await;
            assert_eq!(other, (status, requests.clone()), "{operation:?} of {what}");
        }
        let [here, nowhere] = [here, nowhere].map(|place| world.ask(operation, place, "stranger"));
        assert_eq!(here.await, nowhere.await, "{operation:?} with the stranger's own id as the member");
    }
}

/// An invitation's id is a digest of its address, so a member could ask whether an address is invited.
#[tokio::test]
async fn a_plain_member_causes_the_same_requests_whether_or_not_an_invitation_exists() {
    let world = World::new().await;
    let invited = &world.here;
    let not_invited = Place { invitation: world.nowhere.invitation.clone(), ..invited.clone() };
    let revoke = Operation::RevokeInvitation;
    let asked = world.ask_as(MEMBER, revoke, invited, MEMBER).await;
    assert_eq!(asked.0, 403, "{asked:?}");
    assert_eq!(world.ask_as(MEMBER, revoke, &not_invited, MEMBER).await, asked);
}

#[tokio::test]
async fn a_user_causes_no_request_by_what_only_services_may_do() {
    let world = World::new().await;
    for &operation in Operation::ALL {
        if example::example(operation).allowed == Allowed::Services {
            assert_eq!(world.ask(operation, &world.here, MEMBER).await, (403, vec![]), "{operation:?}");
        }
    }
}

/// Neither finds out whether an external id is taken.
#[tokio::test]
async fn a_user_causes_no_request_by_what_only_services_may_send() {
    let world = World::new().await;
    let create = example::request(Operation::CreateOrganization, MEMBER, &world.here);
    let list = example::request(Operation::ListOrganizations, MEMBER, &world.here);
    let before = world.proxy.actions().len();
    for request in [
        create.clone().body(json!({ "organizationName": "Acme", "externalId": "crm-1" })),
        create.body(json!({ "organizationName": "Acme", "owner": MEMBER, "externalId": "crm-1" })),
        list.clone().query("externalId=crm-1"),
        list.query(&format!("externalId=crm-1&userId={MEMBER}").replace('|', "%7C")),
    ] {
        let refusal = in_process::body(&request, &world.store).await.unwrap_err();
        assert!(refusal.contains("403") && refusal.contains("forbidden"), "{refusal}");
    }
    assert_eq!(world.proxy.actions().len(), before);
}

/// The number of measured requests per operation and organization.
const MEASURED: usize = 200;

/// The time until a stranger's request is refused.
async fn refusal(store: &Store, operation: Operation, place: &Place) -> Duration {
    let event = example::request(operation, "stranger", place).event().to_string();
    let started = Instant::now();
    let event = LambdaEvent::new(serde_json::from_str(&event).unwrap(), Context::default());
    let response = in_process::invoke(operation, store, event).await;
    let time = started.elapsed();
    assert_eq!(response.status_code, 404, "{operation:?}");
    time
}

/// An organization with as many owners as possible, and thus the largest item.
async fn largest_organization(store: &Store) -> Place {
    let (owner, any) = (user("owner-0"), Preconditions::NONE);
    let new = NewOrganization::new(OrganizationName::parse(&"🦀".repeat(256)).unwrap(), None);
    let created = store.create_organization(&Caller::User(owner.clone()), &owner, new, None).await;
    let id = created.unwrap().organization.id;
    for number in 1..100 {
        let owner = user(&format!("owner-{number}"));
        store.add_member(&user("service"), &id, owner, Role::Owner, &any).await.unwrap();
    }
    forged(&Place { organization: id.as_str().to_owned(), ..nowhere() })
}

/// Prints the table in docs/performance.md. The organizations take turns, so that whatever else the machine does
/// affects all of them.
#[tokio::test]
#[ignore = "measures times: `cargo test --test faults -- --ignored --nocapture response_times`"]
async fn response_times_of_strangers() {
    let world = World::new().await;
    let store = store(world.database.url()).await;
    let largest = largest_organization(&store).await;
    let places = [&world.nowhere, &world.here, &largest];
    println!(
        "| operation | no organization: p50, ms | p95 | an organization: p50 | p95 | the largest: p50 | p95 |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for operation in operations() {
        let mut times = [const { Vec::new() }; 3];
        for number in 0..MEASURED + MEASURED / 10 {
            for (times, place) in times.iter_mut().zip(places) {
                let time = refusal(&store, operation, place).await;
                // The first requests only warm up.
                if number >= MEASURED / 10 {
                    times.push(time);
                }
            }
        }
        let cell = |times: &Vec<Duration>| {
            format!("{:.2} | {:.2}", milliseconds(median(times)), milliseconds(percentile(times, 95)))
        };
        println!("| {} | {} |", operation.id(), times.each_ref().map(cell).join(" | "));
    }
    println!("\n{MEASURED} requests for each cell, in turn. {}.", machine());
}
