//! What API Gateway answers or changes itself, in front of a deployed stack. The local stack passes every
//! request to a function as it is.

use crate::{client::Response, stack};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// True if the gateway answered instead of a function. Its own bodies have the fixed form `{"message": …}`,
/// and no `x-request-id`.
pub(crate) fn answered(response: &Response) -> bool {
    let body = serde_json::from_slice::<Value>(&response.body).unwrap_or_default();
    let is = |message: &str| body == json!({ "message": message });
    let is_the_gateways = match response.status {
        StatusCode::UNAUTHORIZED => true,
        // The token lacks the route's scope.
        StatusCode::FORBIDDEN => is("Forbidden"),
        // There is no such route.
        StatusCode::NOT_FOUND => is("Not Found"),
        _ => false,
    };
    is_the_gateways && !stack::is_local()
}

/// The gateway may change these ids before a function sees them. Captures of `rawPath` show that it decodes a path
/// twice: it refuses `%25` unless two hexadecimal digits follow, and takes `%3F` for the start of the query. Whether
/// it does the same to `pathParameters` is unknown; MiniStack does.
/// <https://github.com/hotsock/voker/blob/main/vokerhttp/testdata/ingress-paths.json>
pub(crate) fn may_change_in_a_path(id: &str) -> bool {
    !stack::is_local() && id.contains(['%', '?'])
}

/// The gateway passes a JSON body as text, in which bytes that are not UTF-8 may have been replaced:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
pub(crate) fn may_repair_utf_8() -> bool {
    !stack::is_local()
}

/// The gateway may add a media type to a response that has none, such as a 304.
pub(crate) fn may_add_media_type() -> bool {
    !stack::is_local()
}
