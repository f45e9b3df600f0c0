//! `If-Match` and `If-None-Match` on every operation (RFC 9110 §13.1), as one table.

use crate::{
    client::{Request, User},
    examples::{self, Place, is_a_write, is_on_an_organization, leaves_users, path, sender},
    organizations::team,
};
use functions::Operation;
use futures_util::future::join_all;
use std::fmt::Write as _;
use support::example::{Allowed, example};

/// The status of each answer, for an organization at version 4. Operations without an organization in their path
/// have nothing to compare with, and answers that are neither an organization nor its events have no entity tag, so their
/// reads ignore both headers. So do recordUsage, which does not change the organization, and deleteUser, which changes
/// several. Restoring an organization that is not deleted changes nothing, whatever they say.
const MATRIX: &str = r#"
                                   "4"   "3"   W/"4" *     , "4",   4
createOrganization  If-Match       201   201   201   201   201      201
createOrganization  If-None-Match  201   201   201   201   201      201
listOrganizations   If-Match       200   200   200   200   200      200
listOrganizations   If-None-Match  200   200   200   200   200      200
getOrganization     If-Match       200   412   412   200   200      400
getOrganization     If-None-Match  304   200   304   304   304      400
updateOrganization  If-Match       200   412   412   200   200      400
updateOrganization  If-None-Match  412   200   412   412   412      400
deleteOrganization  If-Match       200   412   412   200   200      400
deleteOrganization  If-None-Match  412   200   412   412   412      400
restoreOrganization If-Match       200   200   200   200   200      400
restoreOrganization If-None-Match  200   200   200   200   200      400
setMaxOverages      If-Match       200   412   412   200   200      400
setMaxOverages      If-None-Match  412   200   412   412   412      400
setPlan             If-Match       200   412   412   200   200      400
setPlan             If-None-Match  412   200   412   412   412      400
recordUsage         If-Match       200   200   200   200   200      200
recordUsage         If-None-Match  200   200   200   200   200      200
getUsage            If-Match       200   200   200   200   200      200
getUsage            If-None-Match  200   200   200   200   200      200
listEvents          If-Match       200   412   412   200   200      400
listEvents          If-None-Match  304   200   304   304   304      400
listMembers         If-Match       200   200   200   200   200      200
listMembers         If-None-Match  200   200   200   200   200      200
addMember           If-Match       201   412   412   201   201      400
addMember           If-None-Match  412   201   412   412   412      400
getMember           If-Match       200   200   200   200   200      200
getMember           If-None-Match  200   200   200   200   200      200
updateMember        If-Match       200   412   412   200   200      400
updateMember        If-None-Match  412   200   412   412   412      400
removeMember        If-Match       200   412   412   200   200      400
removeMember        If-None-Match  412   200   412   412   412      400
createInvitation    If-Match       201   412   412   201   201      400
createInvitation    If-None-Match  412   201   412   412   412      400
listInvitations     If-Match       200   200   200   200   200      200
listInvitations     If-None-Match  200   200   200   200   200      200
revokeInvitation    If-Match       200   412   412   200   200      400
revokeInvitation    If-None-Match  412   200   412   412   412      400
previewInvitation   If-Match       200   200   200   200   200      200
previewInvitation   If-None-Match  200   200   200   200   200      200
acceptInvitation    If-Match       201   201   201   201   201      201
acceptInvitation    If-None-Match  201   201   201   201   201      201
deleteUser          If-Match       200   200   200   200   200      200
deleteUser          If-None-Match  200   200   200   200   200      200
"#;

/// The values: the current version, another one, the current one as a weak tag, any version, a list with
/// empty elements, and a malformed tag.
const VALUES: [&str; 6] = ["\"4\"", "\"3\"", "W/\"4\"", "*", ", \"4\",", "4"];

/// The example. A client that lists the events has them all: otherwise, the answer depends on whether the page is
/// complete yet.
fn request(operation: Operation, caller: &User, place: &Place) -> Request {
    match operation {
        Operation::ListEvents => caller.get(format!("{}?after=4", path(operation, caller, place))),
        _ => examples::request(operation, caller, place),
    }
}

/// Sends the example with the header to a new team's organization. Returns the status, after checking that the
/// organization has changed only if the request succeeded.
async fn status(operation: Operation, by_service: bool, header: &str, value: &str) -> u16 {
    let team = team().await;
    let place = Place::of(&team).await;
    let caller = if by_service { &team.service } else { sender(operation, &team) };
    let response = request(operation, caller, &place).header(header, value).send().await;
    let organization = team.owner.organization(&team.organization).await;
    let changes = match operation {
        Operation::RestoreOrganization | Operation::RecordUsage => false,
        Operation::AcceptInvitation | Operation::DeleteUser => true,
        _ => is_on_an_organization(operation) && is_a_write(operation),
    };
    let version = if changes && response.status.is_success() { 5 } else { 4 };
    assert_eq!(organization["version"], version, "{response}");
    if response.status == 412 {
        assert_eq!(response.expect_error(412, "precondition_failed")["currentVersion"], 4, "{response}");
    }
    if response.status == 400 {
        response.expect_invalid_request(header);
    }
    response.status.as_u16()
}

/// The matrix as it is found. Operations for which services are refused are sent by a user in any case.
async fn found(by_service: bool) -> String {
    let [current, other, weak, any, list, malformed] = VALUES;
    let mut found = format!("\n{:35}{current:6}{other:6}{weak:6}{any:6}{list:9}{malformed}\n", String::new());
    for &operation in Operation::ALL {
        if !leaves_users(operation) {
            continue;
        }
        let by_service = by_service && example(operation).allowed != Allowed::Invitees;
        for header in ["If-Match", "If-None-Match"] {
            let cells = join_all(VALUES.map(|value| status(operation, by_service, header, value))).await;
            write!(found, "{:20}{header:15}", operation.id()).unwrap();
            for (cell, width) in cells.iter().zip([6, 6, 6, 6, 9, 0]) {
                write!(found, "{cell:<width$}").unwrap();
            }
            found.push('\n');
        }
    }
    found
}

/// The rows of [`MATRIX`] that are tested.
fn expected() -> String {
    let left_out =
        Operation::ALL.iter().filter(|&&operation| !leaves_users(operation)).map(|operation| operation.id());
    let left_out: Vec<_> = left_out.collect();
    let lines = MATRIX.split_inclusive('\n');
    lines.filter(|line| !left_out.iter().any(|id| line.starts_with(&format!("{id} ")))).collect()
}

#[tokio::test]
async fn every_operation_answers_every_precondition_as_the_matrix_says() {
    let found = found(false).await;
    assert_eq!(found, expected(), "{found}");
}

#[tokio::test]
async fn preconditions_bind_services_as_they_bind_users() {
    let found = found(true).await;
    assert_eq!(found, expected(), "{found}");
}
