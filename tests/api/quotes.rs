//! Errors quote at most 64 characters of what a client sent, in the message and in the details.

use crate::{client::Response, organizations::team};
use reqwest::Method;

/// Asserts that the error names `name` up to its 64th character. Returns the message.
#[track_caller]
fn expect_cut(response: &Response, name: &str) -> String {
    let cut: String = name.chars().take(64).collect();
    response.expect_invalid_request(&cut);
    assert!(response.body.len() < 2_000, "{} bytes: {response}", response.body.len());
    response.expect(400)["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_error_names_at_most_64_characters_of_a_field() {
    let team = team().await;
    let put = |body: String| {
        let request = team.owner.request(Method::PUT, &team.organization.path);
        request.header("content-type", "application/json").body(body).send()
    };
    for character in ["a", "é", "\u{1f980}", "\\u0000", "\\\"", "\\u200b"] {
        let written = character.repeat(60 * 1024 / character.len());
        let name: String = serde_json::from_str(&format!("\"{written}\"")).unwrap();
        let unknown = put(format!("{{\"name\":\"Emca\",\"{written}\":1}}")).await;
        let message = expect_cut(&unknown, &name);
        assert!(message.starts_with("Unknown field \"") && message.ends_with("…\". Remove it."), "{message}");

        let written = character.repeat(30 * 1024 / character.len());
        let duplicate = put(format!("{{\"{written}\":1,\"{written}\":1}}")).await;
        let message = expect_cut(&duplicate, &name);
        assert!(message.starts_with("Duplicate field \""), "{message}");
    }
}

#[tokio::test]
async fn a_name_of_64_characters_is_quoted_whole() {
    let team = team().await;
    for (name, quoted) in [("a".repeat(64), true), ("a".repeat(65), false)] {
        let body = serde_json::json!({ "name": "Emca", name.as_str(): 1 });
        let response = team.owner.put(&team.organization.path, body).send().await;
        let message = expect_cut(&response, &name);
        assert_eq!(message == format!("Unknown field {name:?}. Remove it."), quoted, "{message}");
    }
}

#[tokio::test]
async fn an_error_names_at_most_64_characters_of_a_parameter() {
    let team = team().await;
    let name = "p".repeat(4_000);
    for path in [&team.organization.path, &team.organization.members()] {
        let response = team.owner.get(format!("{path}?{name}=1")).send().await;
        let message = expect_cut(&response, &name);
        assert!(message.starts_with("Unknown query parameter \"ppp"), "{message}");
    }
}

/// Keys and values of metadata are a client's notes, which a log of errors must not hold.
#[tokio::test]
async fn an_error_about_metadata_or_an_external_id_quotes_nothing_of_it() {
    let team = team().await;
    let [secret, long] = ["private", "x"].map(|text| text.repeat(64));
    let put = |metadata: &str| {
        let request = team.owner.request(Method::PUT, &team.organization.path);
        request.header("content-type", "application/json").body(format!("{{\"metadata\":{metadata}}}")).send()
    };
    let mut responses = Vec::new();
    for metadata in [
        format!("{{\"{secret}\":\"1\"}}"),
        format!("{{\"{secret}\":\"1\",\"{secret}\":\"2\"}}"),
        format!("{{\"{secret}\":1}}"),
        format!("{{\"a\":\"{secret}{long}{long}{long}{long}\"}}"),
        format!("{{\"a\":\"{secret}\\n\"}}"),
        format!("{{\"a\":\"{secret}\\ud800\"}}"),
        format!("\"{secret}\""),
    ] {
        responses.push(put(&metadata).await);
    }
    let body = serde_json::json!({ "organizationName": "Acme", "owner": "bob", "externalId": secret });
    responses.push(team.service.post("/organization", body).send().await);
    let path = format!("/organization/list?externalId={secret}%20");
    responses.push(team.service.get(path).send().await);
    for response in responses {
        assert!(response.status.is_client_error(), "{response}");
        assert!(!String::from_utf8_lossy(&response.body).contains("private"), "{response}");
    }
}
