//! What others do during a request.

use crate::invitations::{accept, expire, invitation};
use crate::table::{ANY, Table, caller, user};
use aws_sdk_dynamodb::Client;
use shared::model::{IssuedInvitation, OrganizationId, Role};
use shared::store::Store;
use support::faults::Fault;

/// A fault that executes the request, then runs `others`, and then answers.
pub fn after(others: impl Future<Output = ()> + Send + 'static) -> Fault {
    Fault::AnswerAfter(Box::pin(others))
}

/// The same for others who use the store.
pub fn then<F>(table: &Table, id: &OrganizationId, others: impl FnOnce(Store, OrganizationId) -> F) -> Fault
where
    F: Future<Output = ()> + Send + 'static,
{
    after(others(table.store.clone(), id.clone()))
}

/// A service adds a member.
pub async fn add(store: Store, id: OrganizationId, name: &str, role: Role) {
    store.add_member(&user("backend"), &id, user(name), role, &ANY).await.unwrap();
}

/// `ann` removes a member.
pub async fn remove(store: Store, id: OrganizationId, name: &str) {
    store.remove_member(&caller("ann"), &id, &user(name), &ANY).await.unwrap();
}

/// `ann` changes a member's role.
pub async fn set_role(store: Store, id: OrganizationId, name: &str, role: Role) {
    store.update_member(&caller("ann"), &id, &user(name), role, &ANY).await.unwrap();
}

/// `ann` deletes the organization.
pub async fn delete(store: Store, id: OrganizationId) {
    store.delete_organization(&caller("ann"), &id, &ANY).await.unwrap();
}

/// `ann` restores the organization.
pub async fn restore(store: Store, id: OrganizationId) {
    store.restore_organization(&caller("ann"), &id, &ANY).await.unwrap();
}

/// `ann` invites `dan@example.com` as an admin.
pub async fn invite_dan(store: Store, id: OrganizationId) {
    let new = invitation(Some("dan@example.com"), Role::Admin);
    store.create_invitation(&caller("ann"), &id, new, &ANY).await.unwrap();
}

/// `ann` revokes an invitation.
pub async fn revoke(store: Store, issued: IssuedInvitation) {
    let (id, invitation) = (&issued.invitation.organization_id, &issued.invitation.id);
    store.revoke_invitation(&caller("ann"), id, invitation, &ANY).await.unwrap();
}

/// A user joins by an invitation.
pub async fn join(store: Store, name: &'static str, issued: IssuedInvitation) {
    assert!(!accept(&store, name, &issued).await.unwrap().is_replayed);
}

/// The time of an invitation ends.
pub async fn end(client: Client, issued: IssuedInvitation) {
    expire(&client, &issued).await;
}
