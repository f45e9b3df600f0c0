//! The functions in this process: their events and answers.

use crate::answer::{Answer, Next};
use crate::model::MAX_ORGANIZATIONS;
use crate::request::{Call, Flaw, Parameter};
use lambda_http::http::HeaderMap;
use lambda_http::{Body, Context, LambdaEvent};
use serde_json::{Value, json};
use shared::edge::percent_encoded;
use shared::settings::Settings;
use shared::store::Store;
use support::event::Request;
use support::in_process;

/// The page that accepts invitations.
pub const INVITATION_URL: &str = "https://acme.example/join";

/// One instance of each function, with its own store.
pub struct Instance(Store);

impl Instance {
    /// An instance that uses the DynamoDB at that URL.
    pub async fn on(dynamodb_url: String) -> Self {
        let settings = Settings {
            max_organizations_per_user: MAX_ORGANIZATIONS,
            invitation_url: Some(INVITATION_URL.to_owned()),
            ..Settings::default()
        };
        Self(support::database::store(dynamodb_url).await.with_settings(settings))
    }

    /// Sends a request to its function, and checks what holds for every response.
    pub async fn send(&self, call: &Call) -> Answer {
        let mut context = Context::default();
        context.request_id = "a request".to_owned();
        let event = serde_json::from_str(&event(call).to_string()).unwrap();
        let event = LambdaEvent::new(event, context);
        let response = in_process::invoke(call.action().operation(), &self.0, event).await;
        let header = |name| header(&response.headers, name);
        let body = match &response.body {
            None => Value::Null,
            Some(Body::Text(text)) => serde_json::from_str(text).unwrap(),
            other => panic!("{other:?}"),
        };
        let status = u16::try_from(response.status_code).unwrap();
        let media_type = (status != 304).then(|| "application/json".to_owned());
        assert_eq!(header("content-type"), media_type, "{call:?} {body}");
        assert_eq!(header("x-request-id").as_deref(), Some("a request"));
        assert_eq!(header("cache-control").as_deref(), Some("no-store"), "{call:?} {body}");
        assert_eq!(header("vary").as_deref(), Some("Authorization"), "{call:?} {body}");
        assert_eq!(header("retry-after").is_some(), status == 503, "{call:?} {body}");
        let challenges = status == 401 || body["code"] == "insufficient_scope";
        assert_eq!(header("www-authenticate").is_some(), challenges, "{call:?} {body}");
        let next = header("link").map_or(Next::None, |link| {
            let path = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
            Next::Page(path.unwrap_or_else(|| panic!("not a link to a next page: {link}")).to_owned())
        });
        let replayed = header("idempotent-replayed").is_some();
        Answer { status, body, etag: header("etag"), location: header("location"), replayed, next }
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| value.to_str().unwrap().to_owned())
}

/// The event of a request, including its flaw.
fn event(call: &Call) -> Value {
    let mut request = Request::new(call.action().operation(), call.request.caller).query(&query(call));
    if request.operation.path().contains("{organization_id}") {
        request = request.of("organization_id", &call.organization);
    }
    if let Some(user) = call.action().target().filter(|_| request.operation.path().contains("{user_id}")) {
        request = request.of("user_id", user);
    }
    if request.operation.path().contains("{invitation_id}") {
        request = request.of("invitation_id", &call.reference);
    }
    let parameters = request.operation.path().matches('{').count();
    assert_eq!(request.parameters.len(), parameters, "the parameters of the path of {:?}", call.action());
    if let Some((name, value)) = header_of(call) {
        request = request.header(&name.to_lowercase(), &value);
    }
    let mut event = request.event();
    event["body"] = json!(body(call));
    match call.request.flaw {
        Some(Flaw::NoIdentity) => event["requestContext"]["authorizer"]["jwt"]["claims"] = json!({}),
        Some(Flaw::NotJson) => event["headers"]["content-type"] = json!("text/plain"),
        _ => {}
    }
    event
}

fn query(call: &Call) -> String {
    if let Some((_, query)) = &call.page {
        return query.clone();
    }
    let action = call.action();
    let has_flaw = action.parameter() == Parameter::Limit && call.request.flaw == Some(Flaw::Parameter);
    let limit = if has_flaw { Some(0) } else { action.limit() };
    let filters =
        action.filters().into_iter().map(|(name, value)| format!("{name}={}", percent_encoded(value)));
    filters.chain(limit.map(|limit| format!("limit={limit}"))).collect::<Vec<_>>().join("&")
}

/// The header that the operation takes, and its value.
fn header_of(call: &Call) -> Option<(&str, String)> {
    let value = match call.action().parameter() {
        Parameter::Limit | Parameter::None => None,
        _ if call.request.flaw == Some(Flaw::Parameter) => Some("\"".to_owned()),
        Parameter::IdempotencyKey => call.action().key().map(str::to_owned),
        Parameter::Precondition => call.condition(),
    };
    Some((call.parameter(), value?))
}

fn body(call: &Call) -> Option<String> {
    let (first, mut fields) = call.action().fields(&call.reference)?;
    match call.request.flaw {
        Some(Flaw::TooLarge) => return Some(" ".repeat(64 * 1024 + 1)),
        Some(Flaw::MalformedJson) => return Some("{".to_owned()),
        Some(Flaw::WrongType) => fields.extend([(first.to_owned(), json!({}))]),
        Some(Flaw::MissingField) => fields.clear(),
        Some(Flaw::UnknownField) => fields.extend([("colour".to_owned(), json!("red"))]),
        _ => {}
    }
    Some(Value::Object(fields).to_string())
}
