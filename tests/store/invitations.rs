//! Helpers for tests of invitations.

use crate::table::{ANY, Item, Table, caller, integer, now, text, user};
use aws_sdk_dynamodb::Client;
use shared::error::Error;
use shared::model::{
    Caller, Email, InvitationId, InvitationToken, Invitee, IssuedInvitation, Joining, Lifetime,
    NewInvitation, OrganizationId, Role,
};
use shared::store::Store;

/// An invitation with the default lifetime.
pub fn invitation(email: Option<&str>, role: Role) -> NewInvitation {
    NewInvitation { email: email.map(address), role, lifetime: Lifetime::DEFAULT }
}

pub fn address(email: &str) -> Email {
    Email::parse(email).unwrap()
}

/// The token of an answer.
pub fn token(issued: &IssuedInvitation) -> InvitationToken {
    InvitationToken::parse(&issued.token).unwrap()
}

/// Accepts an invitation as this user.
pub async fn accept(store: &Store, name: &str, issued: &IssuedInvitation) -> Result<Joining, Error> {
    store.accept_invitation(&user(name), &Invitee::Anyone, &token(issued)).await
}

/// Expects that this request, by a caller to an organization, is refused to all who may not know of the organization, and
/// to ann, who owns the deleted one. Bob and cyd are members of it.
pub async fn expect_refused_to_most(
    id: &OrganizationId,
    deleted: &OrganizationId,
    request: impl AsyncFn(&str, &OrganizationId) -> String,
) {
    let nowhere = OrganizationId::generate();
    for (id, name, error) in [
        (&nowhere, "ann", "organization_not_found"),
        (&nowhere, "service:x", "organization_not_found"),
        (id, "eve", "organization_not_found"),
        (deleted, "eve", "organization_not_found"),
        (deleted, "cyd", "organization_not_found"),
        (deleted, "bob", "organization_not_found"),
        (deleted, "ann", "organization_deleted"),
    ] {
        assert_eq!(request(name, id).await, error, "{name}");
    }
}

/// Makes an invitation expire now.
pub async fn expire(client: &Client, issued: &IssuedInvitation) {
    let id = &issued.invitation;
    let key = [
        ("pk", text(&format!("ORG#{}", id.organization_id.as_str()))),
        ("sk", text(&format!("INVITATION#{}", id.id.as_str()))),
    ];
    let update = client.update_item().table_name(local::TABLE_NAME);
    let update = update.set_key(Some(key.map(|(name, value)| (name.to_owned(), value)).into()));
    let update =
        update.update_expression("SET expiresAt = :now").condition_expression("attribute_exists(pk)");
    update.expression_attribute_values(":now", integer(now())).send().await.unwrap();
}

impl Table {
    /// Invites somebody without an address.
    pub async fn invite(&self, caller: &Caller, id: &OrganizationId, role: Role) -> IssuedInvitation {
        self.create_invitation(caller, id, invitation(None, role), &ANY).await.unwrap()
    }

    /// Invites an address.
    pub async fn invite_address(
        &self,
        caller: &Caller,
        id: &OrganizationId,
        email: &str,
    ) -> IssuedInvitation {
        self.create_invitation(caller, id, invitation(Some(email), Role::Member), &ANY).await.unwrap()
    }

    /// Accepts an invitation as this user.
    pub async fn accept(&self, name: &str, issued: &IssuedInvitation) -> Result<Joining, Error> {
        accept(self, name, issued).await
    }

    /// Makes an invitation expire now.
    pub async fn expire(&self, issued: &IssuedInvitation) {
        expire(&self.client, issued).await;
    }

    /// The stored item of an invitation.
    pub async fn invitation_item(&self, id: &OrganizationId, invitation: &InvitationId) -> Option<Item> {
        self.item(&format!("ORG#{}", id.as_str()), &format!("INVITATION#{}", invitation.as_str())).await
    }

    /// Stores copies of an organization's invitation, under other ids, until `count` are stored.
    pub async fn fill_with_invitations(&self, id: &OrganizationId, issued: &IssuedInvitation, count: usize) {
        let template = self.invitation_item(id, &issued.invitation.id).await.unwrap();
        for _ in 1..count {
            let mut item = template.clone();
            let other = InvitationId::generate();
            item.insert("sk".to_owned(), text(&format!("INVITATION#{}", other.as_str())));
            item.remove("email");
            self.put(item).await;
        }
    }

    /// The number of pending invitations on all pages.
    pub async fn pending_of_all_pages(&self, id: &OrganizationId) -> usize {
        let (ann, mut count, mut after) = (caller("ann"), 0, None::<String>);
        loop {
            let page = self.list_invitations(&ann, id, 1000, after.as_deref()).await.unwrap();
            count += page.items.len();
            match page.next {
                Some(next) => after = Some(next),
                None => return count,
            }
        }
    }

    /// The ids of the pending invitations that `caller` sees.
    pub async fn pending(&self, caller: &Caller, id: &OrganizationId) -> Vec<InvitationId> {
        let page = self.list_invitations(caller, id, 1000, None).await.unwrap();
        page.items.into_iter().map(|invitation| invitation.id).collect()
    }
}
