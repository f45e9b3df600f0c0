//! The addresses that invitations can be for.

use crate::{invitations::text, organizations::team};
use serde_json::json;

#[tokio::test]
async fn an_address_is_trimmed_lowered_and_in_ascii() {
    let team = team().await;
    let (local, domain) = ("a".repeat(64), "b.".repeat(88) + "b.example.com");
    let longest = format!("{local}@{domain}");
    assert_eq!(longest.len(), 254);
    for (given, shown) in [
        ("dave@example.com", "dave@example.com"),
        (" \t Dave@Example.COM \n", "dave@example.com"),
        ("d.a+v_e@mail.example.co.uk", "d.a+v_e@mail.example.co.uk"),
        ("!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com"),
        ("dave@BÜCHER.example", "dave@xn--bcher-kva.example"),
        ("dave@xn--bcher-kva.example", "dave@xn--bcher-kva.example"),
        ("dave@example.com.", "dave@example.com"),
        (&longest, &longest),
    ] {
        let response = team.owner.inviting(&team.organization, json!({ "email": given })).send().await;
        assert!([200, 201].contains(&response.status.as_u16()), "{response}");
        let email = text(&response.expect(response.status.as_u16()), "email").to_owned();
        assert_eq!(email, shown, "{response}");
    }
}

#[tokio::test]
async fn other_addresses_are_refused() {
    let team = team().await;
    let long_local = format!("{}@example.com", "a".repeat(65));
    let too_long = format!("{}@{}bb.example.com", "a".repeat(64), "b.".repeat(88));
    assert_eq!(too_long.len(), 255);
    for email in [
        "",
        " ",
        "@",
        "dave",
        "@example.com",
        "dave@",
        "dave@localhost",
        "dave@com",
        "dave@127.0.0.1",
        "dave@[127.0.0.1]",
        "dave@[IPv6:::1]",
        "dave @example.com",
        "dave@ example.com",
        "da ve@example.com",
        "\"dave\"@example.com",
        "\"da ve\"@example.com",
        ".dave@example.com",
        "dave.@example.com",
        "da..ve@example.com",
        "dave@x@example.com",
        "dave@-example.com",
        "dave@exa mple.com",
        "däve@example.com",
        "dave\u{0}@example.com",
        "dave(work)@example.com",
        "Dave <dave@example.com>",
        "dave@example.com, ann@example.com",
        "mailto:dave@example.com",
        &long_local,
        &too_long,
    ] {
        let response = team.owner.inviting(&team.organization, json!({ "email": email })).send().await;
        let details = response.expect_error(422, "validation_failed");
        assert_eq!(details, json!({ "field": "email", "rule": "email" }), "{response}");
        let message = text(&response.expect(422), "message").to_owned();
        assert!(message.starts_with("The e-mail address must be name@example.com: "), "{message}");
    }
    for email in [json!(5), json!(true), json!(["dave@example.com"]), json!({})] {
        let response = team.owner.inviting(&team.organization, json!({ "email": email })).send().await;
        response.expect_invalid_request("email");
    }
    assert!(team.owner.pending(&team.organization).await.is_empty());
}

#[tokio::test]
async fn spellings_of_the_same_address_are_one_invitation() {
    let team = team().await;
    let first = team.owner.invite(&team.organization, json!({ "email": "dave@bücher.example" })).await;
    for email in ["Dave@Bücher.Example", " dave@xn--bcher-kva.example ", "DAVE@XN--BCHER-KVA.EXAMPLE"] {
        let response = team.owner.inviting(&team.organization, json!({ "email": email })).send().await;
        assert_eq!(response.expect(200)["id"], first["id"], "{response}");
    }
    for email in ["dave+x@bücher.example", "d.ave@bücher.example", "dave@bucher.example"] {
        let other = team.owner.invite(&team.organization, json!({ "email": email })).await;
        assert_ne!(other["id"], first["id"], "{email}");
    }
    assert_eq!(team.owner.pending(&team.organization).await.len(), 4);
}

#[tokio::test]
async fn an_address_has_an_invitation_in_each_organization() {
    let (team, body) = (team().await, json!({ "email": "dave@example.com" }));
    let other = team.owner.create_organization("Other").await;
    let here = team.owner.invite(&team.organization, body.clone()).await;
    let there = team.owner.invite(&other, body).await;
    // The id tells nothing about the address to who does not know the organization.
    assert_ne!(here["id"], there["id"]);
    team.stranger.join(&there).await;
    assert_eq!(team.owner.pending(&team.organization).await, [text(&here, "id")]);
}
