use crate::invitations::{address, expect_refused_to_most, invitation, token};
use crate::table::{ANY, Item, Table, caller, now, number, refusal, text, user};
use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use shared::model::{InvitationId, Invitee, Lifetime, NewInvitation, OrganizationId, Preconditions, Role};
use shared::settings::Settings;
use std::collections::BTreeSet;
use support::database::items;

const DAY: i64 = 24 * 60 * 60;

fn names(item: &Item) -> BTreeSet<&str> {
    item.keys().map(String::as_str).collect()
}

/// The secret part of a token.
fn secret(token: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(token.strip_prefix("invt_").unwrap()).unwrap().split_off(32)
}

#[tokio::test]
async fn an_invitation_is_stored_with_the_hash_of_its_token() {
    let table = Table::new().await;
    let (bob, id) = (caller("bob"), table.team().await);
    let new = NewInvitation {
        lifetime: Lifetime::days(3).unwrap(),
        ..invitation(Some("Dan@Example.com"), Role::Admin)
    };

    let earliest = now() + 3 * DAY;
    let issued = table.create_invitation(&bob, &id, new, &Preconditions::if_match(vec![3])).await.unwrap();

    assert!(!issued.is_renewal && issued.url.is_none());
    let item = table.invitation_item(&id, &issued.invitation.id).await.unwrap();
    let attributes = ["pk", "sk", "email", "role", "secretHash", "invitedBy", "createdAt", "expiresAt"];
    assert_eq!(names(&item), BTreeSet::from(attributes));
    assert_eq!(
        (&item["email"], &item["role"], &item["invitedBy"]),
        (&text("dan@example.com"), &text("admin"), &text("bob"))
    );
    assert_eq!(item["createdAt"], text(issued.invitation.created_at.as_str()));
    let hash = digest(&SHA256, &secret(&issued.token));
    assert_eq!(item["secretHash"].as_b().unwrap().as_ref(), hash.as_ref());
    // The table's TTL attribute, in seconds.
    assert!((earliest..=now() + 3 * DAY).contains(&number(&item, "expiresAt")), "{item:?}");

    let organization = table.organization_item(&id).await;
    assert_eq!((number(&organization, "version"), number(&organization, "memberCount")), (4, 3));
    assert_eq!((number(&organization, "invitationsCreated"), &organization["updatedBy"]), (1, &text("bob")));
    let listed = table.list_invitations(&bob, &id, 9, None).await.unwrap().items;
    assert!(listed == [issued.invitation]);
}

#[tokio::test]
async fn nothing_that_is_stored_contains_the_secret() {
    let table = Table::new().await;
    let id = table.team().await;
    let issued = table.invite_address(&caller("ann"), &id, "dan@example.com").await;
    table.accept("dan", &issued).await.unwrap();

    let secret = secret(&issued.token);
    let contains = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    for item in items(&table.client).await {
        for (name, value) in &item {
            let bytes = match value {
                AttributeValue::S(text) => text.as_bytes(),
                AttributeValue::B(bytes) => bytes.as_ref(),
                _ => continue,
            };
            assert!(!contains(bytes, &secret[..8]) && !contains(bytes, b"invt_"), "{name} of {item:?}");
        }
    }
}

#[tokio::test]
async fn a_deployment_with_a_page_for_invitations_answers_with_its_url() {
    let table = Table::new().await;
    let id = table.team().await;
    let page = "https://example.com/join".to_owned();
    let store = table.store.clone();
    let store = store.with_settings(Settings { invitation_url: Some(page), ..Settings::default() });

    let new = invitation(None, Role::Member);
    let issued = store.create_invitation(&caller("ann"), &id, new, &ANY).await.unwrap();
    assert_eq!(issued.url.unwrap(), format!("https://example.com/join#{}", issued.token));
}

#[tokio::test]
async fn an_address_has_one_pending_invitation_and_inviting_it_again_renews_it() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    let first = table.invite_address(&ann, &id, "dan@example.com").await;
    let size = table.size().await;

    let new = NewInvitation {
        lifetime: Lifetime::days(30).unwrap(),
        ..invitation(Some("DAN@example.com"), Role::Admin)
    };
    let renewed = table.create_invitation(&caller("bob"), &id, new, &ANY).await.unwrap();

    assert!(renewed.is_renewal && table.size().await == size);
    let (before, after) = (&first.invitation, &renewed.invitation);
    assert_eq!((&after.id, &after.created_at), (&before.id, &before.created_at));
    assert_eq!((after.role, &after.invited_by), (Role::Admin, &caller("bob")));
    assert!(after.expires_at.as_str() > before.expires_at.as_str() && renewed.token != first.token);
    assert_eq!(refusal(table.preview_invitation(&token(&first)).await), "invitation_not_found");
    assert_eq!(refusal(table.accept("dan", &first).await), "invitation_not_found");
    assert_eq!(table.accept("dan", &renewed).await.unwrap().member.role, Role::Admin);
    assert_eq!(number(&table.organization_item(&id).await, "version"), 6);
    table.expect_no_fault().await;
}

#[tokio::test]
async fn an_invitation_that_expired_or_was_revoked_is_made_anew() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    let expired = table.invite_address(&ann, &id, "dan@example.com").await;
    table.expire(&expired).await;

    let second = table.invite_address(&caller("bob"), &id, "dan@example.com").await;
    assert!(
        !second.is_renewal && second.invitation.created_at.as_str() > expired.invitation.created_at.as_str()
    );
    assert_eq!(refusal(table.accept("dan", &expired).await), "invitation_not_found");
    table.revoke_invitation(&ann, &id, &second.invitation.id, &ANY).await.unwrap();
    let third = table.invite_address(&ann, &id, "dan@example.com").await;
    assert!(!third.is_renewal);
    assert_eq!(second.invitation.id, third.invitation.id);
    assert_eq!(refusal(table.accept("dan", &second).await), "invitation_not_found");
    table.accept("dan", &third).await.unwrap();
}

#[tokio::test]
async fn without_an_address_every_request_makes_another_link() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    let links = [
        table.invite(&ann, &id, Role::Member).await,
        table.invite(&ann, &id, Role::Member).await,
        table.invite(&ann, &id, Role::Member).await,
    ];
    let ids: BTreeSet<_> = links.iter().map(|link| link.invitation.id.clone()).collect();
    assert_eq!(table.pending(&ann, &id).await, ids.into_iter().collect::<Vec<_>>());
    for (name, link) in ["dan", "eve", "fay"].iter().zip(&links) {
        assert!(!table.invitation_item(&id, &link.invitation.id).await.unwrap().contains_key("email"));
        table.accept(name, link).await.unwrap();
    }
}

/// Nobody learns from an id which address was invited, or that the same one was invited elsewhere.
#[tokio::test]
async fn the_ids_of_an_address_differ_between_organizations() {
    let table = Table::new().await;
    let ann = caller("ann");
    let (one, other) = (table.team().await, table.team().await);
    let first = table.invite_address(&ann, &one, "dan@example.com").await.invitation.id;
    assert_ne!(first, table.invite_address(&ann, &other, "dan@example.com").await.invitation.id);
    assert_eq!(first, InvitationId::of_address(&one, &address("dan@example.com")));
}

#[tokio::test]
async fn the_address_of_a_member_who_accepted_cannot_be_invited_again_until_the_member_leaves() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    let invite = async || {
        let new = invitation(Some("dan@example.com"), Role::Member);
        table.create_invitation(&ann, &id, new, &ANY).await
    };
    table.accept("dan", &invite().await.unwrap()).await.unwrap();
    let before = table.organization_item(&id).await;

    assert_eq!(refusal(invite().await), "member_already_exists");
    assert_eq!(table.organization_item(&id).await, before);
    table.remove_member(&ann, &id, &user("dan"), &ANY).await.unwrap();
    // Back by another way.
    table.with(&id, "dan", Role::Member).await;
    assert_eq!(refusal(invite().await), "member_already_exists");
    table.remove_member(&ann, &id, &user("dan"), &ANY).await.unwrap();
    let again = invite().await.unwrap();
    assert!(!again.is_renewal);
    table.accept("dan", &again).await.unwrap();

    // After 30 days it is forgotten who accepted, even while the item exists.
    table.expire(&again).await;
    assert!(!invite().await.unwrap().is_renewal);
    table.expect_no_fault().await;
}

#[tokio::test]
async fn the_most_basic_of_several_errors_is_returned() {
    let table = Table::new().await;
    let ann = caller("ann");
    let (id, deleted) = (table.team().await, table.team().await);
    table.delete_organization(&ann, &deleted, &ANY).await.unwrap();
    let accepted = table.invite_address(&ann, &id, "dan@example.com").await;
    table.accept("dan", &accepted).await.unwrap();
    let stale = Preconditions::if_match(vec![1]);

    let refused = async |name: &str, id: &OrganizationId, role, expected: &Preconditions| {
        let new = invitation(Some("dan@example.com"), role);
        refusal(table.create_invitation(&caller(name), id, new, expected).await)
    };
    expect_refused_to_most(&id, &deleted, async |name, id| refused(name, id, Role::Owner, &stale).await)
        .await;
    for (id, name, error) in [
        (&deleted, "service:x", "organization_deleted"),
        (&id, "cyd", r#"forbidden {"requiredRole":"owner"}"#),
        (&id, "bob", r#"forbidden {"requiredRole":"owner"}"#),
        (&id, "ann", r#"precondition_failed {"currentVersion":5}"#),
        (&id, "service:x", r#"precondition_failed {"currentVersion":5}"#),
    ] {
        assert_eq!(refused(name, id, Role::Owner, &stale).await, error, "{name}");
    }
    assert_eq!(refused("cyd", &id, Role::Admin, &stale).await, r#"forbidden {"requiredRole":"admin"}"#);
    for role in [Role::Owner, Role::Admin, Role::Member] {
        assert_eq!(refused("ann", &id, role, &ANY).await, "member_already_exists");
    }
    let unless_current = Preconditions::if_none_match(vec![5]);
    assert_eq!(
        refused("bob", &id, Role::Admin, &unless_current).await,
        r#"precondition_failed {"currentVersion":5}"#
    );
    assert_eq!(number(&table.organization_item(&id).await, "version"), 5);
}

#[tokio::test]
async fn owners_and_services_invite_owners_and_admins_invite_others() {
    let table = Table::new().await;
    let id = table.team().await;
    for (name, invited, role) in [
        ("ann", "a", Role::Owner),
        ("service:backend", "b", Role::Owner),
        ("bob", "c", Role::Admin),
        ("bob", "d", Role::Member),
    ] {
        let issued = table.invite(&caller(name), &id, role).await;
        let joined =
            table.accept_invitation(&user(invited), &Invitee::Address(None), &token(&issued)).await.unwrap();
        assert_eq!((joined.member.role, joined.member.added_by), (role, caller(name)));
    }
    table.expect_no_fault().await;
}

/// Such a row has no valid id, so nobody can revoke it.
#[tokio::test]
async fn an_unreadable_row_does_not_prevent_invitations() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    let issued = table.invite_address(&ann, &id, "dan@example.com").await;
    let mut row = table.invitation_item(&id, &issued.invitation.id).await.unwrap();
    row.insert("sk".to_owned(), text("INVITATION#garbage"));
    table.put(row).await;

    assert!(table.invite_address(&ann, &id, "dan@example.com").await.is_renewal);
    assert_eq!(table.pending(&ann, &id).await, [issued.invitation.id]);
}
