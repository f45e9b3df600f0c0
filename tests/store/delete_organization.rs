use crate::table::{ANY, Item, Table, caller, integer, now, number, refusal, text, user};
use functions::Operation;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::{Body, Context, LambdaEvent};
use serde_json::Value;
use shared::model::{OrganizationId, Preconditions, Role};
use shared::settings::Settings;
use support::example::{self, INVITEE, MEMBER, Place, SERVICE};
use support::in_process;

const DAY: i64 = 24 * 60 * 60;

/// The attributes of an item except for these.
fn others(item: &Item, without: &[&str]) -> Item {
    let mut item = item.clone();
    item.retain(|name, _| !without.contains(&name.as_str()));
    item
}

#[tokio::test]
async fn deletion_sets_two_attributes_and_keeps_everything_else() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.team().await;
    let (before, size) = (table.organization_item(&id).await, table.size().await);

    let earliest = now() + 30 * DAY;
    let deleted = table.delete_organization(&ann, &id, &ANY).await.unwrap();

    let item = table.organization_item(&id).await;
    let deletion = deleted.deletion.clone().unwrap();
    assert_eq!((deleted.version, deleted.role, deleted.member_count), (4, Some(Role::Owner), 3));
    assert_eq!(item["deletedAt"], text(deletion.deleted_at.as_str()));
    assert_eq!((&item["updatedAt"], &item["updatedBy"]), (&item["deletedAt"], &text("ann")));
    assert!((earliest..=now() + 30 * DAY).contains(&number(&item, "expiresAt")), "{item:?}");
    assert_eq!(number(&item, "version"), 4);
    let written = ["deletedAt", "expiresAt", "version", "updatedAt", "updatedBy", "lastMutations", "change"];
    assert_eq!(others(&item, &written), others(&before, &written));
    assert_eq!(table.size().await, size);
    assert_eq!(table.get_organization(&ann, &id).await.unwrap(), deleted);
    table.expect_no_fault().await;
}

#[tokio::test]
async fn a_deployment_sets_how_long_a_deleted_organization_is_kept() {
    let table = Table::new().await;
    let id = table.team().await;
    let store = table.store.clone();
    let store = store.with_settings(Settings { deleted_organization_days: 1, ..Settings::default() });

    let earliest = now() + DAY;
    store.delete_organization(&caller("ann"), &id, &ANY).await.unwrap();
    let kept = number(&table.organization_item(&id).await, "expiresAt");
    assert!((earliest..=now() + DAY).contains(&kept), "{kept}");
}

#[tokio::test]
async fn a_deleted_organization_is_in_no_list_but_that_of_its_owners_deleted_ones() {
    let table = Table::new().await;
    let id = table.team().await;
    let live = table.team().await;
    table.delete_organization(&caller("service:backend"), &id, &ANY).await.unwrap();

    let listed = async |name, deleted| {
        let page = table.list_organizations(&user(name), deleted, 9, None).await.unwrap();
        page.items.into_iter().map(|organization| organization.id).collect::<Vec<_>>()
    };
    for name in ["ann", "bob", "cyd"] {
        assert_eq!(listed(name, false).await, std::slice::from_ref(&live));
    }
    assert_eq!(listed("ann", true).await, std::slice::from_ref(&id));
    assert!(listed("bob", true).await.is_empty());
    assert!(listed("cyd", true).await.is_empty());

    purge_now(&table, &id).await;
    assert!(listed("ann", true).await.is_empty());
}

/// Ends the time for restoring the organization. TTL has not removed it yet.
async fn purge_now(table: &Table, id: &OrganizationId) {
    let mut item = table.organization_item(id).await;
    item.insert("expiresAt".to_owned(), integer(now()));
    table.put(item).await;
}

#[tokio::test]
async fn deleting_a_deleted_organization_changes_nothing_whatever_the_preconditions() {
    let table = Table::new().await;
    let ann = caller("ann");
    let id = table.team().await;
    let deleted = table.delete_organization(&ann, &id, &ANY).await.unwrap();
    let before = table.organization_item(&id).await;

    for expected in [
        ANY,
        Preconditions::if_match(vec![3]),
        Preconditions::if_match(vec![4]),
        Preconditions::if_none_match(vec![4]),
    ] {
        assert_eq!(table.delete_organization(&ann, &id, &expected).await.unwrap(), deleted);
        let as_service = table.delete_organization(&caller("service:x"), &id, &expected).await.unwrap();
        assert_eq!((as_service.role, as_service.deletion), (None, deleted.deletion.clone()));
    }
    assert_eq!(table.organization_item(&id).await, before);
}

#[tokio::test]
async fn the_most_basic_of_several_errors_is_returned() {
    let table = Table::new().await;
    let id = table.team().await;
    let (stale, nowhere) = (Preconditions::if_match(vec![1]), OrganizationId::generate());

    let refused = async |name, id| refusal(table.delete_organization(&caller(name), id, &stale).await);
    assert_eq!(refused("ann", &nowhere).await, "organization_not_found");
    assert_eq!(refused("service:backend", &nowhere).await, "organization_not_found");
    assert_eq!(refused("eve", &id).await, "organization_not_found");
    assert_eq!(refused("cyd", &id).await, r#"forbidden {"requiredRole":"owner"}"#);
    assert_eq!(refused("bob", &id).await, r#"forbidden {"requiredRole":"owner"}"#);
    assert_eq!(refused("ann", &id).await, r#"precondition_failed {"currentVersion":3}"#);
    assert_eq!(refused("service:backend", &id).await, r#"precondition_failed {"currentVersion":3}"#);
    assert!(table.get_organization(&caller("ann"), &id).await.unwrap().deletion.is_none());
}

/// The status and the error's code of the example that `caller` sends.
async fn answer(table: &Table, operation: Operation, caller: &str, place: &Place) -> String {
    let event = example::request(operation, caller, place).event().to_string();
    let event = LambdaEvent::new(serde_json::from_str(&event).unwrap(), Context::default());
    let ApiGatewayV2httpResponse { status_code, body, .. } =
        in_process::invoke(operation, &table.store, event).await;
    let Some(Body::Text(body)) = body else { panic!("{operation:?} answered {body:?}") };
    let body: Value = serde_json::from_str(&body).unwrap();
    match body["error"]["code"].as_str().or(body["code"].as_str()) {
        Some(code) => format!("{status_code} {code}"),
        None => status_code.to_string(),
    }
}

/// What the owner, the admin, the member, a stranger with the invitation's token, and a service are answered.
fn answers_about_a_deleted_organization(operation: Operation) -> [&'static str; 5] {
    const GONE: &str = "404 organization_not_found";
    const DELETED: &str = "409 organization_deleted";
    const NO_INVITATION: &str = "404 invitation_not_found";
    const NO_SCOPE: &str = "403 insufficient_scope";
    match operation {
        Operation::CreateOrganization => ["201", "201", "201", "201", "400 invalid_request"],
        Operation::ListOrganizations => ["200", "200", "200", "200", "400 invalid_request"],
        Operation::GetOrganization
        | Operation::DeleteOrganization
        | Operation::ListEvents
        // The last: it restores the organization.
        | Operation::RestoreOrganization => ["200", GONE, GONE, GONE, "200"],
        Operation::ListMembers
        | Operation::GetMember
        | Operation::GetUsage
        | Operation::ListInvitations => {
            [DELETED, GONE, GONE, GONE, "200"]
        }
        Operation::AddMember | Operation::SetPlan | Operation::RecordUsage => [NO_SCOPE, NO_SCOPE, NO_SCOPE, NO_SCOPE, DELETED],
        Operation::UpdateOrganization
        | Operation::SetMaxOverages
        | Operation::UpdateMember
        | Operation::RemoveMember
        | Operation::CreateInvitation
        | Operation::RevokeInvitation => [DELETED, GONE, GONE, GONE, DELETED],
        // Each user erases itself.
        Operation::DeleteUser => ["200", "200", "200", "200", "200"],
        Operation::PreviewInvitation | Operation::AcceptInvitation => {
            [NO_INVITATION, NO_INVITATION, NO_INVITATION, NO_INVITATION, "403 forbidden"]
        }
    }
}

/// A place whose organization is deleted, with an admin, and the callers in the order of the answers.
async fn deleted_place(table: &Table) -> (Place, OrganizationId, [&'static str; 5]) {
    let place = Place::create(&table.store, "ann").await;
    let id = OrganizationId::parse(&place.organization).unwrap();
    table.with(&id, "bob", Role::Admin).await;
    table.delete_organization(&caller("ann"), &id, &ANY).await.unwrap();
    (place, id, ["ann", "bob", MEMBER, INVITEE, SERVICE])
}

/// All operations but those that restore the organization, or end it with its owner.
fn all_that_leave_it_deleted() -> impl Iterator<Item = Operation> {
    let leaves =
        |operation: &Operation| !matches!(operation, Operation::RestoreOrganization | Operation::DeleteUser);
    Operation::ALL.iter().copied().filter(leaves)
}

#[tokio::test]
async fn a_deleted_organization_exists_only_for_its_owners_and_services_in_every_operation() {
    let table = Table::new().await;
    let (place, id, callers) = deleted_place(&table).await;
    let before = table.organization_item(&id).await;

    for operation in all_that_leave_it_deleted() {
        for (caller, expected) in callers.into_iter().zip(answers_about_a_deleted_organization(operation)) {
            assert_eq!(
                answer(&table, operation, caller, &place).await,
                expected,
                "{operation:?} as {caller}"
            );
        }
    }
    assert_eq!(table.organization_item(&id).await, before);

    let restore = Operation::RestoreOrganization;
    for (name, expected) in callers.into_iter().zip(answers_about_a_deleted_organization(restore)) {
        assert_eq!(answer(&table, restore, name, &place).await, expected, "as {name}");
        table.delete_organization(&caller("ann"), &id, &ANY).await.unwrap();
    }
}

#[tokio::test]
async fn an_organization_exists_for_nobody_once_it_can_no_longer_be_restored() {
    let table = Table::new().await;
    let (place, id, callers) = deleted_place(&table).await;
    purge_now(&table, &id).await;
    let before = table.organization_item(&id).await;

    for &operation in Operation::ALL {
        let before_purge = answers_about_a_deleted_organization(operation);
        for (caller, before_purge) in callers.into_iter().zip(before_purge) {
            let is_about_it = !matches!(
                operation,
                Operation::CreateOrganization | Operation::ListOrganizations | Operation::DeleteUser
            );
            let expected = match before_purge {
                "200" | "409 organization_deleted" if is_about_it => "404 organization_not_found",
                same => same,
            };
            assert_eq!(
                answer(&table, operation, caller, &place).await,
                expected,
                "{operation:?} as {caller}"
            );
        }
    }
    assert_eq!(table.organization_item(&id).await, before);
}
