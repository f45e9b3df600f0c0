//! A user creates at most `MAX_ORGANIZATIONS_PER_USER` organizations.

use crate::in_process::{Answer, Functions};
use functions::Operation;
use serde_json::{Value, json};
use shared::settings::Settings;
use support::event::Request;

const MAX: u32 = 3;

async fn functions() -> Functions {
    Functions::start(Settings { max_organizations_per_user: MAX, ..Settings::default() }).await
}

async fn create(functions: &Functions, caller: &str, body: Value, key: Option<&str>) -> Answer {
    let request = Request::new(Operation::CreateOrganization, caller).body(body);
    let request = key.into_iter().fold(request, |request, key| request.header("idempotency-key", key));
    functions.send(&request).await
}

fn acme() -> Value {
    json!({ "organizationName": "Acme" })
}

#[tokio::test]
async fn a_user_can_create_no_more_than_the_limit_and_is_told_it() {
    let functions = functions().await;
    for _ in 0..MAX {
        functions.organization("alice").await;
    }
    let refused = create(&functions, "alice", acme(), None).await;
    assert_eq!(refused.expect_error(422, "too_many_organizations"), &json!({ "max": MAX }), "{refused}");
    let message =
        "You have created 3 organizations, the most that a user may create. Deleted ones count, too.";
    assert_eq!(refused.expect(422)["message"], message);
    // The limit is each user's own.
    functions.organization("bob").await;
    // Errors in the request come first.
    create(&functions, "alice", json!({ "organizationName": "" }), None)
        .await
        .expect_error(422, "validation_failed");
}

#[tokio::test]
async fn a_deleted_organization_counts_and_so_does_one_that_the_creator_left() {
    let functions = functions().await;
    let [deleted, left, _] = [
        functions.organization("alice").await,
        functions.organization("alice").await,
        functions.organization("alice").await,
    ];
    let delete = Request::new(Operation::DeleteOrganization, "alice").of("organization_id", &deleted);
    functions.send(&delete).await.expect(200);
    let add = Request::new(Operation::AddMember, "service:s").of("organization_id", &left);
    functions.send(&add.body(json!({ "userId": "bob", "role": "owner" }))).await.expect(201);
    let leave = Request::new(Operation::RemoveMember, "alice").of("organization_id", &left);
    functions.send(&leave.of("user_id", "alice")).await.expect(200);
    create(&functions, "alice", acme(), None).await.expect_error(422, "too_many_organizations");
    // Whoever became its owner did not create it.
    for _ in 0..MAX {
        functions.organization("bob").await;
    }
}

#[tokio::test]
async fn what_services_create_is_counted_for_nobody() {
    let functions = functions().await;
    let for_alice = json!({ "organizationName": "Acme", "owner": "alice" });
    for _ in 0..=MAX {
        create(&functions, "service:s", for_alice.clone(), None).await.expect(201);
    }
    for _ in 0..MAX {
        functions.organization("alice").await;
    }
    create(&functions, "alice", acme(), None).await.expect_error(422, "too_many_organizations");
    create(&functions, "service:s", for_alice, None).await.expect(201);
}

#[tokio::test]
async fn a_repeated_creation_is_answered_at_the_limit() {
    let functions = functions().await;
    let first = create(&functions, "alice", acme(), Some("k")).await;
    for _ in 1..MAX {
        functions.organization("alice").await;
    }
    let again = create(&functions, "alice", acme(), Some("k")).await;
    assert_eq!(again.expect(201), first.expect(201));
    create(&functions, "alice", acme(), Some("l")).await.expect_error(422, "too_many_organizations");
    // A refused request does not use its key up.
    let other = json!({ "organizationName": "Other" });
    create(&functions, "alice", other, Some("l")).await.expect_error(422, "too_many_organizations");
}
