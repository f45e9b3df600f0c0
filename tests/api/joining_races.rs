//! Concurrent requests about one invitation, each repeated because they interleave only sometimes.

use crate::{
    client::Response,
    invitations::{restore, settled, text},
    organizations::{Team, team},
    stack,
};
use futures_util::{FutureExt as _, future::join_all};
use serde_json::{Value, json};

const ROUNDS: usize = 8;

fn statuses(responses: &[Response]) -> Vec<u16> {
    responses.iter().map(|response| response.status.as_u16()).collect()
}

/// Asserts that the stranger's answer is an acceptance or a 404, and that the organization is as it says.
async fn expect_one_story(team: &Team, link: &Value, accepted: &Response) {
    let joined = match accepted.status.as_u16() {
        201 => true,
        _ => {
            accepted.expect_error(404, "invitation_not_found");
            false
        }
    };
    let seen = team.stranger.get(&team.organization.path).send().await;
    assert_eq!(seen.status == 200, joined, "{accepted}{seen}");
    let again = team.stranger.accepting(link).send().await;
    assert_eq!(again.status == 200, joined, "{accepted}{again}");
    let members = team.owner.pages(&team.organization.members()).await.concat().len();
    let organization = team.owner.organization(&team.organization).await;
    assert_eq!(organization["memberCount"], members, "{organization}");
}

#[tokio::test]
async fn of_three_users_who_accept_a_link_at_once_one_joins() {
    for _ in 0..ROUNDS {
        let [owner, bob, carol, dave] = ["alice", "bob", "carol", "dave"].map(stack::user);
        let organization = owner.create_organization("Race").await;
        let link = owner.link(&organization, "admin").await;
        let users = [&bob, &carol, &dave];
        let responses = join_all(users.map(|user| settled(|| user.accepting(&link)))).await;
        let mut found = statuses(&responses);
        found.sort_unstable();
        assert_eq!(found, [201, 404, 404]);
        for (user, response) in users.into_iter().zip(&responses) {
            let again = user.accepting(&link).send().await;
            match response.status.as_u16() {
                201 => assert_eq!(again.expect(200), response.expect(201)),
                _ => drop(again.expect_error(404, "invitation_not_found")),
            }
        }
        let found = owner.organization(&organization).await;
        assert_eq!((&found["memberCount"], &found["version"]), (&json!(2), &json!(3)));
    }
}

#[tokio::test]
async fn a_user_who_accepts_four_times_at_once_joins_once_with_one_answer() {
    for _ in 0..ROUNDS {
        let team = team().await;
        let link = team.owner.link(&team.organization, "member").await;
        let accept = || settled(|| team.stranger.accepting(&link));
        let responses = join_all([accept(), accept(), accept(), accept()]).await;
        let mut found = statuses(&responses);
        found.sort_unstable();
        assert_eq!(found, [200, 200, 200, 201]);
        let bodies: Vec<_> = responses.iter().map(|response| &response.body).collect();
        assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{}{}", responses[0], responses[1]);
        let organization = team.owner.organization(&team.organization).await;
        assert_eq!((&organization["memberCount"], &organization["version"]), (&json!(4), &json!(5)));
    }
}

#[tokio::test]
async fn a_user_with_four_links_joins_by_one_of_them() {
    for _ in 0..ROUNDS {
        let team = team().await;
        let mut links = Vec::new();
        for role in ["member", "admin", "owner", "member"] {
            links.push(team.owner.link(&team.organization, role).await);
        }
        let responses = join_all(links.iter().map(|link| settled(|| team.stranger.accepting(link)))).await;
        let mut found = statuses(&responses);
        found.sort_unstable();
        assert_eq!(found, [201, 409, 409, 409]);
        let joined = responses.iter().position(|response| response.status == 201).unwrap();
        let organization = team.stranger.organization(&team.organization).await;
        assert_eq!(
            (&organization["memberCount"], &organization["role"]),
            (&json!(4), &links[joined]["role"])
        );
        let mut left: Vec<_> = links.iter().map(|link| text(link, "id")).collect();
        left.remove(joined);
        left.sort_unstable();
        assert_eq!(team.owner.pending(&team.organization).await, left);
    }
}

#[tokio::test]
async fn an_invitation_is_accepted_or_ended_whichever_comes_first() {
    for round in 0..ROUNDS {
        let team = team().await;
        let (owner, organization) = (&team.owner, &team.organization);
        let body = json!({ "email": "dave@example.com" });
        let link = team.admin.invite(organization, body.clone()).await;
        // What ends it: its revocation, its renewal, or what happens to its inviter or organization.
        let ends = || match round % 4 {
            0 => owner.revoking(organization, &link),
            1 => owner.inviting(organization, body.clone()),
            2 => owner.patch(organization.member(&team.admin.id), json!({ "role": "member" })),
            _ => owner.delete(organization.member(&team.admin.id)),
        };
        let accepts = || team.stranger.accepting(&link);
        let (ended, accepted) = match round / 4 {
            0 => futures_util::join!(settled(ends), settled(accepts)),
            _ => {
                let both = futures_util::join!(settled(accepts), settled(ends));
                (both.1, both.0)
            }
        };
        if round % 4 < 2 {
            let one = [ended.status, accepted.status].iter().filter(|status| status.is_success()).count();
            assert_eq!(one, 1, "{ended}{accepted}");
        } else {
            ended.expect(200);
        }
        expect_one_story(&team, &link, &accepted).await;
    }
}

#[tokio::test]
async fn nobody_joins_an_organization_after_its_deletion() {
    for _ in 0..ROUNDS {
        let team = team().await;
        let link = team.owner.link(&team.organization, "member").await;
        let delete = settled(|| team.owner.delete(&team.organization.path));
        let accept = settled(|| team.stranger.accepting(&link));
        let (deleted, accepted) = futures_util::join!(delete, accept);
        let version = deleted.expect(200)["version"].clone();
        assert_eq!(version, if accepted.status == 201 { 6 } else { 5 }, "{deleted}{accepted}");
        team.stranger.expect_dead(&link).await;
        restore(&team.owner, &team.organization).await;
        if accepted.status == 201 {
            expect_one_story(&team, &link, &accepted).await;
        } else {
            accepted.expect_error(404, "invitation_not_found");
            team.stranger.join(&link).await;
        }
    }
}

#[tokio::test]
async fn an_address_invited_four_times_at_once_has_one_invitation_with_one_good_token() {
    for _ in 0..ROUNDS {
        let team = team().await;
        let body = json!({ "email": "dave@example.com" });
        let invite = || settled(|| team.owner.inviting(&team.organization, body.clone())).boxed_local();
        let responses = join_all([invite(), invite(), invite(), invite()]).await;
        let mut found = statuses(&responses);
        found.sort_unstable();
        assert_eq!(found, [200, 200, 200, 201]);
        assert_eq!(team.owner.pending(&team.organization).await.len(), 1);
        let mut good = 0;
        for response in &responses {
            let issued = response.expect(response.status.as_u16());
            let preview = team.stranger.previewing(&issued).send().await;
            good += usize::from(preview.status == 200);
        }
        assert_eq!(good, 1);
        assert_eq!(team.owner.organization(&team.organization).await["version"], 7);
    }
}
