//! `If-Match` and `If-None-Match` on requests about an existing organization.

use crate::{
    client::Request,
    organizations::{Team, team},
    stack,
};
use serde_json::{Value, json};

/// Six writes, in an order in which all succeed.
fn writes<'a>(team: &'a Team, other: &'a str) -> [Box<dyn Fn() -> Request + 'a>; 6] {
    let Team { owner, organization, service, .. } = team;
    [
        Box::new(|| owner.put(&organization.path, json!({ "name": "Emca" }))),
        Box::new(|| owner.patch(organization.max_overages(), json!({ "maxOverages": 5 }))),
        Box::new(|| service.patch(organization.plan(), json!({ "includedUnits": 5 }))),
        Box::new(move || service.post(organization.members(), json!({ "userId": other }))),
        Box::new(move || owner.patch(organization.member(other), json!({ "role": "admin" }))),
        Box::new(move || owner.delete(organization.member(other))),
    ]
}

#[tokio::test]
async fn every_write_checks_the_version_in_if_match_and_increments_it() {
    let (team, other) = (team().await, stack::unique("other"));
    let mut version = 3;
    for write in writes(&team, &other) {
        for stale in [version - 1, version + 1] {
            let response = write().if_match(&format!("\"{stale}\"")).send().await;
            let details = response.expect_error(412, "precondition_failed");
            assert_eq!(details["currentVersion"], Value::from(version), "{response}");
        }
        let response = write().if_match(&format!("\"{version}\"")).send().await;
        assert!(response.status.is_success(), "{response}");
        version += 1;
        let organization = team.owner.organization(&team.organization).await;
        assert_eq!(organization["version"], version, "{response}");
    }
}

#[tokio::test]
async fn a_star_matches_any_version_on_every_write() {
    let (team, other) = (team().await, stack::unique("other"));
    for write in writes(&team, &other) {
        let response = write().if_match("*").send().await;
        assert!(response.status.is_success(), "{response}");
    }
    assert_eq!(team.owner.organization(&team.organization).await["version"], 9);
}

#[tokio::test]
async fn an_invalid_if_match_is_refused_on_every_write() {
    let (team, other) = (team().await, stack::unique("other"));
    let garbage = ["3", "\"3", "3\"", "'3'", "garbage", "\"3\" \"3\"", "\"3\", 4", "*, \"3\"", "W/3"];
    for write in writes(&team, &other) {
        for tag in garbage {
            write().if_match(tag).send().await.expect_invalid_request("If-Match");
        }
        // Makes the next write possible.
        write().send().await;
    }
    assert_eq!(team.owner.organization(&team.organization).await["version"], 9);
}

#[tokio::test]
async fn an_invalid_if_none_match_is_refused_on_every_write() {
    let (team, other) = (team().await, stack::unique("other"));
    for write in writes(&team, &other) {
        for tag in ["3", "\"3", "W/3", "*, \"3\"", ",", " , ,"] {
            let response = write().header("if-none-match", tag).send().await;
            response.expect_invalid_request("If-None-Match");
        }
        write().send().await;
    }
    assert_eq!(team.owner.organization(&team.organization).await["version"], 9);
}

#[tokio::test]
async fn every_write_checks_the_version_in_if_none_match() {
    let (team, other) = (team().await, stack::unique("other"));
    let mut version = 3;
    for write in writes(&team, &other) {
        for tags in [format!("\"{version}\""), format!("W/\"{version}\", \"9\""), "*".to_owned()] {
            let response = write().header("if-none-match", &tags).send().await;
            let details = response.expect_error(412, "precondition_failed");
            assert_eq!(details["currentVersion"], Value::from(version), "{response}");
        }
        let response = write().header("if-none-match", "\"99\", \"abc\", W/\"1\"").send().await;
        assert!(response.status.is_success(), "{response}");
        version += 1;
    }
    assert_eq!(team.owner.organization(&team.organization).await["version"], version);
}

#[tokio::test]
async fn both_preconditions_must_hold() {
    let team = team().await;
    for (if_match, if_none_match, status) in
        [("\"3\"", "\"3\"", 412), ("\"2\"", "\"1\"", 412), ("*", "*", 412), ("\"3\"", "\"2\"", 200)]
    {
        let rename = team.owner.put(&team.organization.path, json!({ "name": "Emca" }));
        let response = rename.if_match(if_match).header("if-none-match", if_none_match).send().await;
        assert_eq!(response.status, status, "{response}");
    }
    for (if_match, status) in [("\"4\"", 304), ("\"3\"", 412)] {
        let get = team.owner.get(&team.organization.path).if_match(if_match);
        let response = get.header("if-none-match", "\"4\"").send().await;
        assert_eq!(response.status, status, "{response}");
    }
}

#[tokio::test]
async fn the_message_says_which_precondition_failed_and_why() {
    let team = team().await;
    for (header, tags, message) in [
        (
            "if-match",
            "\"2\"",
            "No ETag in If-Match matches the organization, which is at version 3. \
             Get it again and repeat the request with `If-Match: \"3\"`.",
        ),
        (
            "if-match",
            "\"2\", W/\"3\"",
            "If-Match has a weak ETag, which never matches. The organization is at version 3. \
             Get it again and repeat the request with `If-Match: \"3\"`.",
        ),
        (
            "if-none-match",
            "W/\"3\"",
            "If-None-Match matches the organization, which is at version 3. \
             Remove the header, or send the ETags of other versions.",
        ),
    ] {
        let rename = team.owner.put(&team.organization.path, json!({ "name": "Emca" }));
        let response = rename.header(header, tags).send().await;
        assert_eq!(response.expect(412)["message"], message, "{response}");
        if header == "if-match" {
            let response = team.owner.get(&team.organization.path).header(header, tags).send().await;
            assert_eq!(response.expect(412)["message"], message, "{response}");
        }
    }
}

#[tokio::test]
async fn empty_elements_of_a_list_are_skipped() {
    let team = team().await;
    let rename = || team.owner.put(&team.organization.path, json!({ "name": "Emca" }));
    for (version, tags) in [(3, "\"3\","), (4, ",\"4\""), (5, " , \"1\" ,, ,\"5\" , ")] {
        assert_eq!(rename().if_match(tags).send().await.expect(200)["version"], version + 1);
    }
    for tags in [",", ", ,", ""] {
        rename().if_match(tags).send().await.expect_invalid_request("If-Match");
    }
    rename().if_match("*,").send().await.expect_invalid_request("If-Match");
}

#[tokio::test]
async fn if_match_on_a_read_reveals_nothing_to_a_stranger() {
    let team = team().await;
    for tag in ["*", "\"3\"", "\"2\""] {
        let request = team.stranger.get(&team.organization.path).if_match(tag);
        request.send().await.expect_error(404, "organization_not_found");
    }
}

#[tokio::test]
async fn one_matching_tag_of_several_is_enough() {
    let team = team().await;
    let rename = || team.owner.put(&team.organization.path, json!({ "name": "Emca" }));
    rename().if_match("\"1\", \"3\"").send().await.expect(200);
    rename().if_match("\"4\",\"9\"").send().await.expect(200);
    let details = rename().if_match("\"3\", \"4\"").send().await;
    assert_eq!(details.expect_error(412, "precondition_failed")["currentVersion"], 5);
}

/// DynamoDB's `IN` takes at most 100 operands. The API's limit is far below that.
#[tokio::test]
async fn fifty_tags_are_accepted_and_more_are_refused() {
    let team = team().await;
    let rename = || team.owner.put(&team.organization.path, json!({ "name": "Emca" }));
    let tags = |count: u64| (4..4 + count).map(|tag| format!("\"{tag}\",")).collect::<String>();
    for count in [50, 99, 100, 150] {
        let request = rename().if_match(&format!("{}\"3\"", tags(count)));
        request.send().await.expect_invalid_request("If-Match");
    }
    let response = rename().if_match(&format!("{}\"2\"", tags(49))).send().await;
    assert_eq!(response.expect_error(412, "precondition_failed")["currentVersion"], 3);
    rename().if_match(&format!("{}\"3\"", tags(49))).send().await.expect(200);
}

#[tokio::test]
async fn tags_must_match_exactly_and_weak_tags_never_match() {
    let team = team().await;
    for tag in [
        "W/\"3\"",
        "\"03\"",
        "\"3.0\"",
        "\"+3\"",
        "\"\"",
        "\"three\"",
        "\"*\"",
        "\"18446744073709551616\"",
        "\"3000000000000000000000000000000000000000000\"",
        "\"-3\"",
        "\"0\"",
    ] {
        let rename = team.owner.put(&team.organization.path, json!({ "name": "Emca" }));
        let response = rename.if_match(tag).send().await;
        let details = response.expect_error(412, "precondition_failed");
        assert_eq!(details["currentVersion"], 3, "{response}");
    }
    let rename = team.owner.put(&team.organization.path, json!({ "name": "Emca" }));
    rename.if_match("W/\"3\", \"3\"").send().await.expect(200);
}

#[tokio::test]
async fn a_failed_precondition_changes_nothing() {
    let (team, other) = (team().await, stack::unique("other"));
    let before = team.owner.organization(&team.organization).await;
    let member = team.organization.member(&team.member.id);
    for request in [
        team.owner.put(&team.organization.path, json!({ "name": "Emca" })),
        team.owner.patch(team.organization.max_overages(), json!({ "maxOverages": 5 })),
        team.service.patch(team.organization.plan(), json!({ "includedUnits": 5, "maxMembers": 5 })),
        team.service.post(team.organization.members(), json!({ "userId": other })),
        team.owner.patch(&member, json!({ "role": "owner" })),
        team.owner.delete(&member),
        team.member.delete(&member),
    ] {
        request.if_match("\"2\"").send().await.expect_error(412, "precondition_failed");
    }
    assert_eq!(team.owner.organization(&team.organization).await, before);
    let (owner, admin) = ((team.owner.id.as_str(), "owner"), (team.admin.id.as_str(), "admin"));
    team.owner.expect_members(&team.organization, &[owner, admin, (&team.member.id, "member")]).await;
}
