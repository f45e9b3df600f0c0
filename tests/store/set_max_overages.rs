use crate::table::{ANY, Table, caller, refusal};
use shared::model::{MaxOverages, OrganizationId, Preconditions, Role};

#[tokio::test]
async fn a_limit_can_be_set_and_removed() {
    let table = Table::new().await;
    let (ann, bob) = (caller("ann"), caller("bob"));
    let id = table.organization_of(&ann).await.id;
    table.with(&id, "bob", Role::Admin).await;

    for (version, limit) in
        [(3, MaxOverages::units(500).unwrap()), (4, MaxOverages::UNLIMITED), (5, MaxOverages::NONE)]
    {
        let configuration = table.set_max_overages(&bob, &id, limit, &ANY).await.unwrap();
        assert_eq!((configuration.max_overages, configuration.version), (limit, version));
        assert_eq!(configuration.updated_by, bob);
        let organization = table.get_organization(&ann, &id).await.unwrap();
        assert_eq!((organization.max_overages, organization.version), (limit, version));
        assert_eq!(organization.updated_at, configuration.updated_at);
    }
}

#[tokio::test]
async fn the_most_basic_of_several_errors_is_returned() {
    let table = Table::new().await;
    let (ann, cyd, eve) = (caller("ann"), caller("cyd"), caller("eve"));
    let id = table.organization_of(&ann).await.id;
    table.with(&id, "cyd", Role::Member).await;
    let stale = Preconditions::if_match(vec![1]);
    let nowhere = OrganizationId::generate();

    let refused =
        async |who, id| refusal(table.set_max_overages(who, id, MaxOverages::UNLIMITED, &stale).await);
    assert_eq!(refused(&ann, &nowhere).await, "organization_not_found");
    assert_eq!(refused(&eve, &id).await, "organization_not_found");
    assert_eq!(refused(&cyd, &id).await, r#"forbidden {"requiredRole":"admin"}"#);
    assert_eq!(refused(&ann, &id).await, r#"precondition_failed {"currentVersion":2}"#);
    assert_eq!(table.get_organization(&ann, &id).await.unwrap().max_overages, MaxOverages::NONE);
}
