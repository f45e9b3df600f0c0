//! Requests about invitations that another change overtakes: it is made after the request has read, and before the
//! request writes. The answer is that of the state after the change.

use crate::{
    in_process::{Answer, Functions, accepting, inviting},
    invitations::text,
};
use aws_sdk_dynamodb::types::AttributeValue;
use functions::Operation;
use serde_json::{Value, json};
use shared::settings::Settings;
use support::event::Request;

const EMAIL: &str = "bob@example.com";

/// Makes a request in a world.
type Make = fn(&World) -> Request;

/// What accepting and revoking read first.
const ITEMS: &str = "BatchGetItem";

/// What inviting reads last.
const INVITATIONS: &str = "Query";

/// An organization that ann owns, with an admin and an invitation of the admin to [`EMAIL`]. It is at version 3.
struct World {
    functions: Functions,
    organization: String,
    invitation: Value,
}

impl World {
    async fn new() -> Self {
        let functions = Functions::start(Settings::default()).await;
        let organization = functions.organization("ann").await;
        let mut world = Self { functions, organization, invitation: Value::Null };
        world.make(&world.adding("adm", "admin")).await;
        world.invitation = world.make(&world.invite("adm", "admin")).await;
        world
    }

    /// Makes a change, which must succeed.
    async fn make(&self, request: &Request) -> Value {
        let answer = self.functions.send(request).await;
        assert!([200, 201].contains(&answer.status), "{answer}");
        answer.body
    }

    fn of(&self, operation: Operation, caller: &str) -> Request {
        let request = Request::new(operation, caller).of("organization_id", &self.organization);
        match operation.path().contains("{invitation_id}") {
            true => request.of("invitation_id", text(&self.invitation, "id")),
            false => request,
        }
    }

    fn adding(&self, user: &str, role: &str) -> Request {
        self.of(Operation::AddMember, "service:crm").body(json!({ "userId": user, "role": role }))
    }

    fn removing(&self, user: &str) -> Request {
        self.of(Operation::RemoveMember, "ann").of("user_id", user)
    }

    fn giving(&self, user: &str, role: &str) -> Request {
        self.of(Operation::UpdateMember, "ann").of("user_id", user).body(json!({ "role": role }))
    }

    fn invite(&self, inviter: &str, role: &str) -> Request {
        inviting(inviter, &self.organization, json!({ "email": EMAIL, "role": role }))
    }

    fn accept(&self, user: &str) -> Request {
        accepting(user, &self.invitation)
    }

    fn renaming(&self) -> Request {
        self.of(Operation::UpdateOrganization, "ann").body(json!({ "name": "Emca" }))
    }

    /// The answer to a request that `change` overtakes.
    async fn overtaken(&self, request: &Request, action: &'static str, change: Request) -> Answer {
        let functions = self.functions.clone();
        let change = async move {
            let made = functions.send(&change).await;
            assert!([200, 201].contains(&made.status), "{made}");
        };
        self.functions.overtaken(request, action, change).await
    }

    /// The answer to a request while which the invitation's time passes.
    async fn outlasting(&self, request: &Request, action: &'static str) -> Answer {
        let key = |name: &str| AttributeValue::S(name.to_owned());
        let update = self.functions.database.client.update_item().table_name(local::TABLE_NAME);
        let update = update
            .key("pk", key(&format!("ORG#{}", self.organization)))
            .key("sk", key(&format!("INVITATION#{}", text(&self.invitation, "id"))))
            .update_expression("SET expiresAt = :past")
            .expression_attribute_values(":past", AttributeValue::N("1".to_owned()));
        let change = async move { drop(update.send().await.expect("the row is overwritten")) };
        self.functions.overtaken(request, action, change).await
    }
}

#[tokio::test]
async fn an_invitation_that_ends_meanwhile_is_not_accepted() {
    let ends: [Make; 6] = [
        |world| world.of(Operation::RevokeInvitation, "ann"),
        |world| world.invite("ann", "admin"),
        |world| world.accept("eve"),
        |world| world.giving("adm", "member"),
        |world| world.removing("adm"),
        |world| world.of(Operation::DeleteOrganization, "ann"),
    ];
    for (index, end) in ends.into_iter().enumerate() {
        let world = World::new().await;
        let answer = world.overtaken(&world.accept("bob"), ITEMS, end(&world)).await;
        assert_eq!((answer.status, &answer.body["code"]), (404, &json!("invitation_not_found")), "{index}");
        let get = world.functions.send(&world.of(Operation::GetOrganization, "bob")).await;
        get.expect_error(404, "organization_not_found");
    }
    let world = World::new().await;
    let answer = world.outlasting(&world.accept("bob"), ITEMS).await;
    answer.expect_error(422, "invitation_expired");
}

#[tokio::test]
async fn who_becomes_a_member_meanwhile_does_not_join_twice() {
    let world = World::new().await;
    let answer = world.overtaken(&world.accept("bob"), ITEMS, world.adding("bob", "member")).await;
    answer.expect_error(409, "member_already_exists");
    // By the same invitation, it is a repetition.
    let world = World::new().await;
    let answer = world.overtaken(&world.accept("bob"), ITEMS, world.accept("bob")).await;
    assert_eq!(answer.expect(200)["role"], "admin");
    let found = world.make(&world.of(Operation::GetOrganization, "ann")).await;
    assert_eq!((&found["memberCount"], &found["version"]), (&json!(3), &json!(4)));
}

#[tokio::test]
async fn the_last_place_of_admins_is_not_given_twice() {
    let world = World::new().await;
    for index in 0..97 {
        world.make(&world.adding(&format!("admin-{index}"), "admin")).await;
    }
    let answer = world.overtaken(&world.accept("bob"), ITEMS, world.adding("carol", "owner")).await;
    answer.expect_error(422, "too_many_admins");
}

#[tokio::test]
async fn what_does_not_matter_to_an_invitation_does_not_stop_it() {
    let changes: [Make; 3] = [
        World::renaming,
        |world| world.giving("adm", "owner"),
        |world| inviting("ann", &world.organization, json!({})),
    ];
    for change in changes {
        let world = World::new().await;
        let answer = world.overtaken(&world.accept("bob"), ITEMS, change(&world)).await;
        assert_eq!(answer.expect(201)["addedBy"], "adm");
    }
}

#[tokio::test]
async fn an_inviter_who_loses_the_right_meanwhile_is_refused() {
    let cases: [(Make, i64, &str); 3] = [
        (|world| world.giving("adm", "member"), 403, "forbidden"),
        (|world| world.removing("adm"), 404, "organization_not_found"),
        (|world| world.of(Operation::DeleteOrganization, "ann"), 404, "organization_not_found"),
    ];
    for (change, status, code) in cases {
        let requests: [(Make, _); 3] = [
            (|world| inviting("adm", &world.organization, json!({})), INVITATIONS),
            (|world| world.invite("adm", "member"), INVITATIONS),
            (|world| world.of(Operation::RevokeInvitation, "adm"), ITEMS),
        ];
        for (request, action) in requests {
            let world = World::new().await;
            let answer = world.overtaken(&request(&world), action, change(&world)).await;
            answer.expect_error(status, code);
        }
    }
    let world = World::new().await;
    let delete = world.of(Operation::DeleteOrganization, "ann");
    let answer = world.overtaken(&world.invite("ann", "member"), INVITATIONS, delete).await;
    answer.expect_error(409, "organization_deleted");
}

#[tokio::test]
async fn the_version_that_a_write_requires_is_the_one_that_it_meets() {
    let world = World::new().await;
    for (request, action) in [
        (inviting("adm", &world.organization, json!({})), INVITATIONS),
        (world.invite("adm", "member"), INVITATIONS),
        (world.of(Operation::RevokeInvitation, "adm"), ITEMS),
    ] {
        let found = world.make(&world.of(Operation::GetOrganization, "ann")).await;
        let request = request.header("if-match", &format!("\"{}\"", found["version"]));
        let answer = world.overtaken(&request, action, world.renaming()).await;
        answer.expect_error(412, "precondition_failed");
    }
}

#[tokio::test]
async fn an_address_that_is_invited_accepted_or_revoked_meanwhile_is_handled_as_it_is_then() {
    let other = |world: &World, email: &str| inviting("adm", &world.organization, json!({ "email": email }));
    // Another one makes the first invitation.
    let world = World::new().await;
    let first = other(&world, "carol@example.com");
    let answer = world.overtaken(&first, INVITATIONS, other(&world, "Carol@example.com")).await;
    answer.expect(200);
    // The pending one is accepted, revoked, or expires.
    let answer = world.overtaken(&world.invite("ann", "member"), INVITATIONS, world.accept("bob")).await;
    answer.expect_error(409, "member_already_exists");
    let world = World::new().await;
    let revoke = world.of(Operation::RevokeInvitation, "ann");
    world.overtaken(&world.invite("ann", "member"), INVITATIONS, revoke).await.expect(201);
    // The user who left comes back.
    let world = World::new().await;
    world.make(&world.accept("bob")).await;
    world.make(&world.removing("bob")).await;
    let back = world.adding("bob", "member");
    let answer = world.overtaken(&world.invite("ann", "member"), INVITATIONS, back).await;
    answer.expect_error(409, "member_already_exists");
}

#[tokio::test]
async fn what_is_revoked_is_the_invitation_as_it_is_then() {
    let world = World::new().await;
    let revoke = || world.of(Operation::RevokeInvitation, "ann");
    let answer = world.overtaken(&revoke(), ITEMS, world.invite("ann", "owner")).await;
    assert_eq!((&answer.expect(200)["role"], &answer.body["status"]), (&json!("owner"), &json!("revoked")));

    let ends: [Make; 2] = [|world| world.accept("bob"), |world| world.of(Operation::RevokeInvitation, "adm")];
    for end in ends {
        let world = World::new().await;
        let revoke = world.of(Operation::RevokeInvitation, "ann");
        let answer = world.overtaken(&revoke, ITEMS, end(&world)).await;
        answer.expect_error(404, "invitation_not_found");
    }
    let world = World::new().await;
    let answer = world.outlasting(&world.of(Operation::RevokeInvitation, "ann"), ITEMS).await;
    answer.expect_error(404, "invitation_not_found");
}

#[tokio::test]
async fn the_last_place_of_pending_invitations_is_not_given_twice() {
    let world = World::new().await;
    let link = || inviting("adm", &world.organization, json!({}));
    for _ in 0..98 {
        world.make(&link()).await;
    }
    let answer = world.overtaken(&link(), INVITATIONS, link()).await;
    answer.expect_error(422, "too_many_invitations");
    // One that ends meanwhile makes room.
    let answer = world.overtaken(&link(), INVITATIONS, world.accept("bob")).await;
    answer.expect(201);
}
