//! An organization has at most 100 owners and admins together.

use crate::{
    client::{User, is_conflict},
    organizations::Organization,
    stack,
};
use futures_util::{StreamExt as _, stream};
use serde_json::json;

/// Creates an organization with `privileged` owners and admins: one owner, and the rest admins. Returns it
/// and the admins' ids.
async fn organization(owner: &User, privileged: usize) -> (Organization, Vec<String>) {
    let (service, organization) = (stack::service(), owner.create_organization("Chiefs").await);
    let ids: Vec<_> = (1..privileged).map(|_| stack::unique("admin")).collect();
    stream::iter(&ids)
        .for_each_concurrent(4, async |id| {
            let body = json!({ "userId": id, "role": "admin" });
            let add = || service.post(organization.members(), body.clone()).send();
            let mut response = add().await;
            while is_conflict(&response) {
                response = add().await;
            }
            response.expect(201);
        })
        .await;
    (organization, ids)
}

#[tokio::test]
async fn the_101st_owner_or_admin_is_refused_whether_added_or_promoted() {
    let (alice, service) = (stack::user("alice"), stack::service());
    let (organization, admins) = organization(&alice, 100).await;
    let other = stack::unique("other");
    organization.add(&other, "member").await;
    let before = alice.organization(&organization).await;
    assert_eq!(before["memberCount"], 101);
    for role in ["admin", "owner"] {
        let body = json!({ "userId": stack::unique("other"), "role": role });
        let add = service.post(organization.members(), body).send().await;
        add.expect_error(422, "too_many_admins");
        for caller in [&alice, &service] {
            let promote = caller.patch(organization.member(&other), json!({ "role": role }));
            promote.send().await.expect_error(422, "too_many_admins");
        }
    }
    assert_eq!(alice.organization(&organization).await, before);

    // At the limit, an admin can still become an owner and then an admin again, and be demoted.
    let exchange = |role: &str| alice.patch(organization.member(&admins[0]), json!({ "role": role })).send();
    for role in ["owner", "admin", "admin", "member"] {
        assert_eq!(exchange(role).await.expect(200)["role"], role);
    }
    let promote = alice.patch(organization.member(&other), json!({ "role": "admin" }));
    promote.send().await.expect(200);
    exchange("admin").await.expect_error(422, "too_many_admins");
    alice.delete(organization.member(&admins[1])).send().await.expect(200);
    exchange("owner").await.expect(200);
}

#[tokio::test]
async fn exactly_one_of_four_concurrent_requests_gets_the_last_place() {
    let (alice, service) = (stack::user("alice"), stack::service());
    let (organization, _) = organization(&alice, 99).await;
    let others: Vec<_> = (0..4).map(|_| stack::unique("other")).collect();
    for other in &others[..2] {
        organization.add(other, "member").await;
    }
    let requests = others.iter().enumerate().map(|(index, other)| match index {
        0 | 1 => alice.patch(organization.member(other), json!({ "role": "admin" })),
        _ => service.post(organization.members(), json!({ "userId": other, "role": "admin" })),
    });
    let responses = futures_util::future::join_all(requests.map(|request| request.send())).await;
    let (won, lost): (Vec<_>, Vec<_>) =
        responses.into_iter().partition(|response| response.status.is_success());
    for response in &lost {
        if !is_conflict(response) {
            response.expect_error(422, "too_many_admins");
        }
    }
    assert_eq!(won.len(), 1);
}
