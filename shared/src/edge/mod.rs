//! The HTTP edge: from a Lambda event to an authenticated [`Request`], and from a handler's answer
//! or error to a response.
//!
//! Requests are checked in the order of the contract: identity (401), then the request itself
//! (413, 415, 400, 422), then, in the store, what it asks for (404, 403, 412, 409, 422).

mod conditional;
mod fields;
mod page;
mod request;
mod response;

pub use conditional::IfNoneMatch;
pub use fields::Fields;
pub use page::Page;
pub use request::{Request, percent_encoded};
pub use response::Response;
pub(crate) use response::status;

use crate::error::Error;
use crate::identity::Authenticator;
use crate::store::{Store, meter};
use crate::telemetry;
use lambda_http::{Body, RequestExt, service_fn};
use std::convert::Infallible;
use std::time::Instant;

/// A function: one operation's handler and what it needs, made once per instance.
pub struct Edge<H> {
    operation: &'static str,
    authenticator: Authenticator,
    store: Store,
    handler: H,
}

/// Runs a function until its instance ends: reads the configuration from the environment, then
/// answers each event with `handler`. `operation` is the operationId, for the log and the SDK.
///
/// # Errors
/// When the configuration is missing or wrong (the message names the variable), or the Lambda
/// runtime fails.
pub async fn serve<H, F>(operation: &'static str, handler: H) -> Result<(), lambda_http::Error>
where
    H: Fn(Request, Store) -> F,
    F: Future<Output = Result<Response, Error>> + Send,
{
    telemetry::init();
    let edge = Edge::new(operation, Authenticator::from_env()?, Store::from_env(operation).await?, handler);
    edge.store.warm_up().await;
    lambda_http::run(service_fn(|event| edge.answer(event))).await
}

impl<H, F> Edge<H>
where
    H: Fn(Request, Store) -> F,
    F: Future<Output = Result<Response, Error>> + Send,
{
    /// A function with its parts given; [`serve`] takes them from the environment.
    pub fn new(operation: &'static str, authenticator: Authenticator, store: Store, handler: H) -> Self {
        Self { operation, authenticator, store, handler }
    }

    /// Answers one event and writes its log line. Every failure is a response: an `Err` here would
    /// be a failed invocation, which API Gateway answers in a format of its own.
    ///
    /// # Errors
    /// None.
    pub fn answer(
        &self,
        event: lambda_http::Request,
    ) -> impl Future<Output = Result<lambda_http::Response<Body>, Infallible>> + Send {
        let started = Instant::now();
        let request_id = event.lambda_context().request_id;
        // The handler's future is made here, so that what is awaited below borrows no `H`.
        let handled = Request::new(event, &self.authenticator)
            .map(|request| (self.handler)(request, self.store.clone()));
        let operation = self.operation;
        async move {
            let (result, usage) = meter::measure(async { handled?.await }).await;
            telemetry::request_handled(operation, &request_id, &result, started.elapsed(), &usage);
            Ok(Response::from_result(result).with_request_id(&request_id).into_http())
        }
    }
}
