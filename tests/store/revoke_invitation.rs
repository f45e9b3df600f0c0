use crate::table::{ANY, Table, caller, number, refusal, text};
use shared::model::{Invitation, InvitationId, InvitationStatus, OrganizationId, Preconditions, Role};
use shared::store::meter::measure;

#[tokio::test]
async fn revoking_deletes_the_invitation_and_shows_it_as_revoked() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    let size = table.size().await;

    for (version, name) in [(4, "ann"), (6, "bob"), (8, "service:backend")] {
        let issued = table.invite_address(&ann, &id, "dan@example.com").await;
        let (invited, at) = (issued.invitation.clone(), Preconditions::if_match(vec![version]));
        let revoked = table.revoke_invitation(&caller(name), &id, &invited.id, &at).await.unwrap();

        assert!(revoked.status == InvitationStatus::Revoked);
        assert!(revoked == Invitation { status: InvitationStatus::Revoked, ..invited });
        let item = table.organization_item(&id).await;
        assert_eq!(
            (number(&item, "version"), &item["updatedBy"]),
            (i64::try_from(version + 1).unwrap(), &text(name))
        );
        assert_eq!(table.size().await, size);
        assert_eq!(refusal(table.accept("dan", &issued).await), "invitation_not_found");
    }
    table.expect_no_fault().await;
}

#[tokio::test]
async fn only_pending_invitations_can_be_revoked() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    let [expired, accepted, revoked] = [
        table.invite(&ann, &id, Role::Member).await,
        table.invite(&ann, &id, Role::Member).await,
        table.invite(&ann, &id, Role::Member).await,
    ];
    table.expire(&expired).await;
    table.accept("dan", &accepted).await.unwrap();
    table.revoke_invitation(&ann, &id, &revoked.invitation.id, &ANY).await.unwrap();
    let before = (table.organization_item(&id).await, table.size().await);

    for issued in [&expired, &accepted, &revoked] {
        for name in ["ann", "service:backend"] {
            let refused = table.revoke_invitation(&caller(name), &id, &issued.invitation.id, &ANY).await;
            assert_eq!(refusal(refused), "invitation_not_found");
        }
    }
    assert_eq!((table.organization_item(&id).await, table.size().await), before);
    assert!(table.accept("dan", &accepted).await.unwrap().is_replayed);
}

#[tokio::test]
async fn the_most_basic_of_several_errors_is_returned() {
    let table = Table::new().await;
    let (id, deleted, nowhere) = (table.team().await, table.team().await, OrganizationId::generate());
    let (ann, unknown) = (caller("ann"), InvitationId::generate());
    let [invited, other] = [
        table.invite(&ann, &id, Role::Owner).await.invitation.id,
        table.invite(&ann, &deleted, Role::Member).await.invitation.id,
    ];
    table.delete_organization(&ann, &deleted, &ANY).await.unwrap();
    let stale = Preconditions::if_match(vec![1]);

    for (id, name, invitation, error) in [
        (&nowhere, "ann", &invited, "organization_not_found"),
        (&nowhere, "service:x", &invited, "organization_not_found"),
        (&id, "eve", &invited, "organization_not_found"),
        (&id, "eve", &unknown, "organization_not_found"),
        (&deleted, "bob", &other, "organization_not_found"),
        (&deleted, "cyd", &unknown, "organization_not_found"),
        (&deleted, "ann", &other, "organization_deleted"),
        (&deleted, "ann", &unknown, "organization_deleted"),
        (&deleted, "service:x", &other, "organization_deleted"),
        (&deleted, "service:x", &unknown, "organization_deleted"),
        (&id, "cyd", &invited, r#"forbidden {"requiredRole":"admin"}"#),
        (&id, "cyd", &unknown, r#"forbidden {"requiredRole":"admin"}"#),
        (&id, "ann", &unknown, "invitation_not_found"),
        (&id, "bob", &other, "invitation_not_found"),
        (&id, "service:x", &unknown, "invitation_not_found"),
        (&id, "bob", &invited, r#"precondition_failed {"currentVersion":4}"#),
        (&id, "service:x", &invited, r#"precondition_failed {"currentVersion":4}"#),
    ] {
        let refused = table.revoke_invitation(&caller(name), id, invitation, &stale).await;
        assert_eq!(refusal(refused), error, "{name}");
    }
    assert_eq!(table.pending(&ann, &id).await, [invited]);

    let malformed = async |name, id| table.no_such_invitation(&caller(name), id).await.code();
    assert_eq!(malformed("ann", &nowhere).await, "organization_not_found");
    assert_eq!(malformed("eve", &id).await, "organization_not_found");
    assert_eq!(malformed("bob", &deleted).await, "organization_not_found");
    assert_eq!(malformed("ann", &deleted).await, "organization_deleted");
    assert_eq!(malformed("service:x", &deleted).await, "organization_deleted");
    assert_eq!(malformed("cyd", &id).await, "forbidden");
    assert_eq!(malformed("bob", &id).await, "invitation_not_found");
    assert_eq!(malformed("service:x", &id).await, "invitation_not_found");
}

#[tokio::test]
async fn a_stranger_causes_the_same_requests_whether_or_not_there_is_an_invitation() {
    let table = Table::new().await;
    let id = table.team().await;
    let invited = table.invite(&caller("ann"), &id, Role::Member).await.invitation.id;
    let (eve, nowhere) = (caller("eve"), OrganizationId::generate());
    for (id, invitation) in [(&id, &invited), (&id, &InvitationId::generate()), (&nowhere, &invited)] {
        let before = table.proxy.actions().len();
        let (refused, usage) = measure(table.revoke_invitation(&eve, id, invitation, &ANY)).await;
        assert_eq!(refusal(refused), "organization_not_found");
        assert_eq!((usage.requests, &table.proxy.actions()[before..]), (1, &["BatchGetItem".to_owned()][..]));
    }
}
