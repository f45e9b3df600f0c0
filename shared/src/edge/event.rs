//! Events from API Gateway, and responses to them (HTTP API, payload format 2.0).

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::{Body, Request};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::panic::catch_unwind;

/// The request in an API Gateway event, or `None` if the event does not contain a valid request.
///
/// Deserializing never fails. Otherwise, clients could cause failed invocations. These raise alarms, and
/// API Gateway answers them in its own format.
pub struct Event(pub(super) Option<Request>);

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        // `lambda_http` panics on invalid base64, and if host, path and query do not form a valid URI.
        let read = catch_unwind(|| lambda_http::request::from_str(text));
        Ok(Self(read.ok().and_then(Result::ok)))
    }
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

    fn read(pointer: &str, value: Value) -> Option<Request> {
        let mut event: Value = serde_json::from_str(EVENT).unwrap();
        *event.pointer_mut(pointer).unwrap() = value;
        serde_json::from_str::<Event>(&event.to_string()).unwrap().0
    }

    #[test]
    fn every_event_deserializes_with_or_without_a_request() {
        assert_eq!(read("/isBase64Encoded", json!(false)).unwrap().method(), "GET");
        for (pointer, value) in [
            ("", json!(null)),
            ("", json!("text")),
            ("", json!({ "Records": [] })),
            ("/headers", json!({ "host": "a b" })),
            ("/headers", json!({ "x": "a\nb" })),
            ("/requestContext/http/method", json!("A B")),
            ("/rawQueryString", json!("a=<b>")),
        ] {
            assert!(read(pointer, value.clone()).is_none(), "{pointer} {value}");
        }
        let mut event: Value = serde_json::from_str(EVENT).unwrap();
        event["body"] = json!("no base64");
        event["isBase64Encoded"] = json!(true);
        assert!(serde_json::from_str::<Event>(&event.to_string()).unwrap().0.is_none());
    }
}
