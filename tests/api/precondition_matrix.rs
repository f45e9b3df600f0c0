//! `If-Match` and `If-None-Match` on every operation (RFC 9110 §13.1), as one table.

use crate::{
    client::Request,
    organizations::{Team, team},
    stack,
};
use functions::Operation;
use futures_util::future::join_all;
use serde_json::json;
use std::fmt::Write as _;

/// The status of each answer, for an organization at version 3. Creations have no organization to compare
/// with, and lists have no entity tag, so they ignore both headers.
const MATRIX: &str = r#"
                                   "3"   "2"   W/"3" *     , "3",   3
createOrganization  If-Match       201   201   201   201   201      201
createOrganization  If-None-Match  201   201   201   201   201      201
listOrganizations   If-Match       200   200   200   200   200      200
listOrganizations   If-None-Match  200   200   200   200   200      200
getOrganization     If-Match       200   412   412   200   200      400
getOrganization     If-None-Match  304   200   304   304   304      400
updateOrganization  If-Match       200   412   412   200   200      400
updateOrganization  If-None-Match  412   200   412   412   412      400
setMaxOverages      If-Match       200   412   412   200   200      400
setMaxOverages      If-None-Match  412   200   412   412   412      400
listMembers         If-Match       200   200   200   200   200      200
listMembers         If-None-Match  200   200   200   200   200      200
addMember           If-Match       201   412   412   201   201      400
addMember           If-None-Match  412   201   412   412   412      400
updateMember        If-Match       200   412   412   200   200      400
updateMember        If-None-Match  412   200   412   412   412      400
removeMember        If-Match       200   412   412   200   200      400
removeMember        If-None-Match  412   200   412   412   412      400
"#;

/// The values: the current version, another one, the current one as a weak tag, any version, a list with
/// empty elements, and a malformed tag.
const VALUES: [&str; 6] = ["\"3\"", "\"2\"", "W/\"3\"", "*", ", \"3\",", "3"];

/// A request that succeeds without preconditions.
fn request(operation: Operation, team: &Team) -> Request {
    let (owner, organization) = (&team.owner, &team.organization);
    match operation {
        Operation::CreateOrganization => owner.post("/organization", json!({ "name": "Acme" })),
        Operation::ListOrganizations => owner.get("/organization/list"),
        Operation::GetOrganization => owner.get(&organization.path),
        Operation::UpdateOrganization => owner.put(&organization.path, json!({ "name": "Emca" })),
        Operation::SetMaxOverages => owner.patch(organization.max_overages(), json!({ "maxOverages": 5 })),
        Operation::ListMembers => owner.get(organization.members()),
        Operation::AddMember => {
            owner.post(organization.members(), json!({ "userId": stack::unique("other") }))
        }
        Operation::UpdateMember => {
            owner.patch(organization.member(&team.member.id), json!({ "role": "admin" }))
        }
        Operation::RemoveMember => owner.delete(organization.member(&team.member.id)),
        _ => owner.get(&organization.path),
    }
}

/// Sends the request with the header to a new team's organization. Returns the status, after checking that
/// the organization has changed only if the request succeeded.
async fn status(operation: Operation, header: &str, value: &str) -> u16 {
    let team = team().await;
    let response = request(operation, &team).header(header, value).send().await;
    let organization = team.owner.organization(&team.organization).await;
    let changes = operation.method() != "GET" && operation != Operation::CreateOrganization;
    let version = if changes && response.status.is_success() { 4 } else { 3 };
    assert_eq!(organization["version"], version, "{response}");
    if response.status == 412 {
        assert_eq!(response.expect_error(412, "precondition_failed")["currentVersion"], 3, "{response}");
    }
    if response.status == 400 {
        response.expect_invalid_request(header);
    }
    response.status.as_u16()
}

#[tokio::test]
async fn every_operation_answers_every_precondition_as_the_matrix_says() {
    let [current, other, weak, any, list, malformed] = VALUES;
    let mut found = format!("\n{:35}{current:6}{other:6}{weak:6}{any:6}{list:9}{malformed}\n", String::new());
    for operation in Operation::ALL {
        for header in ["If-Match", "If-None-Match"] {
            let cells = join_all(VALUES.map(|value| status(*operation, header, value))).await;
            write!(found, "{:20}{header:15}", operation.id()).unwrap();
            for (cell, width) in cells.iter().zip([6, 6, 6, 6, 9, 0]) {
                write!(found, "{cell:<width$}").unwrap();
            }
            found.push('\n');
        }
    }
    println!("{found}");
    assert_eq!(found, MATRIX, "{found}");
}
