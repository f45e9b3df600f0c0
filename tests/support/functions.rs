//! The nine functions in this process: each with the HTTP edge that it has in Lambda, taking events
//! as API Gateway sends them.

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::lambda_runtime::LambdaEvent;
use shared::edge::{Edge, Event, Request, Response};
use shared::error::Error;
use shared::identity::Authenticator;
use shared::store::Store;

/// What the function of this operation answers, which trusts the gateway's claims.
pub async fn invoke(operation: &str, store: &Store, event: LambdaEvent<Event>) -> ApiGatewayV2httpResponse {
    match operation {
        "createOrganization" => answer(create_organization::handle, store, event).await,
        "listOrganizations" => answer(list_organizations::handle, store, event).await,
        "getOrganization" => answer(get_organization::handle, store, event).await,
        "updateOrganization" => answer(update_organization::handle, store, event).await,
        "setMaxOverages" => answer(set_max_overages::handle, store, event).await,
        "listMembers" => answer(list_members::handle, store, event).await,
        "addMember" => answer(add_member::handle, store, event).await,
        "updateMember" => answer(update_member::handle, store, event).await,
        "removeMember" => answer(remove_member::handle, store, event).await,
        operation => panic!("no such operation: {operation}"),
    }
}

async fn answer<H, F>(handler: H, store: &Store, event: LambdaEvent<Event>) -> ApiGatewayV2httpResponse
where
    H: Fn(Request, Store) -> F,
    F: Future<Output = Result<Response, Error>> + Send,
{
    let edge = Edge::new("a test's", Authenticator::gateway(), store.clone(), handler);
    let Ok(response) = edge.invoke(event).await;
    response
}
