//! getOrganization as the ecosystem's templates write it: `cargo lambda new --http` around the SDK's own
//! example. Default features and profile, a client created in `main`, no warm-up.
//!
//! It sends DynamoDB the same request as the real function: one BatchGetItem of a membership and an
//! organization. The difference is thus in how the function is built, not in what it does.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use lambda_http::{Body, Error, Request, RequestExt, Response, run, service_fn, tracing};
use serde_json::json;
use std::collections::HashMap;

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let client = Client::new(&config);
    let table = std::env::var("TABLE_NAME")?;
    run(service_fn(|event| get_organization(event, &client, &table))).await
}

async fn get_organization(event: Request, client: &Client, table: &str) -> Result<Response<Body>, Error> {
    let parameters = event.path_parameters();
    let id = parameters.first("organization_id").ok_or("there is no organization_id in the path")?;
    let organization = format!("ORG#{id}");
    let user = format!("USER#{}", caller(&event).ok_or("there is no sub among the claims")?);

    let keys = KeysAndAttributes::builder()
        .keys(key(&user, &organization))
        .keys(key(&organization, &organization))
        .consistent_read(true)
        .build()?;
    let answer = client.batch_get_item().request_items(table, keys).send().await?;
    let found = answer.responses.unwrap_or_default().remove(table).unwrap_or_default();
    let is_member = found.iter().any(|item| item.get("pk") == Some(&AttributeValue::S(user.clone())));
    let name = found.into_iter().find_map(|mut item| text(item.remove("name")));

    let (status, body) = match name {
        Some(name) if is_member => (200, json!({ "id": id, "name": name })),
        _ => (404, json!({ "message": "Organization not found." })),
    };
    let response = Response::builder().status(status).header("content-type", "application/json");
    Ok(response.body(body.to_string().into())?)
}

fn caller(event: &Request) -> Option<String> {
    let lambda_http::request::RequestContext::ApiGatewayV2(context) = event.request_context_ref()? else {
        return None;
    };
    context.authorizer.as_ref()?.jwt.as_ref()?.claims.get("sub").cloned()
}

fn key(pk: &str, sk: &str) -> HashMap<String, AttributeValue> {
    HashMap::from(
        [("pk", pk), ("sk", sk)].map(|(name, value)| (name.into(), AttributeValue::S(value.into()))),
    )
}

fn text(value: Option<AttributeValue>) -> Option<String> {
    match value? {
        AttributeValue::S(text) => Some(text),
        _ => None,
    }
}
