//! Malformed bodies and the limit of 64 KiB, on every operation with a body.

use crate::{
    client::{Request, Response, User},
    examples::{Place, leaves_users, request, sender},
    gateway,
    organizations::{Team, team},
    stack,
};
use reqwest::Method;
use support::example::example;

const LIMIT: usize = 64 * 1024;

/// An operation with a body that it accepts.
pub(crate) struct Operation<'a> {
    pub(crate) request: Box<dyn Fn() -> Request + 'a>,
    pub(crate) body: String,
    pub(crate) is_patch: bool,
    /// A field of that body, and the type that it must have.
    field: &'static str,
    field_type: &'static str,
}

const TEXT: &str = "a string";
const INTEGER: &str = "an integer";
const INTEGER_OR_NULL: &str = "an integer or null";

/// The operations with a body, in an order in which all succeed. The organization is then at version 4, before any
/// of them.
pub(crate) async fn operations<'a>(team: &'a Team, other: &str) -> [Operation<'a>; 10] {
    let Team { organization, owner, stranger, service, .. } = team;
    let operation = |user: &'a User, method: Method, path: String, body: &str, field, field_type| Operation {
        is_patch: method == Method::PATCH,
        request: Box::new(move || user.request(method.clone(), &path)),
        body: body.to_owned(),
        field,
        field_type,
    };
    let member = organization.member(&team.member.id);
    let add = format!("{{\"userId\":\"{other}\"}}");
    let create = "{\"organizationName\":\"Acme\"}";
    let (overages, invite) = (organization.max_overages(), format!("{}/invitation", organization.path));
    let token = format!("{{\"token\":\"{}\"}}", Place::of(team).await.ids.token);
    let (preview, accept) = ("/invitation/preview".to_owned(), "/invitation/accept".to_owned());
    [
        operation(owner, Method::POST, "/organization".to_owned(), create, "organizationName", TEXT),
        operation(owner, Method::PUT, organization.path.clone(), "{\"name\":\"Acme\"}", "name", TEXT),
        operation(owner, Method::PATCH, overages, "{\"maxOverages\":5}", "maxOverages", INTEGER_OR_NULL),
        operation(
            service,
            Method::PATCH,
            organization.plan(),
            "{\"includedUnits\":5}",
            "includedUnits",
            INTEGER,
        ),
        operation(service, Method::POST, organization.usage(), "{\"units\":5}", "units", INTEGER),
        operation(service, Method::POST, organization.members(), &add, "userId", TEXT),
        operation(owner, Method::PATCH, member, "{\"role\":\"admin\"}", "role", TEXT),
        operation(owner, Method::POST, invite, "{\"role\":\"admin\"}", "role", TEXT),
        operation(stranger, Method::POST, preview, &token, "token", TEXT),
        operation(stranger, Method::POST, accept, &token, "token", TEXT),
    ]
}

impl Operation<'_> {
    /// Sends `body` as JSON.
    pub(crate) async fn send(&self, body: impl Into<Vec<u8>>) -> Response {
        self.send_as("application/json", body).await
    }

    pub(crate) async fn send_as(&self, media_type: &str, body: impl Into<Vec<u8>>) -> Response {
        (self.request)().header("content-type", media_type).body(body).send().await
    }

    /// The valid body, padded with spaces before and after to `length` bytes.
    fn padded(&self, length: usize) -> String {
        let rest = length - self.body.len();
        format!("{}{}{}", " ".repeat(rest / 2), self.body, " ".repeat(rest - rest / 2))
    }
}

#[tokio::test]
async fn a_body_that_is_not_a_json_object_is_refused() {
    let team = team().await;
    for operation in operations(&team, "other").await {
        let good = &operation.body;
        for body in [
            "",
            "   ",
            "null",
            "true",
            "5",
            "\"text\"",
            "[]",
            "garbage",
            "{",
            &good[..good.len() - 1],
            &format!("[{good}]"),
            &format!("{good}{good}"),
            &format!("{good}x"),
            &good.replace('}', ",}"),
            &good.replace('"', "'"),
            &format!("/* comment */{good}"),
        ] {
            operation.send(body).await.expect_error(400, "invalid_request");
        }
    }
}

#[tokio::test]
async fn a_missing_body_is_refused() {
    let team = team().await;
    for operation in operations(&team, "other").await {
        (operation.request)().send().await.expect_error(400, "invalid_request");
        let request = (operation.request)().header("content-type", "application/json");
        request.send().await.expect_error(400, "invalid_request");
    }
}

#[tokio::test]
async fn deep_nesting_is_refused_anywhere_in_a_body() {
    let team = team().await;
    let (open, close) = ("[".repeat(10_000), "]".repeat(10_000));
    let objects = format!("{}1{}", "{\"a\":".repeat(9_000), "}".repeat(9_000));
    for operation in operations(&team, "other").await {
        let field = operation.field;
        for body in [
            format!("{open}{close}"),
            open.clone(),
            format!("{{\"{field}\":{open}{close}}}"),
            format!("{{\"{field}\":{open}"),
            format!("{{\"unknown\":{open}{close}}}"),
            format!("{{\"{field}\":{objects}}}"),
            objects.clone(),
        ] {
            operation.send(body).await.expect_error(400, "invalid_request");
        }
    }
}

#[tokio::test]
async fn a_duplicate_field_is_refused_even_if_both_values_are_equal() {
    let team = team().await;
    for operation in operations(&team, "other").await {
        let field = operation.body.trim_start_matches('{').trim_end_matches('}');
        let escaped = field.replacen(operation.field, &escape(operation.field), 1);
        for body in [format!("{{{field},{field}}}"), format!("{{{field},{escaped}}}")] {
            operation.send(body).await.expect_error(400, "invalid_request");
        }
    }
}

/// The text with every character escaped: the same string in JSON, in different bytes.
fn escape(text: &str) -> String {
    text.chars().map(|character| format!("\\u{:04x}", u32::from(character))).collect()
}

#[tokio::test]
async fn a_body_that_is_not_utf_8_is_refused() {
    let team = team().await;
    for operation in operations(&team, "other").await {
        let good = operation.body.as_bytes();
        let in_the_value = [b"{\"", operation.field.as_bytes(), b"\":\"a\xffb\"}"].concat();
        let in_the_name = [b"{\"a\xff\":1,", &good[1..]].concat();
        let overlong = [b"{\"", operation.field.as_bytes(), b"\":\"\xc0\xaf\"}"].concat();
        let utf_16: Vec<u8> = operation.body.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut bodies = vec![in_the_name, utf_16, [good, b"\xff"].concat()];
        if !gateway::may_repair_utf_8() {
            bodies.extend([in_the_value, overlong]);
        }
        for body in bodies {
            // The emulator treats `application/json` as text, and refuses bytes that are not UTF-8 itself.
            // With this spelling of the media type, they reach the function.
            let response = operation.send_as("Application/JSON", body).await;
            response.expect_error(400, "invalid_request");
        }
    }
}

#[tokio::test]
async fn an_unpaired_surrogate_is_refused_and_the_error_says_so() {
    let team = team().await;
    for operation in
        operations(&team, "other").await.into_iter().filter(|operation| operation.field_type == TEXT)
    {
        for half in ["\\ud800", "\\udc00", "\\ud83d x", "\\udc00\\ud800"] {
            let response = operation.send(format!("{{\"{}\":\"a{half}\"}}", operation.field)).await;
            response.expect_invalid_request(operation.field);
            expect_message(&response, "unpaired surrogate");
            let response = operation.send(format!("{{\"a{half}\":1}}")).await;
            response.expect_error(400, "invalid_request");
            expect_message(&response, "unpaired surrogate");
        }
    }
    let create = &operations(&team, "other").await[0];
    let whole = create.send("{\"organizationName\":\"\\ud83d\\ude00\"}").await.expect(201);
    assert_eq!(whole["name"], "\u{1f600}");
}

#[tokio::test]
async fn a_byte_order_mark_is_refused_and_the_error_says_so() {
    let team = team().await;
    for operation in operations(&team, "other").await {
        let response = operation.send(format!("\u{feff}{}", operation.body)).await;
        response.expect_error(400, "invalid_request");
        expect_message(&response, "byte order mark");
    }
}

#[tokio::test]
async fn the_error_names_the_type_that_a_field_must_have() {
    let team = team().await;
    let domain = "The field \"domain\" must be a string or null.";
    for operation in operations(&team, "other").await {
        let (field, field_type) = (operation.field, operation.field_type);
        let expected = format!("The field {field:?} must be {field_type}.");
        let other = if field_type == INTEGER_OR_NULL { "\"5\"" } else { "null" };
        for value in [other, "[5]", "{}", "true", "5.5"] {
            let response = operation.send(format!("{{\"{}\":{value}}}", operation.field)).await;
            response.expect_invalid_request(operation.field);
            expect_message(&response, &expected);
        }
    }
    for operation in &operations(&team, "other").await[..2] {
        let response = operation.send(operation.body.replace('}', ",\"domain\":5}")).await;
        expect_message(&response, domain);
    }
}

/// Expects an error whose message contains `text`.
#[track_caller]
fn expect_message(response: &Response, text: &str) {
    let message = response.expect(400)["message"].clone();
    assert!(message.as_str().is_some_and(|message| message.contains(text)), "{response}");
}

#[tokio::test]
async fn a_body_of_64_kib_is_accepted_and_one_byte_more_is_refused() {
    for media_type in ["application/json", "Application/JSON"] {
        let (team, other) = (team().await, stack::unique("other"));
        for operation in operations(&team, &other).await {
            let response = operation.send_as(media_type, operation.padded(LIMIT + 1)).await;
            response.expect_error(413, "payload_too_large");
            let response = operation.send_as(media_type, "x".repeat(LIMIT + 1)).await;
            response.expect_error(413, "payload_too_large");
            let response = operation.send_as(media_type, operation.padded(LIMIT)).await;
            assert!(response.status.is_success(), "{response}");
        }
    }
}

#[tokio::test]
async fn the_limit_counts_bytes_and_not_characters() {
    let alice = stack::user("alice");
    let post = |body: String| {
        let request = alice.request(Method::POST, "/organization");
        request.header("content-type", "application/json").body(body)
    };
    let name = "é".repeat(LIMIT / 2);
    let body = format!("{{\"organizationName\":\"{name}\"}}");
    assert!(body.chars().count() < LIMIT && body.len() > LIMIT);
    post(body).send().await.expect_error(413, "payload_too_large");
}

#[tokio::test]
async fn the_list_of_operations_with_a_body_is_complete() {
    let team = team().await;
    let with_a_body =
        functions::Operation::ALL.iter().filter(|operation| example(**operation).body.is_some());
    assert_eq!(operations(&team, "other").await.len(), with_a_body.count());
}

/// A client may send an empty object, or nothing at all, where no body is read.
#[tokio::test]
async fn operations_without_a_body_ignore_one() {
    for body in [None, Some("{}"), Some("{\"organizationName\":"), Some("\u{feff}")] {
        for &operation in functions::Operation::ALL {
            if example(operation).body.is_some() || !leaves_users(operation) {
                continue;
            }
            let team = team().await;
            let place = Place::of(&team).await;
            let request = request(operation, sender(operation, &team), &place);
            let request = body.into_iter().fold(request, Request::body);
            let response = request.send().await;
            assert_eq!(response.status.as_u16(), example(operation).status, "{response}");
        }
    }
}
