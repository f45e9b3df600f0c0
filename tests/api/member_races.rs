//! The plan's `maxMembers` under concurrent requests of many users and while the plan changes. They go to the functions
//! in this process, as in [`crate::invitation_races`].

use crate::{
    in_process::{Answer, Functions, accepting},
    invitation_races::{at_once, expected, is_ok, link, outcomes, rounds},
    stack,
};
use functions::Operation;
use serde_json::{Value, json};
use shared::settings::Settings;
use support::{event::Request, invariants::Contents};

const SERVICE: &str = "service:crm";

/// How many requests are sent at once.
const AT_ONCE: usize = 20;

/// What accepting reads first.
const ITEMS: &str = "BatchGetItem";

/// An organization that ann owns, in functions of its own.
struct World {
    functions: Functions,
    organization: String,
}

impl World {
    /// A world whose organization has this many members.
    async fn with_members(count: usize) -> Self {
        let functions = Functions::start(Settings::default()).await;
        let organization = functions.organization("ann").await;
        let world = Self { functions, organization };
        for index in 1..count {
            world.make(&world.adding(&format!("member-{index}"), "member")).await;
        }
        world
    }

    fn of(&self, operation: Operation, caller: &str) -> Request {
        Request::new(operation, caller).of("organization_id", &self.organization)
    }

    fn adding(&self, user: &str, role: &str) -> Request {
        self.of(Operation::AddMember, SERVICE).body(json!({ "userId": user, "role": role }))
    }

    fn removing(&self, user: &str) -> Request {
        self.of(Operation::RemoveMember, SERVICE).of("user_id", user)
    }

    fn limiting(&self, max: impl Into<Value>) -> Request {
        self.of(Operation::SetPlan, SERVICE).body(json!({ "maxMembers": max.into() }))
    }

    /// Makes a change, which must succeed.
    async fn make(&self, request: &Request) -> Value {
        let answer = self.functions.send(request).await;
        assert!([200, 201].contains(&answer.status), "{answer}");
        answer.body
    }

    async fn organization(&self) -> Value {
        self.make(&self.of(Operation::GetOrganization, "ann")).await
    }

    async fn link(&self, role: &str) -> Value {
        link(&self.functions, SERVICE, &self.organization, role).await
    }

    /// Requests of as many users to join: each is added, or accepts an invitation of its own.
    async fn joining(&self, name: &str, added: impl Fn(usize) -> bool) -> Vec<Request> {
        let mut requests = Vec::new();
        for index in 0..AT_ONCE {
            let user = format!("{name}-{index}");
            requests.push(match added(index) {
                true => self.adding(&user, "member"),
                false => accepting(&user, &self.link("member").await),
            });
        }
        requests
    }

    /// The answer to a request that `change` overtakes.
    async fn overtaken(&self, request: &Request, change: Request) -> Answer {
        let functions = self.functions.clone();
        let change = async move {
            let made = functions.send(&change).await;
            assert!([200, 201].contains(&made.status), "{made}");
        };
        self.functions.overtaken(request, ITEMS, change).await
    }

    /// Asserts that the table is consistent and the organization has this many members.
    async fn expect_members(&self, count: usize) {
        let contents = Contents::read(&self.functions.database.client).await;
        contents.expect_no_fault();
        assert_eq!(contents.organizations[&self.organization].members.len(), count);
        assert_eq!(self.organization().await["memberCount"], count);
    }
}

/// Whether the request with this index adds a member, rather than accept an invitation.
type Added = fn(usize) -> bool;

#[tokio::test]
async fn of_twenty_who_join_at_once_three_get_the_last_three_places() {
    let kinds: [(&str, Added); 3] =
        [("added", |_| true), ("accepting", |_| false), ("added or accepting", |index| index % 2 == 0)];
    for (kind, added) in kinds {
        let (rounds, mut repeated) = (rounds(5), 0);
        let world = World::with_members(1).await;
        for round in 0..rounds {
            let count = 1 + 3 * round;
            world.make(&world.limiting(count + 3)).await;
            let requests = world.joining(&format!("user-{round}"), added).await;
            let (answers, again) = at_once(&world.functions, &requests).await;
            repeated += again;
            let three = expected([("ok", 3), ("422 too_many_members", AT_ONCE - 3)]);
            assert_eq!(outcomes(&answers), three, "round {round}, {kind}");
            for refused in answers.iter().filter(|answer| !is_ok(answer)) {
                assert_eq!(refused.body["details"], json!({ "max": count + 3 }), "{refused}");
            }
            world.expect_members(count + 3).await;
            // An invitation is used up by joining, not by trying to.
            let lost = answers.iter().position(|answer| !is_ok(answer)).unwrap();
            world.make(&world.limiting(count + 4)).await;
            world.make(&requests[lost]).await;
            world.make(&world.removing(&format!("user-{round}-{lost}"))).await;
        }
        stack::report(&format!(
            "{AT_ONCE} users {kind} at once for 3 places, {rounds} times: 3 joined each time, {repeated} repeated"
        ));
    }
}

#[tokio::test]
async fn one_of_twenty_takes_the_place_of_a_member_who_leaves() {
    let world = World::with_members(4).await;
    world.make(&world.limiting(4)).await;
    for round in 0..rounds(5) {
        let name = format!("user-{round}");
        let mut requests = world.joining(&name, |index| index % 2 == 0).await;
        let leaving = match round {
            0 => "member-1".to_owned(),
            _ => leaver(&world).await,
        };
        requests.insert(round % AT_ONCE, world.removing(&leaving));
        let (mut answers, _) = at_once(&world.functions, &requests).await;
        let left = answers.remove(round % AT_ONCE);
        left.expect(200);
        let joined = answers.iter().filter(|answer| is_ok(answer)).count();
        assert!(joined <= 1, "round {round}: {:?}", outcomes(&answers));
        if joined == 0 {
            world.make(&world.adding(&format!("{name}-late"), "member")).await;
        }
        world.expect_members(4).await;
        let late = world.functions.send(&world.adding("late", "member")).await;
        late.expect_error(422, "too_many_members");
    }
}

/// A member who is no owner.
async fn leaver(world: &World) -> String {
    let members = world.make(&world.of(Operation::ListMembers, SERVICE)).await;
    let mut members = members.as_array().unwrap().iter();
    members.find(|member| member["role"] == "member").unwrap()["userId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn members_join_before_the_limit_is_lowered_or_not_at_all() {
    for round in 0..rounds(10) {
        let world = World::with_members(1).await;
        let mut requests = world.joining("user", |index| index % 2 == 0).await;
        let before = world.organization().await["version"].as_u64().unwrap();
        requests.insert(round % AT_ONCE, world.limiting(1));
        let (mut answers, _) = at_once(&world.functions, &requests).await;
        let plan = answers.remove(round % AT_ONCE);
        let joined = answers.iter().filter(|answer| is_ok(answer)).count();
        let refused = expected([("ok", joined), ("422 too_many_members", AT_ONCE - joined)]);
        let refused = refused.into_iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(outcomes(&answers), refused, "round {round}");
        // Each joining makes a version, and none comes after that of the plan.
        assert_eq!(plan.expect(200)["version"], before + joined as u64 + 1, "round {round}: {plan}");
        assert_eq!(world.organization().await["version"], plan.body["version"], "round {round}");
        world.expect_members(1 + joined).await;
    }
}

#[tokio::test]
async fn who_accepts_while_the_last_place_is_taken_is_refused() {
    let changes: [fn(&World) -> Request; 3] = [
        |world| world.adding("carol", "member"),
        |world| world.adding("carol", "owner"),
        |world| world.limiting(2),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let world = World::with_members(2).await;
        world.make(&world.limiting(3)).await;
        let link = world.link("admin").await;
        let answer = world.overtaken(&accepting("bob", &link), change(&world)).await;
        let max = if index == 2 { 2 } else { 3 };
        assert_eq!(answer.expect_error(422, "too_many_members"), &json!({ "max": max }), "{index}: {answer}");
        // The invitation is still good.
        world.make(&world.limiting(Value::Null)).await;
        world.make(&accepting("bob", &link)).await;
    }
}

#[tokio::test]
async fn who_accepts_while_there_is_made_room_joins() {
    let changes: [fn(&World) -> Request; 3] =
        [|world| world.removing("member-1"), |world| world.limiting(3), |world| world.limiting(Value::Null)];
    for change in changes {
        let world = World::with_members(2).await;
        world.make(&world.limiting(2)).await;
        let link = world.link("admin").await;
        let answer = world.overtaken(&accepting("bob", &link), change(&world)).await;
        assert_eq!(answer.expect(201)["role"], "admin");
    }
}

/// Where there is no room for a member, there is none for an admin either.
#[tokio::test]
async fn the_limit_of_members_is_reported_before_that_of_admins() {
    let world = World::with_members(1).await;
    for index in 1..100 {
        world.make(&world.adding(&format!("admin-{index}"), "admin")).await;
    }
    let mut links = Vec::new();
    for role in ["member", "admin", "owner"] {
        links.push(world.link(role).await);
    }
    for (max, as_member, as_admin) in [
        (json!(100), Some("too_many_members"), Some("too_many_members")),
        (json!(101), None, Some("too_many_admins")),
        (json!(null), None, Some("too_many_admins")),
    ] {
        world.make(&world.limiting(max.clone())).await;
        let mut requests = Vec::new();
        for (role, link) in ["member", "admin", "owner"].into_iter().zip(&links) {
            requests.push((role, world.adding("added", role)));
            requests.push((role, accepting("accepting", link)));
        }
        // A plain member who joins leaves again, so that each request finds the same.
        for (role, request) in requests.into_iter().rev() {
            let answer = world.functions.send(&request).await;
            match if role == "member" { as_member } else { as_admin } {
                Some(code) => drop(answer.expect_error(422, code)),
                None => {
                    let joined = answer.expect(201)["userId"].as_str().unwrap();
                    world.make(&world.removing(joined)).await;
                }
            }
        }
        links[0] = world.link("member").await;
    }
    world.expect_members(100).await;
}
