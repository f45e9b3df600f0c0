use crate::invitations::{accept, address, invitation, token};
use crate::table::{ANY, Table, caller, now, number, refusal, set, text, user, users};
use futures_util::future::join_all;
use shared::error::Error;
use shared::model::{
    InvitationId, InvitationToken, Invitee, IssuedInvitation, Joining, OrganizationId, Role,
};
use std::collections::BTreeSet;

const DAY: i64 = 24 * 60 * 60;

#[tokio::test]
async fn accepting_stores_a_member_who_is_tied_to_the_invitation() {
    let table = Table::new().await;
    let id = table.team().await;
    for (version, name, role, by) in [
        (5, "dan", Role::Owner, "ann"),
        (7, "eve", Role::Admin, "bob"),
        (9, "fay", Role::Member, "service:x"),
    ] {
        let issued = table.invite(&caller(by), &id, role).await;
        let before = table.invitation_item(&id, &issued.invitation.id).await.unwrap();
        let earliest = now() + 30 * DAY;

        let joined = table.accept(name, &issued).await.unwrap();

        assert!(!joined.is_replayed);
        let member = &joined.member;
        assert_eq!((member.user_id.as_str(), member.role, &member.added_by), (name, role, &caller(by)));
        let item = table.member_item(name, &id).await.unwrap();
        let attributes: BTreeSet<_> = item.keys().map(String::as_str).collect();
        let all = ["pk", "sk", "userId", "addedBy", "joinedAt", "invitation"];
        assert_eq!(attributes, BTreeSet::from(all));
        assert_eq!(item["invitation"], text(issued.invitation.id.as_str()));
        assert_eq!((&item["addedBy"], &item["joinedAt"]), (&text(by), &text(member.joined_at.as_str())));
        let mut accepted = table.invitation_item(&id, &issued.invitation.id).await.unwrap();
        assert_eq!(accepted.remove("acceptedBy"), Some(text(name)));
        // It is kept for 30 days after it was accepted, and then TTL removes it.
        assert!((earliest..=now() + 30 * DAY).contains(&number(&accepted, "expiresAt")), "{accepted:?}");
        accepted.insert("expiresAt".to_owned(), before["expiresAt"].clone());
        assert_eq!(accepted, before);
        let organization = table.organization_item(&id).await;
        assert_eq!((number(&organization, "version"), &organization["updatedBy"]), (version, &text(name)));
    }
    let item = table.organization_item(&id).await;
    assert_eq!(set(&item, "owners"), users(&["ann", "dan"]));
    assert_eq!(set(&item, "privileged"), users(&["ann", "bob", "dan", "eve"]));
    assert_eq!(number(&item, "memberCount"), 6);
    table.expect_no_fault().await;
}

#[tokio::test]
async fn accepting_again_is_the_same_answer_while_the_membership_lasts() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    let issued = table.invite(&caller("bob"), &id, Role::Member).await;
    let first = table.accept("dan", &issued).await.unwrap().member;

    let item = table.organization_item(&id).await;
    let again = table.accept("dan", &issued).await.unwrap();
    assert_eq!((&again.member, again.is_replayed), (&first, true));
    assert_eq!(table.organization_item(&id).await, item);
    // It shows the member as it is now, whatever has become of whoever invited.
    table.update_member(&ann, &id, &user("dan"), Role::Admin, &ANY).await.unwrap();
    table.remove_member(&ann, &id, &user("bob"), &ANY).await.unwrap();
    let again = table.accept("dan", &issued).await.unwrap();
    assert_eq!((again.member.role, &again.member.joined_at), (Role::Admin, &first.joined_at));
    assert!(again.is_replayed);

    table.expire(&issued).await;
    assert_eq!(refusal(table.accept("dan", &issued).await), "invitation_not_found");
}

#[tokio::test]
async fn a_link_never_brings_back_a_member_who_was_removed() {
    let table = Table::new().await;
    let (ann, dan, id) = (caller("ann"), user("dan"), table.team().await);
    let issued = table.invite_address(&ann, &id, "dan@example.com").await;
    table.accept("dan", &issued).await.unwrap();

    table.remove_member(&ann, &id, &dan, &ANY).await.unwrap();
    assert_eq!(refusal(table.accept("dan", &issued).await), "invitation_not_found");
    table.with(&id, "dan", Role::Member).await;
    assert_eq!(refusal(table.accept("dan", &issued).await), "invitation_not_found");
    table.remove_member(&caller("dan"), &id, &dan, &ANY).await.unwrap();
    assert_eq!(refusal(table.accept("dan", &issued).await), "invitation_not_found");
    // The next invitation of the same address has the same id and another token.
    let again = table.invite_address(&ann, &id, "dan@example.com").await;
    table.accept("dan", &again).await.unwrap();
    assert_eq!(refusal(table.accept("dan", &issued).await), "invitation_not_found");
    table.expect_no_fault().await;
}

#[tokio::test]
async fn an_accepted_link_is_not_found_by_anybody_else() {
    let table = Table::new().await;
    let id = table.team().await;
    let issued = table.invite(&caller("ann"), &id, Role::Member).await;
    table.accept("dan", &issued).await.unwrap();
    for name in ["eve", "cyd", "bob", "ann"] {
        assert_eq!(refusal(table.accept(name, &issued).await), "invitation_not_found");
    }
    assert!(table.preview_invitation(&token(&issued)).await.is_err());
}

/// An address has one id, so its second invitation has the id by which the first user joined.
#[tokio::test]
async fn a_member_does_not_repeat_what_another_user_of_the_address_accepted() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    let first = table.invite_address(&ann, &id, "office@example.com").await;
    table.accept("dan", &first).await.unwrap();
    table.expire(&first).await;
    let second = table.invite_address(&ann, &id, "office@example.com").await;
    assert_eq!(refusal(table.accept("dan", &second).await), "member_already_exists");
    table.accept("eve", &second).await.unwrap();

    assert_eq!(first.invitation.id, second.invitation.id);
    assert_eq!(refusal(table.accept("dan", &second).await), "invitation_not_found");
    assert!(table.accept("eve", &second).await.unwrap().is_replayed);
}

#[tokio::test]
async fn a_member_is_refused_and_the_invitation_stays() {
    let table = Table::new().await;
    let id = table.team().await;
    let issued = table.invite(&caller("ann"), &id, Role::Owner).await;
    let before = table.organization_item(&id).await;
    for name in ["ann", "bob", "cyd"] {
        assert_eq!(refusal(table.accept(name, &issued).await), "member_already_exists");
    }
    assert_eq!(table.organization_item(&id).await, before);
    table.accept("dan", &issued).await.unwrap();
}

#[tokio::test]
async fn an_invitation_with_an_address_may_need_a_token_with_that_address() {
    let table = Table::new().await;
    let id = table.team().await;
    let issued = table.invite_address(&caller("ann"), &id, "dan@example.com").await;
    let link = table.invite(&caller("ann"), &id, Role::Member).await;
    let try_as = async |name, issued: &IssuedInvitation, email: Option<&str>| {
        let invitee = Invitee::Address(email.map(address));
        table.accept_invitation(&user(name), &invitee, &token(issued)).await
    };

    for other in [None, Some("eve@example.com")] {
        assert_eq!(refusal(try_as("eve", &issued, other).await), "invitation_for_another_email");
        assert_eq!(refusal(try_as("cyd", &issued, other).await), "invitation_for_another_email");
    }
    assert!(!try_as("dan", &issued, Some("dan@example.com")).await.unwrap().is_replayed);
    assert!(!try_as("eve", &link, None).await.unwrap().is_replayed);
    // An answer that is repeated makes nobody a member.
    assert!(try_as("dan", &issued, None).await.unwrap().is_replayed);
}

#[tokio::test]
async fn the_most_basic_of_several_errors_is_returned() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    let issued = table.invite_address(&ann, &id, "dan@example.com").await;
    let new = invitation(Some("x@example.com"), Role::Admin);
    let by_bob = table.create_invitation(&caller("bob"), &id, new, &ANY).await.unwrap();
    for expired in [&issued, &by_bob] {
        table.expire(expired).await;
    }
    table.update_member(&ann, &id, &user("bob"), Role::Member, &ANY).await.unwrap();
    let refused = async |name, invitee, token: &InvitationToken| {
        refusal(table.accept_invitation(&user(name), &invitee, token).await)
    };
    let other = || Invitee::Address(None);
    let guess = InvitationToken::generate(&id, &issued.invitation.id).unwrap();

    for nothing in [
        guess,
        InvitationToken::generate(&id, &InvitationId::generate()).unwrap(),
        InvitationToken::generate(&OrganizationId::generate(), &issued.invitation.id).unwrap(),
        token(&by_bob),
    ] {
        assert_eq!(refused("cyd", other(), &nothing).await, "invitation_not_found");
        assert_eq!(refused("dan", Invitee::Anyone, &nothing).await, "invitation_not_found");
    }
    assert_eq!(refused("cyd", other(), &token(&issued)).await, "invitation_for_another_email");
    assert_eq!(refused("cyd", Invitee::Anyone, &token(&issued)).await, "member_already_exists");
    assert_eq!(refused("dan", Invitee::Anyone, &token(&issued)).await, "invitation_expired");
    table.delete_organization(&ann, &id, &ANY).await.unwrap();
    assert_eq!(refused("cyd", other(), &token(&issued)).await, "invitation_not_found");
    assert!(table.membership_item("dan", &id).await.is_none());
}

#[tokio::test]
async fn of_many_users_who_accept_one_link_at_once_exactly_one_joins() {
    let table = Table::new().await;
    let id = table.team().await;
    for round in 0..20 {
        let link = table.invite(&caller("ann"), &id, Role::Member).await;
        let names: Vec<_> = (0..20).map(|number| format!("u{round}-{number}")).collect();

        let joined = join_all(names.iter().map(|name| table.accept(name, &link))).await;

        let won = winners(&joined);
        assert_eq!(won.len(), 1, "{won:?} of {round}");
        for lost in joined.into_iter().filter(Result::is_err) {
            assert_eq!(refusal(lost), "invitation_not_found");
        }
        let item = table.invitation_item(&id, &link.invitation.id).await.unwrap();
        assert_eq!(item["acceptedBy"], text(&won[0]));
        assert!(table.accept(&won[0], &link).await.unwrap().is_replayed);
    }
    assert_eq!(number(&table.organization_item(&id).await, "memberCount"), 3 + 20);
    table.expect_no_fault().await;
}

fn winners(joined: &[Result<Joining, Error>]) -> Vec<String> {
    let members = joined.iter().filter_map(|joined| joined.as_ref().ok());
    members.map(|joining| joining.member.user_id.as_str().to_owned()).collect()
}

#[tokio::test]
async fn a_user_who_accepts_many_times_at_once_joins_once() {
    let table = Table::new().await;
    let id = table.team().await;
    let issued = table.invite(&caller("ann"), &id, Role::Admin).await;

    let joined = join_all((0..20).map(|_| accept(&table, "dan", &issued))).await;

    let joined: Vec<_> = joined.into_iter().map(Result::unwrap).collect();
    assert_eq!(joined.iter().filter(|joining| !joining.is_replayed).count(), 1);
    assert!(joined.iter().all(|joining| joining.member == joined[0].member), "{joined:?}");
    assert_eq!(number(&table.organization_item(&id).await, "version"), 5);
    table.expect_no_fault().await;
}

#[tokio::test]
async fn of_many_who_accept_at_once_no_more_become_admins_than_there_is_room_for() {
    let table = Table::new().await;
    let (ann, id) = (caller("ann"), table.team().await);
    for number in 3..=97 {
        table.with(&id, &format!("u{number}"), Role::Admin).await;
    }
    let mut links = Vec::new();
    for number in 0..50 {
        links.push((format!("new{number}"), table.invite(&ann, &id, Role::Admin).await));
    }

    let joined = join_all(links.iter().map(|(name, link)| table.accept(name, link))).await;

    assert_eq!(winners(&joined).len(), 3);
    for refused in joined.into_iter().filter(Result::is_err) {
        assert_eq!(refusal(refused), "too_many_admins");
    }
    assert_eq!(set(&table.organization_item(&id).await, "privileged").len(), 100);
    table.expect_no_fault().await;
}
