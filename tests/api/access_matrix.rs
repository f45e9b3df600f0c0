//! Authorization: every operation × every kind of caller, each on its own team.

use crate::{
    client::{Request, User},
    examples::{Place, body, leaves_users, path},
    organizations::{Team, team},
    stack,
};
use functions::Operation::{
    self, AcceptInvitation, AddMember, CreateInvitation, DeleteUser, RemoveMember, UpdateMember,
};
use serde_json::json;
use support::example::{Allowed, example};

/// Success with the status of the example, or the status and code of an error.
type Answer = Result<(), (u16, &'static str)>;

const OK: Answer = Ok(());
const UNAUTHORIZED: Answer = Err((401, "unauthorized"));
const SCOPE: Answer = Err((403, "insufficient_scope"));
const FORBIDDEN: Answer = Err((403, "forbidden"));
const HIDDEN: Answer = Err((404, "organization_not_found"));
const NO_MEMBER: Answer = Err((404, "member_not_found"));
const IS_MEMBER: Answer = Err((409, "member_already_exists"));
const LAST_OWNER: Answer = Err((422, "last_owner"));
const NO_USER: Answer = Err((422, "validation_failed"));

const CALLERS: [&str; 6] = ["owner", "admin", "member", "stranger", "no token", "service"];

/// The expected answers to an operation's example, one for each of [`CALLERS`].
#[rustfmt::skip]
fn matrix(operation: Operation) -> [Answer; 6] {
    match example(operation).allowed {
        //                     owner      admin      member     stranger no token      service
        Allowed::Everybody => [OK,        OK,        OK,        OK,      UNAUTHORIZED, OK],
        Allowed::Members   => [OK,        OK,        OK,        HIDDEN,  UNAUTHORIZED, OK],
        Allowed::Admins    => [OK,        OK,        FORBIDDEN, HIDDEN,  UNAUTHORIZED, OK],
        Allowed::Owners    => [OK,        FORBIDDEN, FORBIDDEN, HIDDEN,  UNAUTHORIZED, OK],
        Allowed::Services  => [SCOPE,     SCOPE,     SCOPE,     SCOPE,   UNAUTHORIZED, OK],
        // The target is another user.
        Allowed::Oneself   => [FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, UNAUTHORIZED, OK],
        Allowed::Invitees if operation == AcceptInvitation
                           => [IS_MEMBER, IS_MEMBER, IS_MEMBER, OK,      UNAUTHORIZED, FORBIDDEN],
        Allowed::Invitees  => [OK,        OK,        OK,        OK,      UNAUTHORIZED, FORBIDDEN],
    }
}

/// The answers that depend on the target of the change or on the role that it grants.
#[rustfmt::skip]
const TARGETS_AND_ROLES: [(Operation, Target, Option<&str>, [Answer; 6]); 23] = [
    //                                             owner       admin      member     stranger no token      service
    (RemoveMember,     ADMIN,     None,           [OK,         OK,        FORBIDDEN, HIDDEN,  UNAUTHORIZED, OK]),
    (RemoveMember,     OWNER,     None,           [OK,         FORBIDDEN, FORBIDDEN, HIDDEN,  UNAUTHORIZED, OK]),
    (RemoveMember,     SOLE,      None,           [LAST_OWNER, FORBIDDEN, FORBIDDEN, HIDDEN,  UNAUTHORIZED, LAST_OWNER]),
    (RemoveMember,     ONESELF,   None,           [LAST_OWNER, OK,        OK,        HIDDEN,  UNAUTHORIZED, NO_MEMBER]),
    (RemoveMember,     NEW,       None,           [NO_MEMBER,  NO_MEMBER, NO_MEMBER, HIDDEN,  UNAUTHORIZED, NO_MEMBER]),
    (AddMember,        NEW,       Some("admin"),  [SCOPE,      SCOPE,     SCOPE,     SCOPE,   UNAUTHORIZED, OK]),
    (AddMember,        NEW,       Some("owner"),  [SCOPE,      SCOPE,     SCOPE,     SCOPE,   UNAUTHORIZED, OK]),
    (AddMember,        PLAIN,     Some("owner"),  [SCOPE,      SCOPE,     SCOPE,     SCOPE,   UNAUTHORIZED, IS_MEMBER]),
    (AddMember,        SOLE,      Some("member"), [SCOPE,      SCOPE,     SCOPE,     SCOPE,   UNAUTHORIZED, IS_MEMBER]),
    (UpdateMember,     ADMIN,     Some("member"), [OK,         OK,        FORBIDDEN, HIDDEN,  UNAUTHORIZED, OK]),
    (UpdateMember,     PLAIN,     Some("owner"),  [OK,         FORBIDDEN, FORBIDDEN, HIDDEN,  UNAUTHORIZED, OK]),
    (UpdateMember,     OWNER,     Some("admin"),  [OK,         FORBIDDEN, FORBIDDEN, HIDDEN,  UNAUTHORIZED, OK]),
    (UpdateMember,     OWNER,     Some("member"), [OK,         FORBIDDEN, FORBIDDEN, HIDDEN,  UNAUTHORIZED, OK]),
    (UpdateMember,     SOLE,      Some("admin"),  [LAST_OWNER, FORBIDDEN, FORBIDDEN, HIDDEN,  UNAUTHORIZED, LAST_OWNER]),
    (UpdateMember,     SOLE,      Some("owner"),  [OK,         FORBIDDEN, FORBIDDEN, HIDDEN,  UNAUTHORIZED, OK]),
    (UpdateMember,     ONESELF,   Some("member"), [LAST_OWNER, OK,        FORBIDDEN, HIDDEN,  UNAUTHORIZED, NO_MEMBER]),
    (UpdateMember,     NEW,       Some("member"), [NO_MEMBER,  NO_MEMBER, NO_MEMBER, HIDDEN,  UNAUTHORIZED, NO_MEMBER]),
    (CreateInvitation, NEW,       Some("member"), [OK,         OK,        FORBIDDEN, HIDDEN,  UNAUTHORIZED, OK]),
    (CreateInvitation, NEW,       Some("admin"),  [OK,         OK,        FORBIDDEN, HIDDEN,  UNAUTHORIZED, OK]),
    (CreateInvitation, NEW,       Some("owner"),  [OK,         FORBIDDEN, FORBIDDEN, HIDDEN,  UNAUTHORIZED, OK]),
    (DeleteUser,       ONESELF,   None,           [LAST_OWNER, OK,        OK,        OK,      UNAUTHORIZED, NO_USER]),
    (DeleteUser,       SOLE,      None,           [LAST_OWNER, FORBIDDEN, FORBIDDEN, FORBIDDEN, UNAUTHORIZED, LAST_OWNER]),
    (DeleteUser,       NEW,       None,           [FORBIDDEN,  FORBIDDEN, FORBIDDEN, FORBIDDEN, UNAUTHORIZED, OK]),
];

/// The user that a change affects.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Target {
    /// A user who is not a member.
    New,
    /// The caller.
    Oneself,
    /// The only owner.
    SoleOwner,
    /// Another member, with this role.
    Other(&'static str),
}
const NEW: Target = Target::New;
const ONESELF: Target = Target::Oneself;
const SOLE: Target = Target::SoleOwner;
const PLAIN: Target = Target::Other("member");
const ADMIN: Target = Target::Other("admin");
const OWNER: Target = Target::Other("owner");

/// The example of an operation as a request to the team's organization, with a target and a role if it is not the
/// example's own.
async fn request(
    operation: Operation,
    target: Target,
    role: Option<&str>,
    team: &Team,
    caller: &User,
) -> Request {
    let target = match target {
        Target::New => stack::unique("other"),
        Target::Oneself => caller.id.clone(),
        Target::SoleOwner => team.owner.id.clone(),
        Target::Other(role) => {
            let other = stack::unique("other");
            team.organization.add_by(&team.service, &other, role).await;
            other
        }
    };
    let place = Place::of(team).await.about(&target);
    let method = operation.method().parse().expect("a method");
    let request = caller.request(method, path(operation, caller, &place));
    let Some(mut body) = body(operation, caller, &place) else { return request };
    if let Some(role) = role {
        body["role"] = json!(role);
        if operation == AddMember {
            body["userId"] = json!(target);
        }
    }
    request.json(&body)
}

async fn check(operation: Operation, target: Target, role: Option<&str>, answers: [Answer; 6]) {
    let success = example(operation).status;
    for (caller, answer) in CALLERS.into_iter().zip(answers) {
        let team = team().await;
        let nobody = stack::anonymous();
        let user = match caller {
            "owner" => &team.owner,
            "admin" => &team.admin,
            "member" => &team.member,
            "stranger" => &team.stranger,
            "service" => &team.service,
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
        check(operation, PLAIN, None, matrix(operation)).await;
    }
}

#[tokio::test]
async fn only_owners_and_services_can_make_or_change_owners_and_every_member_may_leave() {
    for (operation, target, role, answers) in TARGETS_AND_ROLES {
        if target == ONESELF && !leaves_users(operation) {
            continue;
        }
        check(operation, target, role, answers).await;
    }
}
