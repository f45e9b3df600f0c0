//! Code that the fuzz targets share.

mod event;
mod world;

pub use event::{Asked, event};
pub use world::World;

use aws_config::{BehaviorVersion, SdkConfig};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::{Body, Context, LambdaEvent};
use serde_json::Value;
use shared::edge::{Edge, Endpoint, Error, Request, Response};
use shared::identity::{Authenticator, Scope};
use shared::store::Store;
use std::future::ready;
use tokio::runtime::{Builder, Runtime};

/// A single-threaded runtime.
pub fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Sends the request through the edge, with `ask` as the handler. The edge refuses invalid requests itself.
/// Returns the status of the answer.
pub fn ask(
    authenticator: Authenticator,
    asked: &Asked<'_>,
    ask: impl Fn(&Request) -> Result<(), Error>,
) -> i64 {
    ask_event(authenticator, &event(asked).to_string(), ask)
}

/// The same for the text of an event.
pub fn ask_event(
    authenticator: Authenticator,
    event: &str,
    ask: impl Fn(&Request) -> Result<(), Error>,
) -> i64 {
    thread_local! {
        static RUNTIME: Runtime = runtime();
        static NO_STORE: Store = {
            let config = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
            Store::connect(&config, "none")
        };
    }
    let handler = |request, _| ready(ask(&request).and_then(|()| Response::ok(&())));
    let endpoint = Endpoint { operation: "fuzz", scope: Scope::Read };
    let edge = Edge::new(endpoint, authenticator, NO_STORE.with(Store::clone), handler);
    let event = serde_json::from_str(event).unwrap();
    let event = LambdaEvent::new(event, Context::default());
    let Ok(response) = RUNTIME.with(|runtime| runtime.block_on(edge.invoke(event)));
    hold(&response);
    response.status_code
}

/// Checks what holds for every response, such as that there is no internal error.
pub fn hold(response: &ApiGatewayV2httpResponse) {
    let status = response.status_code;
    assert!((200..500).contains(&status), "{response:?}");
    serde_json::to_string(response).unwrap();
    let body = match &response.body {
        None => return assert_eq!(status, 304),
        Some(Body::Text(text)) => serde_json::from_str::<Value>(text).unwrap(),
        other => panic!("{other:?}"),
    };
    if status >= 400 {
        assert!(body["code"].is_string() && body["message"].is_string(), "{body}");
        // An error quotes at most 64 characters of a request.
        assert!(body.to_string().len() < 2_000, "{body}");
    }
}
