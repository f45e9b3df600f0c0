//! Events from API Gateway, and responses to them (HTTP API, payload format 2.0).

use super::Error;
use crate::error::Error as OperationError;
use crate::identity::Authorizer;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::{Body, Request, RequestExt};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::collections::HashMap;

/// The message for a header that HTTP does not allow.
const MALFORMED_HEADER: &str = "A header is malformed. Remove control characters from its name and value.";

/// Why an event holds no request. The event itself is not logged, since it may contain personal data.
const NO_REQUEST: &str = "the event is not a request of an API Gateway HTTP API in payload format 2.0; \
    check what invokes the function";

/// The request in an API Gateway event, or the error to answer with.
///
/// Deserializing never fails: a failed invocation would be answered by API Gateway in its own format.
/// `lambda_http` is not used to read events. It reads all claims as strings, and it panics if host, path and
/// query do not form a URI, but API Gateway decodes the path, and clients may send any query.
pub struct Event(Result<Request, Error>);

impl Event {
    /// False if the event is not a request of an HTTP API. The answer is then 500.
    pub fn holds_a_request(&self) -> bool {
        !matches!(self.0, Err(Error::Operation(_)))
    }

    pub(crate) fn into_request(self) -> Result<Request, Error> {
        self.0
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        let event = serde_json::from_str(text).map_err(|_| no_request());
        Ok(Self(event.and_then(HttpEvent::into_request)))
    }
}

/// The parts of an event that are used. Those that are not options are in every event of the format.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpEvent<'a> {
    raw_path: String,
    #[serde(default)]
    raw_query_string: Option<String>,
    #[serde(default)]
    headers: Option<HashMap<String, String>>,
    #[serde(default)]
    path_parameters: Option<HashMap<String, String>>,
    #[serde(borrow)]
    request_context: RequestContext<'a>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    /// Only HTTP APIs send it.
    http: Http,
    #[serde(default)]
    route_key: Option<String>,
    #[serde(default, borrow)]
    authorizer: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Http {
    method: String,
}

/// Present if API Gateway chose the route. It has then decoded the path and its parameters.
#[derive(Clone)]
pub(super) struct MatchedByGateway;

impl HttpEvent<'_> {
    fn into_request(self) -> Result<Request, Error> {
        let body = match self.body {
            None => Body::Empty,
            Some(text) if self.is_base64_encoded => {
                Body::Binary(BASE64_STANDARD.decode(text).map_err(|_| no_request())?)
            }
            Some(text) => Body::Text(text),
        };
        let headers = self.headers.unwrap_or_default();
        let headers: Option<HeaderMap> = headers.iter().map(|(name, value)| header(name, value)).collect();
        let query = self.raw_query_string.unwrap_or_default().parse().unwrap_or_default();

        let mut request = Request::new(body)
            .with_raw_http_path(self.raw_path)
            .with_path_parameters(self.path_parameters.unwrap_or_default())
            .with_query_string_parameters::<QueryMap>(query);
        *request.headers_mut() = headers.ok_or_else(|| Error::malformed(MALFORMED_HEADER))?;
        *request.method_mut() = self.request_context.http.method.parse().map_err(|_| no_request())?;
        let extensions = request.extensions_mut();
        if self.request_context.route_key.is_some_and(|route| route != "$default") {
            extensions.insert(MatchedByGateway);
        }
        if let Some(authorizer) = self.request_context.authorizer {
            extensions.insert(Authorizer::read(authorizer));
        }
        Ok(request)
    }
}

fn header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    Some((name.parse().ok()?, HeaderValue::from_bytes(value.as_bytes()).ok()?))
}

/// A client cannot cause it, so it is an error that raises an alarm.
fn no_request() -> Error {
    OperationError::Internal(NO_REQUEST.into()).into()
}

/// Converts a response to API Gateway's format.
pub(super) fn response(response: http::Response<Body>) -> ApiGatewayV2httpResponse {
    let (parts, body) = response.into_parts();
    let mut event = ApiGatewayV2httpResponse::default();
    event.status_code = parts.status.as_u16().into();
    event.headers = parts.headers;
    event.body = Some(body).filter(|body| !body.is_empty());
    event
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const EVENT: &str = include_str!("../../../tests/events/get-organization.json");

    fn read(pointer: &str, value: Value) -> Result<Request, Error> {
        let mut event: Value = serde_json::from_str(EVENT).unwrap();
        match pointer.rsplit_once('/') {
            Some((parent, name)) => event.pointer_mut(parent).unwrap()[name] = value,
            None => event = value,
        }
        serde_json::from_str::<Event>(&event.to_string()).unwrap().into_request()
    }

    #[test]
    fn a_request_is_read_with_any_path_query_host_and_header_value() {
        let request = read("/rawQueryString", json!("a=<b>&a=c%20d&limit=1")).unwrap();
        let query = request.query_string_parameters();
        assert_eq!(query.all("a").unwrap(), ["<b>", "c d"]);
        assert_eq!(query.first("limit"), Some("1"));
        for (pointer, value) in [
            ("/rawPath", json!("/<a> \n?b#c")),
            ("/rawQueryString", json!(null)),
            ("/headers", json!({ "host": "a b" })),
            ("/headers", json!(null)),
            ("/pathParameters", json!(null)),
            ("/requestContext/authorizer/jwt/claims/email_verified", json!(true)),
            ("/body", json!(null)),
        ] {
            assert!(read(pointer, value.clone()).is_ok(), "{pointer} {value}");
        }
        let request = read("/headers", json!({ "x": "\u{e9}" })).unwrap();
        assert_eq!(request.headers()["x"].as_bytes(), "\u{e9}".as_bytes());
    }

    #[test]
    fn a_body_is_text_or_base64() {
        let body = |encoded: bool| {
            let mut event: Value = serde_json::from_str(EVENT).unwrap();
            event["body"] = json!("e30=");
            event["isBase64Encoded"] = json!(encoded);
            let event: Event = serde_json::from_str(&event.to_string()).unwrap();
            event.into_request().unwrap().into_body()
        };
        assert_eq!(body(true), Body::Binary(b"{}".to_vec()));
        assert_eq!(body(false), Body::Text("e30=".to_owned()));
    }

    #[test]
    fn a_header_that_http_does_not_allow_is_the_clients_fault() {
        for headers in [json!({ "x": "a\nb" }), json!({ "x y": "a" }), json!({ "": "a" })] {
            let error = read("/headers", headers.clone()).unwrap_err();
            assert_eq!(error.code(), "invalid_request", "{headers}");
        }
    }

    #[test]
    fn an_event_that_holds_no_request_is_not_the_clients_fault() {
        for (pointer, value) in [
            ("", json!(null)),
            ("", json!("text")),
            ("", json!({})),
            ("", json!({ "Records": [] })),
            ("/rawPath", json!(null)),
            ("/headers", json!({ "x": ["a"] })),
            ("/requestContext", json!({ "httpMethod": "GET" })),
            ("/requestContext/http", json!("GET")),
            ("/requestContext/http/method", json!("A B")),
            ("/isBase64Encoded", json!("yes")),
        ] {
            let error = read(pointer, value.clone()).unwrap_err();
            assert_eq!(error.code(), "internal_error", "{pointer} {value}");
        }
        let mut event: Value = serde_json::from_str(EVENT).unwrap();
        event["body"] = json!("no base64");
        event["isBase64Encoded"] = json!(true);
        let event: Event = serde_json::from_str(&event.to_string()).unwrap();
        assert_eq!(event.into_request().unwrap_err().code(), "internal_error");
    }
}
