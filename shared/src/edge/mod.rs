//! The HTTP edge: turns a Lambda event into an authenticated [`Request`], and a handler's [`Response`]
//! or [`Error`] into an HTTP response.
//!
//! Requests are checked in the order that openapi.yaml documents: first the token (401, 403), then the
//! request itself (413, 415, 400, 422). The store then checks the stored items (404, 403, 412, 409, 422).

mod conditional;
mod error;
mod event;
mod fields;
mod integer;
mod media_type;
mod page_request;
mod query;
mod raw_fields;
mod request;
mod response;

pub use error::Error;
pub use event::Event;
pub use fields::Fields;
pub use page_request::PageRequest;
pub use request::{Request, percent_encoded};
pub use response::Response;

use crate::error::Error as OperationError;
use crate::identity::{Authenticator, Scope};
use crate::store::{Store, deadline, meter};
use crate::telemetry::{self, HandledRequest};
use futures_util::FutureExt;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::lambda_runtime::{self, LambdaEvent};
use lambda_http::service_fn;
use std::convert::Infallible;
use std::error::Error as _;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

/// The time-out of every function: the `Timeout` in template.yaml, half of the 30 s that API Gateway
/// waits. A handler never gets more time, even if its invocation's deadline is later. If the
/// deadline is in the past, as in emulators, this limit applies instead.
pub const FUNCTION_TIMEOUT: Duration = Duration::from_secs(15);

/// The time reserved for the response at the end of an invocation. The smallest function has little CPU:
/// it takes milliseconds to build, log and send a response, and its timers may fire milliseconds late.
const RESPONSE_MARGIN: Duration = Duration::from_millis(500);

/// What the edge must know of an operation.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint {
    /// The operationId, for the log and the SDK.
    pub operation: &'static str,
    /// The scope that a token must have.
    pub scope: Scope,
}

/// One operation's handler and its dependencies. Each Lambda instance makes one.
pub struct Edge<H> {
    endpoint: Endpoint,
    /// What requests need, or why the configuration does not provide it.
    configured: Result<(Authenticator, Store), String>,
    handler: H,
}

/// Runs a function until its instance ends: reads the configuration from the environment, then
/// answers each event with `handler`.
///
/// If the configuration is missing or invalid, logs the cause and answers each event with 500. If the function
/// ended instead, Lambda would start it again for each event, and `cargo lambda watch` would never answer.
///
/// Logs the cause and returns a failure if the Lambda runtime fails.
pub async fn serve<H, F>(endpoint: Endpoint, handler: H) -> ExitCode
where
    H: Fn(Request, Store) -> F,
    F: Future<Output = Result<Response, Error>> + Send,
{
    telemetry::init();
    match run(endpoint, handler).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(operation = endpoint.operation, cause = %error, "the Lambda runtime failed");
            ExitCode::FAILURE
        }
    }
}

async fn run<H, F>(endpoint: Endpoint, handler: H) -> Result<(), lambda_http::Error>
where
    H: Fn(Request, Store) -> F,
    F: Future<Output = Result<Response, Error>> + Send,
{
    let configured = configured(endpoint.operation).await;
    if let Err(cause) = &configured {
        tracing::error!(
            operation = endpoint.operation,
            cause,
            "the function cannot run and answers every request with 500; \
             `cargo local` runs it on this machine with all that it needs"
        );
    }
    let edge = Edge { endpoint, configured, handler };
    lambda_runtime::run(service_fn(|event| edge.invoke(event))).await
}

async fn configured(operation: &'static str) -> Result<(Authenticator, Store), String> {
    Ok((Authenticator::from_env()?, Store::from_env(operation, &[]).await?))
}

impl<H, F> Edge<H>
where
    H: Fn(Request, Store) -> F,
    F: Future<Output = Result<Response, Error>> + Send,
{
    /// An edge with the given dependencies; [`serve`] takes them from the environment.
    pub fn new(endpoint: Endpoint, authenticator: Authenticator, store: Store, handler: H) -> Self {
        Self { endpoint, configured: Ok((authenticator, store)), handler }
    }

    /// Answers one event and logs it. Every failure becomes a response: an `Err` would be a failed
    /// invocation, which API Gateway answers in its own format.
    ///
    /// # Errors
    /// None.
    pub fn invoke(
        &self,
        event: LambdaEvent<Event>,
    ) -> impl Future<Output = Result<ApiGatewayV2httpResponse, Infallible>> + Send {
        let LambdaEvent { payload, context } = event;
        let started = Instant::now();
        let time = time_limit(context.deadline(), SystemTime::now());
        let request_id = context.request_id;
        // The handler's future is made outside the async block, so that the block does not borrow `H`.
        // It is large, so it is boxed: otherwise the futures that wrap it would copy it.
        let Endpoint { operation, scope } = self.endpoint;
        let handled = self
            .configured
            .as_ref()
            .map_err(|cause| Error::from(OperationError::Internal(cause.as_str().into())))
            .and_then(|(authenticator, store)| {
                let request = Request::new(payload.into_request()?, authenticator, scope)?;
                Ok(Box::pin((self.handler)(request, store.clone())))
            });
        async move {
            let work = deadline::within(time, async { handled?.await });
            // A panic is a bug, but ends only this request: requests share no state that a panic could break.
            let (result, usage) = meter::measure(AssertUnwindSafe(work).catch_unwind()).await;
            let result = result
                .unwrap_or_else(|_| Err(OperationError::Internal("the handler panicked".into()).into()));
            let (status, error) = match &result {
                Ok(response) => (response.status(), None),
                Err(error) => (error.status(), Some(error)),
            };
            HandledRequest {
                operation,
                request_id: &request_id,
                status: status.as_u16(),
                code: error.map(Error::code),
                cause: error.and_then(|error| error.source()),
                latency: started.elapsed(),
                usage,
            }
            .log();
            Ok(event::response(Response::from_result(result).into_http(&request_id)))
        }
    }
}

/// The time that a handler may take. A deadline in the past is ignored: `cargo lambda watch` and other
/// emulators of Lambda send one that is decades old.
fn time_limit(deadline: SystemTime, now: SystemTime) -> Duration {
    let left = deadline.duration_since(now).unwrap_or(FUNCTION_TIMEOUT);
    left.min(FUNCTION_TIMEOUT).saturating_sub(RESPONSE_MARGIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_config::{BehaviorVersion, SdkConfig};
    use lambda_http::{Body, Context};

    const EVENT: &str = include_str!("../../../tests/events/get-organization.json");

    fn edge<H, F>(handler: H) -> Edge<H>
    where
        H: Fn(Request, Store) -> F,
        F: Future<Output = Result<Response, Error>> + Send,
    {
        let config = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
        let endpoint = Endpoint { operation: "getOrganization", scope: Scope::Read };
        Edge::new(endpoint, Authenticator::gateway("service"), Store::connect(&config, "table"), handler)
    }

    /// The status and the body of the response to `event` in this context.
    async fn answer<H, F>(edge: Edge<H>, event: &str, context: Context) -> (i64, String)
    where
        H: Fn(Request, Store) -> F,
        F: Future<Output = Result<Response, Error>> + Send,
    {
        let event = LambdaEvent::new(serde_json::from_str(event).unwrap(), context);
        let response = edge.invoke(event).await.unwrap();
        let Some(Body::Text(text)) = response.body else { panic!("the body is not text") };
        (response.status_code, text)
    }

    #[tokio::test]
    async fn a_handler_gets_the_remaining_time_of_its_invocation() {
        let edge = edge(async |_, _| Response::ok(&deadline::left().as_millis()));
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let mut context = Context::default();
        context.deadline = u64::try_from(now.as_millis()).unwrap() + 4_000;
        let (_, left) = answer(edge, EVENT, context).await;
        assert!(left.parse::<u64>().unwrap() <= 3_500, "{left}");
    }

    #[tokio::test]
    async fn a_panic_becomes_an_internal_error_without_its_message() {
        let edge = edge(async |request: Request, _| panic!("{}", request.caller()));
        let (status, body) = answer(edge, EVENT, Context::default()).await;
        assert_eq!(status, 500);
        assert!(body.contains("internal_error") && !body.contains("ann"), "{body}");
    }

    #[tokio::test]
    async fn an_event_without_a_request_is_an_internal_error() {
        let edge = edge(async |_, _| Response::ok(&()));
        let (status, body) = answer(edge, "{}", Context::default()).await;
        assert_eq!(status, 500);
        assert!(body.contains("internal_error"), "{body}");
    }

    #[test]
    fn a_handler_ends_before_its_invocation() {
        let now = SystemTime::now();
        let time = |left| time_limit(now + Duration::from_millis(left), now).as_millis();
        assert_eq!([time(15_000), time(60_000), time(4_000), time(300)], [14_500, 14_500, 3_500, 0]);
        assert_eq!(time_limit(SystemTime::UNIX_EPOCH, now).as_millis(), 14_500);
    }
}
