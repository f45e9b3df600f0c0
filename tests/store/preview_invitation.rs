use crate::invitations::{address, invitation, token};
use crate::table::{ANY, Table, caller, refusal, user};
use shared::model::{InvitationId, InvitationToken, OrganizationId, Role};

/// The code of the error that a preview gets, or `None` for a success.
async fn refused(table: &Table, token: &InvitationToken) -> Option<&'static str> {
    table.preview_invitation(token).await.err().map(|error| error.code())
}

#[tokio::test]
async fn the_holder_of_a_token_sees_what_the_invitation_is_for() {
    let table = Table::new().await;
    let id = table.team().await;
    let new = invitation(Some("dan@example.com"), Role::Admin);
    let issued = table.create_invitation(&caller("bob"), &id, new, &ANY).await.unwrap();
    let before = table.organization_item(&id).await;

    let preview = table.preview_invitation(&token(&issued)).await.unwrap();

    assert_eq!((&preview.organization_id, preview.organization_name.as_str()), (&id, "Acme"));
    assert_eq!((preview.role, &preview.invited_by), (Role::Admin, &caller("bob")));
    assert!(preview.email == Some(address("dan@example.com")));
    assert_eq!(preview.expires_at, issued.invitation.expires_at);
    assert_eq!(table.organization_item(&id).await, before);
    let link = table.invite(&caller("service:backend"), &id, Role::Owner).await;
    assert!(table.preview_invitation(&token(&link)).await.unwrap().email.is_none());
}

#[tokio::test]
async fn a_token_that_is_not_that_of_a_pending_invitation_shows_nothing() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    let [pending, accepted, revoked, expired] = [
        table.invite(&ann, &id, Role::Member).await,
        table.invite(&ann, &id, Role::Member).await,
        table.invite(&ann, &id, Role::Member).await,
        table.invite(&ann, &id, Role::Member).await,
    ];
    table.accept("dan", &accepted).await.unwrap();
    table.revoke_invitation(&ann, &id, &revoked.invitation.id, &ANY).await.unwrap();
    table.expire(&expired).await;

    let guess = |organization, invitation: &InvitationId| {
        InvitationToken::generate(organization, invitation).unwrap()
    };
    for wrong in [
        guess(&id, &pending.invitation.id),
        guess(&id, &expired.invitation.id),
        guess(&id, &InvitationId::generate()),
        guess(&OrganizationId::generate(), &pending.invitation.id),
        token(&accepted),
        token(&revoked),
    ] {
        assert_eq!(refused(&table, &wrong).await, Some("invitation_not_found"));
    }
    assert_eq!(refused(&table, &token(&expired)).await, Some("invitation_expired"));
    assert_eq!(refused(&table, &token(&pending)).await, None);
}

#[tokio::test]
async fn an_invitation_is_void_while_whoever_invited_may_not() {
    let table = Table::new().await;
    let (ann, bob, id) = (caller("ann"), user("bob"), table.team().await);
    let by_bob = token(&table.invite(&caller("bob"), &id, Role::Admin).await);
    let by_a_service = token(&table.invite(&caller("service:backend"), &id, Role::Owner).await);

    table.update_member(&ann, &id, &bob, Role::Member, &ANY).await.unwrap();
    assert_eq!(refused(&table, &by_bob).await, Some("invitation_not_found"));
    table.update_member(&ann, &id, &bob, Role::Owner, &ANY).await.unwrap();
    assert_eq!(refused(&table, &by_bob).await, None);
    let of_an_owner = token(&table.invite(&caller("bob"), &id, Role::Owner).await);
    table.update_member(&ann, &id, &bob, Role::Admin, &ANY).await.unwrap();
    assert_eq!(refused(&table, &by_bob).await, None);
    assert_eq!(refused(&table, &of_an_owner).await, Some("invitation_not_found"));
    table.remove_member(&ann, &id, &bob, &ANY).await.unwrap();
    assert_eq!(refused(&table, &by_bob).await, Some("invitation_not_found"));
    assert_eq!(refused(&table, &by_a_service).await, None);
}

#[tokio::test]
async fn an_invitation_to_a_deleted_organization_shows_nothing_until_it_is_restored() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    let [pending, expired] =
        [table.invite(&ann, &id, Role::Member).await, table.invite(&ann, &id, Role::Member).await];
    table.expire(&expired).await;
    table.delete_organization(&ann, &id, &ANY).await.unwrap();
    for issued in [&pending, &expired] {
        assert_eq!(refused(&table, &token(issued)).await, Some("invitation_not_found"));
    }
    table.restore_organization(&ann, &id, &ANY).await.unwrap();
    assert_eq!(refused(&table, &token(&pending)).await, None);
    assert_eq!(refused(&table, &token(&expired)).await, Some("invitation_expired"));
    assert_eq!(refusal(table.accept("dan", &expired).await), "invitation_expired");
}
