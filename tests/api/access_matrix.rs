//! Authorization: every operation × every kind of caller, each on its own team.

use crate::{
    client::{Request, User},
    organizations::{Team, percent_encode, team},
    stack,
};
use functions::Operation::{self, AddMember, RemoveMember, UpdateMember};
use reqwest::Method;
use serde_json::json;
use support::example::{Allowed, Example, example};

/// Success with the status of the example, or the status and code of an error.
type Answer = Result<(), (u16, &'static str)>;

const OK: Answer = Ok(());
const UNAUTHORIZED: Answer = Err((401, "unauthorized"));
const FORBIDDEN: Answer = Err((403, "forbidden"));
const HIDDEN: Answer = Err((404, "organization_not_found"));
const LAST_OWNER: Answer = Err((422, "last_owner"));

const CALLERS: [&str; 5] = ["owner", "admin", "member", "stranger", "no token"];

/// The expected answers to an operation's example, one for each of [`CALLERS`]. `allowed` says who may send
/// the example.
#[rustfmt::skip]
fn matrix(allowed: Allowed) -> [Answer; 5] {
    match allowed {
        //                   owner  admin  member     stranger  no token
        Allowed::Everybody | Allowed::Invitees => [OK,    OK,    OK,        OK,       UNAUTHORIZED],
        Allowed::Members => [OK,    OK,    OK,        HIDDEN,   UNAUTHORIZED],
        Allowed::Admins | Allowed::Owners | Allowed::Services => [OK,    OK,    FORBIDDEN, HIDDEN,   UNAUTHORIZED],
    }
}

/// The answers that depend on the target of the change or on the role that it grants.
#[rustfmt::skip]
const OWNERS_AND_ONESELF: [(Operation, Target, Option<&str>, [Answer; 5]); 10] = [
    //                                      owner       admin      member     stranger no token
    (RemoveMember, ADMIN,   None,           [OK,         OK,        FORBIDDEN, HIDDEN,  UNAUTHORIZED]),
    (RemoveMember, OWNER,   None,           [OK,         FORBIDDEN, FORBIDDEN, HIDDEN,  UNAUTHORIZED]),
    (RemoveMember, ONESELF, None,           [LAST_OWNER, OK,        OK,        HIDDEN,  UNAUTHORIZED]),
    (AddMember,    NEW,     Some("admin"),  [OK,         OK,        FORBIDDEN, HIDDEN,  UNAUTHORIZED]),
    (AddMember,    NEW,     Some("owner"),  [OK,         FORBIDDEN, FORBIDDEN, HIDDEN,  UNAUTHORIZED]),
    (UpdateMember, ADMIN,   Some("member"), [OK,         OK,        FORBIDDEN, HIDDEN,  UNAUTHORIZED]),
    (UpdateMember, PLAIN,   Some("owner"),  [OK,         FORBIDDEN, FORBIDDEN, HIDDEN,  UNAUTHORIZED]),
    (UpdateMember, OWNER,   Some("admin"),  [OK,         FORBIDDEN, FORBIDDEN, HIDDEN,  UNAUTHORIZED]),
    (UpdateMember, OWNER,   Some("member"), [OK,         FORBIDDEN, FORBIDDEN, HIDDEN,  UNAUTHORIZED]),
    (UpdateMember, ONESELF, Some("member"), [LAST_OWNER, OK,        FORBIDDEN, HIDDEN,  UNAUTHORIZED]),
];

/// The user that a change affects.
#[derive(Clone, Copy, Debug)]
enum Target {
    /// The user in the example's body, not yet a member.
    New,
    /// The caller.
    Oneself,
    /// Another member, with this role.
    Other(&'static str),
}
const NEW: Target = Target::New;
const ONESELF: Target = Target::Oneself;
const PLAIN: Target = Target::Other("member");
const ADMIN: Target = Target::Other("admin");
const OWNER: Target = Target::Other("owner");

/// The example of an operation, with this target and role, as a request to the team's organization.
async fn request(
    operation: Operation,
    target: Target,
    role: Option<&str>,
    team: &Team,
    caller: &User,
) -> Request {
    let mut path = operation.path().replace("{organization_id}", &team.organization.id);
    if path.contains("{user_id}") {
        let user_id = match target {
            Target::New => panic!("{operation:?} needs a target that is a member"),
            Target::Oneself => caller.id.clone(),
            Target::Other(role) => {
                let other = stack::unique("other");
                team.organization.add(&other, role).await;
                other
            }
        };
        path = path.replace("{user_id}", &percent_encode(&user_id));
    }
    let method = Method::from_bytes(operation.method().as_bytes()).expect("a method");
    let request = caller.request(method, path);
    match (example(operation).body, role) {
        (Some(mut body), Some(role)) => {
            body["role"] = json!(role);
            request.json(&body)
        }
        (Some(body), None) => request.json(&body),
        (None, _) => request,
    }
}

async fn check(operation: Operation, target: Target, role: Option<&str>, answers: [Answer; 5]) {
    let Example { status: success, .. } = example(operation);
    for (caller, answer) in CALLERS.into_iter().zip(answers) {
        let team = team().await;
        let nobody = stack::anonymous();
        let user = match caller {
            "owner" => &team.owner,
            "admin" => &team.admin,
            "member" => &team.member,
            "stranger" => &team.stranger,
            _ => &nobody,
        };
        let request = request(operation, target, role, &team, user).await;
        let before = team.owner.organization(&team.organization).await;
        let response = request.send().await;
        let status = answer.map_or_else(|(status, _)| status, |()| success);
        assert_eq!(response.status, status, "{operation:?} {target:?} {role:?} by {caller}: {response}");
        match answer {
            Ok(()) => {
                response.expect(status);
            }
            Err((_, code)) => {
                response.expect_error(status, code);
                let after = team.owner.organization(&team.organization).await;
                assert_eq!(after, before, "{operation:?} by {caller} changed the organization: {response}");
            }
        }
    }
}

#[tokio::test]
async fn every_operation_answers_every_kind_of_caller_as_the_matrix_says() {
    for &operation in Operation::ALL {
        check(operation, PLAIN, None, matrix(example(operation).allowed)).await;
    }
}

#[tokio::test]
async fn only_owners_can_make_or_change_owners_and_every_member_may_leave() {
    for (operation, target, role, answers) in OWNERS_AND_ONESELF {
        check(operation, target, role, answers).await;
    }
}
