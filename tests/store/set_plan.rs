use crate::table::{ANY, Table, caller, number, refusal, user};
use crate::usage::{included, max_members};
use aws_sdk_dynamodb::types::AttributeValue::Null;
use shared::model::{MaxMembers, OrganizationId, PlanChanges, Preconditions};

#[tokio::test]
async fn only_the_given_limits_change_and_every_change_increments_the_version() {
    let table = Table::new().await;
    let id = table.team().await;
    let no_limit = PlanChanges { included_units: None, max_members: Some(MaxMembers::UNLIMITED) };
    let both = PlanChanges { max_members: max_members(7).max_members, ..included(0) };
    for (version, (changes, included_units, members)) in (4..).zip([
        (included(500), 500, None),
        (max_members(20), 500, Some(20)),
        (included(9), 9, Some(20)),
        (no_limit, 9, None),
        (both, 0, Some(7)),
        (both, 0, Some(7)),
    ]) {
        let plan = table.set_plan(&user("billing"), &id, changes, &ANY).await.unwrap();
        assert_eq!((&plan.organization_id, &plan.updated_by), (&id, &caller("service:billing")));
        let limit = |max: MaxMembers| max.get().map(std::num::NonZero::get);
        let figures = (plan.included_units.get(), limit(plan.max_members), plan.version);
        assert_eq!(figures, (included_units, members, version));
        let organization = table.get_organization(&caller("cyd"), &id).await.unwrap();
        let shown = (organization.included_units, organization.max_members, organization.version);
        assert_eq!(shown, (plan.included_units, plan.max_members, plan.version));
        assert_eq!(organization.updated_at, plan.updated_at);
        let listed = table.list_organizations(&user("cyd"), false, 9, None).await.unwrap().items;
        assert_eq!(listed, [organization]);
    }
}

#[tokio::test]
async fn a_limit_is_stored_as_a_number_and_none_as_null() {
    let table = Table::new().await;
    let id = table.team().await;
    let item = table.organization_item(&id).await;
    assert_eq!((number(&item, "includedUnits"), &item["maxMembers"]), (0, &Null(true)));
    table.set_plan(&user("billing"), &id, included(1_000_000_000), &ANY).await.unwrap();
    table.set_plan(&user("billing"), &id, max_members(1_000_000), &ANY).await.unwrap();
    let item = table.organization_item(&id).await;
    assert_eq!((number(&item, "includedUnits"), number(&item, "maxMembers")), (1_000_000_000, 1_000_000));
}

#[tokio::test]
async fn the_most_basic_of_several_errors_is_returned() {
    let table = Table::new().await;
    let nowhere = OrganizationId::generate();
    let (id, deleted) = (table.team().await, table.team().await);
    table.delete_organization(&caller("ann"), &deleted, &ANY).await.unwrap();
    let refused = async |id, expected: &Preconditions| {
        refusal(table.set_plan(&user("billing"), id, included(5), expected).await)
    };
    let (stale, unless) = (Preconditions::if_match(vec![1]), Preconditions::if_none_match(vec![3]));
    assert_eq!(refused(&nowhere, &stale).await, "organization_not_found");
    assert_eq!(refused(&deleted, &stale).await, "organization_deleted");
    assert_eq!(refused(&id, &stale).await, r#"precondition_failed {"currentVersion":3}"#);
    assert_eq!(refused(&id, &unless).await, r#"precondition_failed {"currentVersion":3}"#);
    assert_eq!(number(&table.organization_item(&id).await, "includedUnits"), 0);
    let expected = Preconditions::if_match(vec![3]);
    assert_eq!(table.set_plan(&user("billing"), &id, included(5), &expected).await.unwrap().version, 4);
}
