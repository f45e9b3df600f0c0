//! The functions in this process, each with the HTTP edge that it has in Lambda. They take events as API
//! Gateway sends them.

use crate::event::Request;
use functions::Operation;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::{Body, Context, LambdaEvent};
use serde_json::Value;
use shared::edge::{Edge, Event};
use shared::identity::Authenticator;
use shared::store::Store;

/// Invokes the operation's function with an event, and returns its answer. The function trusts the gateway's
/// claims.
pub async fn invoke(
    operation: Operation,
    store: &Store,
    event: LambdaEvent<Event>,
) -> ApiGatewayV2httpResponse {
    let handler = |request, store| operation.handle(request, store);
    let edge =
        Edge::new(operation.endpoint(), Authenticator::gateway(local::SERVICE_SCOPE), store.clone(), handler);
    let Ok(response) = edge.invoke(event).await;
    response
}

/// The body of the answer to a request.
///
/// # Errors
/// The answer, if it is not a success.
pub async fn body(request: &Request, store: &Store) -> Result<Value, String> {
    let event = serde_json::from_str(&request.event().to_string()).unwrap();
    let response = invoke(request.operation, store, LambdaEvent::new(event, Context::default())).await;
    match &response.body {
        Some(Body::Text(body)) if (200..300).contains(&response.status_code) => {
            Ok(serde_json::from_str(body).unwrap())
        }
        _ => Err(format!("{} failed: {response:?}", request.operation.id())),
    }
}
