//! The functions in this process: each with the HTTP edge that it has in Lambda, taking events as API
//! Gateway sends them.

use functions::Operation;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::lambda_runtime::LambdaEvent;
use shared::edge::{Edge, Event};
use shared::identity::Authenticator;
use shared::store::Store;

/// What the operation's function answers to an event. It trusts the gateway's claims.
pub async fn invoke(
    operation: Operation,
    store: &Store,
    event: LambdaEvent<Event>,
) -> ApiGatewayV2httpResponse {
    let handler = |request, store| operation.handle(request, store);
    let edge = Edge::new(operation.id(), Authenticator::gateway(), store.clone(), handler);
    let Ok(response) = edge.invoke(event).await;
    response
}
