//! Who may do what: every operation × every kind of caller, each on a team of its own.

use crate::{
    client::{Request, User},
    organizations::{Team, team},
    stack,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

type Answer = (u16, &'static str);

const OK: Answer = (200, "");
const CREATED: Answer = (201, "");
const UNAUTHORIZED: Answer = (401, "unauthorized");
const FORBIDDEN: Answer = (403, "forbidden");
const HIDDEN: Answer = (404, "organization_not_found");
const LAST_OWNER: Answer = (422, "last_owner");

/// What is done, and what the owner, an admin, a member, a stranger and a caller without a
/// token are answered.
type Row = (Operation, [Answer; 5]);

#[rustfmt::skip]
const MATRIX: [Row; 9] = [
    //                    owner    admin    member     stranger   no token
    (CreateOrganization, [CREATED, CREATED, CREATED,   CREATED,   UNAUTHORIZED]),
    (ListOrganizations,  [OK,      OK,      OK,        OK,        UNAUTHORIZED]),
    (GetOrganization,    [OK,      OK,      OK,        HIDDEN,    UNAUTHORIZED]),
    (UpdateOrganization, [OK,      OK,      FORBIDDEN, HIDDEN,    UNAUTHORIZED]),
    (RemoveMember(PLAIN),[OK,      OK,      FORBIDDEN, HIDDEN,    UNAUTHORIZED]),
    (SetMaxOverages,     [OK,      OK,      FORBIDDEN, HIDDEN,    UNAUTHORIZED]),
    (ListMembers,        [OK,      OK,      OK,        HIDDEN,    UNAUTHORIZED]),
    (AddMember("member"),[CREATED, CREATED, FORBIDDEN, HIDDEN,    UNAUTHORIZED]),
    (UpdateMember(PLAIN, "admin"), [OK, OK, FORBIDDEN, HIDDEN,    UNAUTHORIZED]),
];

/// The same where it depends on whom it is done to, or on the role that is given.
#[rustfmt::skip]
const OWNERS_AND_ONESELF: [Row; 10] = [
    //                                     owner       admin      member     stranger no token
    (RemoveMember(ADMIN),                 [OK,         OK,        FORBIDDEN, HIDDEN,  UNAUTHORIZED]),
    (RemoveMember(OWNER),                 [OK,         FORBIDDEN, FORBIDDEN, HIDDEN,  UNAUTHORIZED]),
    (RemoveMember(ONESELF),               [LAST_OWNER, OK,        OK,        HIDDEN,  UNAUTHORIZED]),
    (AddMember("admin"),                  [CREATED,    CREATED,   FORBIDDEN, HIDDEN,  UNAUTHORIZED]),
    (AddMember("owner"),                  [CREATED,    FORBIDDEN, FORBIDDEN, HIDDEN,  UNAUTHORIZED]),
    (UpdateMember(ADMIN, "member"),       [OK,         OK,        FORBIDDEN, HIDDEN,  UNAUTHORIZED]),
    (UpdateMember(PLAIN, "owner"),        [OK,         FORBIDDEN, FORBIDDEN, HIDDEN,  UNAUTHORIZED]),
    (UpdateMember(OWNER, "admin"),        [OK,         FORBIDDEN, FORBIDDEN, HIDDEN,  UNAUTHORIZED]),
    (UpdateMember(OWNER, "member"),       [OK,         FORBIDDEN, FORBIDDEN, HIDDEN,  UNAUTHORIZED]),
    (UpdateMember(ONESELF, "member"),     [LAST_OWNER, OK,        FORBIDDEN, HIDDEN,  UNAUTHORIZED]),
];

#[derive(Clone, Copy, Debug)]
enum Operation {
    CreateOrganization,
    ListOrganizations,
    GetOrganization,
    UpdateOrganization,
    RemoveMember(Target),
    SetMaxOverages,
    ListMembers,
    AddMember(&'static str),
    UpdateMember(Target, &'static str),
}
use Operation::{
    AddMember, CreateOrganization, GetOrganization, ListMembers, ListOrganizations, RemoveMember,
    SetMaxOverages, UpdateMember, UpdateOrganization,
};

/// The caller, or somebody else in that role.
#[derive(Clone, Copy, Debug)]
enum Target {
    Oneself,
    Other(&'static str),
}
const ONESELF: Target = Target::Oneself;
const PLAIN: Target = Target::Other("member");
const ADMIN: Target = Target::Other("admin");
const OWNER: Target = Target::Other("owner");

impl Operation {
    /// The method and the path, as a route.
    fn route(self) -> (Method, &'static str) {
        match self {
            CreateOrganization => (Method::POST, "/organization"),
            ListOrganizations => (Method::GET, "/organization/list"),
            GetOrganization => (Method::GET, "/organization/{organization_id}"),
            UpdateOrganization => (Method::PUT, "/organization/{organization_id}"),
            RemoveMember(_) => (Method::DELETE, "/organization/{organization_id}/member/{user_id}"),
            SetMaxOverages => (Method::PATCH, "/organization/{organization_id}/max-overages"),
            ListMembers => (Method::GET, "/organization/{organization_id}/member"),
            AddMember(_) => (Method::POST, "/organization/{organization_id}/member"),
            UpdateMember(..) => (Method::PATCH, "/organization/{organization_id}/member/{user_id}"),
        }
    }

    fn body(self) -> Option<Value> {
        match self {
            CreateOrganization => Some(json!({ "organizationName": "Matrix" })),
            UpdateOrganization => Some(json!({ "name": "Matrix" })),
            SetMaxOverages => Some(json!({ "maxOverages": 5 })),
            AddMember(role) => Some(json!({ "userId": stack::unique("new"), "role": role })),
            UpdateMember(_, role) => Some(json!({ "role": role })),
            ListOrganizations | GetOrganization | RemoveMember(_) | ListMembers => None,
        }
    }

    /// The request of `caller`, on the team's organization.
    async fn request(self, team: &Team, caller: &User) -> Request {
        let target = match self {
            RemoveMember(target) | UpdateMember(target, _) => target,
            _ => ONESELF,
        };
        let user_id = match target {
            Target::Oneself => caller.id.clone(),
            Target::Other(role) => {
                let other = stack::unique("other");
                team.owner.add(&team.organization, &other, role).await;
                other
            }
        };
        let (method, route) = self.route();
        let members = team.organization.member(&user_id);
        let user_id = members.rsplit('/').next().expect("a segment");
        let path = route.replace("{organization_id}", &team.organization.id).replace("{user_id}", user_id);
        let request = caller.request(method, path);
        match self.body() {
            Some(body) => request.json(&body),
            None => request,
        }
    }
}

async fn check(rows: &[Row]) {
    for (operation, answers) in rows {
        for (caller, (status, code)) in
            ["owner", "admin", "member", "stranger", "no token"].into_iter().zip(answers)
        {
            let team = team().await;
            let nobody = stack::anonymous();
            let user = match caller {
                "owner" => &team.owner,
                "admin" => &team.admin,
                "member" => &team.member,
                "stranger" => &team.stranger,
                _ => &nobody,
            };
            let request = operation.request(&team, user).await;
            let before = team.owner.organization(&team.organization).await;
            let response = request.send().await;
            assert_eq!(
                response.status, *status,
                "{operation:?} by {caller}: expected {status} {code}, got {response}"
            );
            if response.status.is_success() {
                response.expect(*status);
            } else {
                response.expect_error(*status, code);
                let after = team.owner.organization(&team.organization).await;
                assert_eq!(after, before, "{operation:?} by {caller} changed it: {response}");
            }
        }
    }
}

#[tokio::test]
async fn every_operation_answers_every_kind_of_caller_as_the_matrix_says() {
    check(&MATRIX).await;
}

#[tokio::test]
async fn only_an_owner_touches_an_owner_and_everyone_may_leave() {
    check(&OWNERS_AND_ONESELF).await;
}

#[test]
fn no_route_is_missing_from_the_matrix() {
    let manifest = include_str!("../../Cargo.toml");
    let manifest: toml::Table = manifest.parse().expect("TOML");
    let router = &manifest["workspace"]["metadata"]["lambda"]["watch"]["router"];
    let routed: BTreeSet<_> = router
        .as_table()
        .expect("a table of routes")
        .iter()
        .flat_map(|(path, functions)| {
            let functions = functions.as_array().expect("functions by method");
            functions.iter().map(|function| {
                let method = function["method"].as_str().expect("a method");
                (method.to_owned(), path.clone())
            })
        })
        .collect();
    let tested: BTreeSet<_> = MATRIX
        .iter()
        .map(|(operation, _)| operation.route())
        .map(|(method, path)| (method.to_string(), path.to_owned()))
        .collect();
    assert_eq!(tested, routed);
}
