//! Warm-up during init: opens the connection to DynamoDB, and runs the SDK's code once.
//!
//! Lambda gives a function's init phase a whole core. The first invocation of a 128 MB function has a
//! fourteenth of one, which is slow for a TLS handshake and for code that is not yet paged in
//! (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>).

use super::connect::pool;
use super::deadline::CONNECT_TIMEOUT;
use super::dns::Resolver;
use crate::store::table::Store;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sdk_dynamodb::config::{Builder, HttpClient, SharedHttpClient};
use aws_sdk_dynamodb::error::{BoxError, DisplayErrorContext, SdkError};
use aws_sdk_dynamodb::operation::get_item::{GetItemError, GetItemOutput};
use aws_smithy_http_client::pool::{Client, ConnectionEvent};
use aws_smithy_runtime::client::auth::no_auth::NoAuthRuntimePluginV2;
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime::client::orchestrator::endpoints::StaticUriEndpointResolver;
use aws_smithy_runtime::client::retries::strategy::NeverRetryStrategy;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_types::body::SdkBody;
use futures_util::FutureExt;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio::time::timeout;

/// Time for DynamoDB to answer during init. After that, the function starts without a connection.
const INIT_TIMEOUT: Duration = Duration::from_millis(1500);

/// Number of yields that the connecting task needs before it waits for the server: one to get the address,
/// one until the socket is writable, and one to continue after that.
const CONNECTING: usize = 3;

impl Store {
    /// Connects to `table` with its own HTTP client. Returns when the connection for the first request
    /// is open. Sends DynamoDB no request, so it needs no permission and consumes no capacity. Connects to `others`, the
    /// URLs of other services, in the same way, for clients that get [`Self::http_client`].
    ///
    /// Call this on a single-threaded runtime, as functions do. With more threads, the request that
    /// opens the connection may actually be sent.
    ///
    /// If a service is unreachable or slow, the function starts anyway, and the first request connects.
    ///
    /// # Errors
    /// When the endpoint in `config` or one of `others` is not a URL, `config` has neither an endpoint nor a region, or the
    /// HTTP client cannot be created.
    pub async fn open(config: SdkConfig, table: &str, others: &[&str]) -> Result<Self, BoxError> {
        let url = endpoint(&config).await?;
        let (tell, mut opened) = mpsc::unbounded_channel();
        let pool = pool(Resolver::ahead_of(&url), move |event: &ConnectionEvent<'_>| {
            let outcome = match event {
                ConnectionEvent::Opened(_) => Ok(()),
                ConnectionEvent::EstablishmentFailed(failure) => {
                    Err(DisplayErrorContext(failure.error()).to_string())
                }
                _ => return,
            };
            // Only the connections of init are awaited below. Requests open the others.
            let _gone_after_init = tell.send(outcome);
        })?;
        let client = SharedHttpClient::new(Client::new(&pool)?);
        begin_to_connect(&client, &url).await?;
        // While this builds the SDK's client, the host name is resolved, or DynamoDB does its half of the
        // handshake.
        let config = config.into_builder().http_client(client.clone()).build();
        let store = Self::connect(&config, table);
        for url in others {
            begin_to_connect(&client, url).await?;
        }
        go_on(CONNECTING).await;
        let connected = async {
            // Rehearse only if a connection is not open yet: init must wait for it anyway.
            if opened.len() <= others.len()
                && let Err(error) = store.rehearse().await
            {
                let cause = DisplayErrorContext(error);
                tracing::warn!(%cause, "the SDK cannot make a request; starting anyway");
            }
            for _ in 0..=others.len() {
                opened.recv().await.ok_or("the HTTP client has no connections")??;
            }
            Ok::<_, BoxError>(())
        };
        if let Err(cause) = timeout(INIT_TIMEOUT, connected).await.map_err(BoxError::from).flatten() {
            tracing::warn!(%cause, "AWS does not answer; starting without a connection");
        }
        Ok(store)
    }

    /// Makes the SDK build and sign a request and read a response, so that its code is paged in. Both
    /// stay in this process.
    async fn rehearse(&self) -> Result<GetItemOutput, SdkError<GetItemError>> {
        let rehearsal = rehearsal();
        let request = self.client.get_item().table_name(&*self.table).set_key(Some([].into()));
        request.customize().config_override(Builder::new().http_client(rehearsal)).send().await
    }
}

/// DynamoDB's endpoint: the one in `config`, or else the SDK's default.
async fn endpoint(config: &SdkConfig) -> Result<String, BoxError> {
    if let Some(url) = config.endpoint_url() {
        return Ok(url.to_owned());
    }
    let region = Params::builder().set_region(config.region().map(ToString::to_string)).build()?;
    let resolver = DefaultResolver::new();
    let endpoint = resolver.resolve_endpoint(&region).await?;
    Ok(endpoint.url().to_owned())
}

/// Makes `client` start the connection to `url` that the SDK's first request will use. The SDK itself
/// would connect only with its first request. Connecting earlier overlaps the look-up and the handshake
/// with building the SDK's client.
async fn begin_to_connect(client: &SharedHttpClient, url: &str) -> Result<(), BoxError> {
    let request =
        HttpRequest::get(url).map_err(|cause| format!("the endpoint is not a URL: {url}: {cause}"))?;
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build();
    let mut request = client.http_connector(&settings, &components(url)?).call(request);
    // The first poll asks the pool for a connection, and the pool spawns a task to open it. Once
    // started, the task runs to completion, although nothing awaits this request any more.
    let _asked = (&mut request).now_or_never();
    go_on(CONNECTING).await;
    Ok(())
}

/// Yields `turns` times, so that the connecting task runs.
async fn go_on(turns: usize) {
    for _ in 0..turns {
        yield_now().await;
    }
}

/// The runtime components of a request to `url` that is made without the SDK's DynamoDB client.
fn components(url: &str) -> Result<RuntimeComponents, BoxError> {
    let builder = RuntimeComponentsBuilder::new("begin_to_connect");
    let builder = NoAuthRuntimePluginV2::new().runtime_components(&builder).into_owned();
    let builder = builder
        .with_identity_cache(Some(IdentityCache::no_cache()))
        .with_endpoint_resolver(Some(StaticUriEndpointResolver::uri(url)))
        .with_retry_strategy(Some(NeverRetryStrategy::new()));
    Ok(builder.build()?)
}

/// An HTTP client for rehearsing a request during init: it answers `{}` in place of the service, and nothing leaves this
/// process.
pub fn rehearsal() -> SharedHttpClient {
    http_client_fn(|_, _| SharedHttpConnector::new(Rehearsal))
}

/// Answers in place of a service.
#[derive(Debug)]
struct Rehearsal;

impl HttpConnector for Rehearsal {
    fn call(&self, _request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Ok(HttpResponse::new(http::StatusCode::OK.into(), SdkBody::from("{}"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::client::meter;
    use aws_config::{BehaviorVersion, Region};
    use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
    use std::net::TcpListener;

    async fn found(region: Option<&'static str>) -> Result<String, String> {
        let config = SdkConfig::builder().region(region.map(Region::from_static)).build();
        endpoint(&config).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn the_default_endpoint_is_that_of_the_region() {
        assert_eq!(found(Some("eu-west-1")).await.unwrap(), "https://dynamodb.eu-west-1.amazonaws.com");
        assert_eq!(found(Some("cn-north-1")).await.unwrap(), "https://dynamodb.cn-north-1.amazonaws.com.cn");
        assert!(found(None).await.unwrap_err().contains("Region"));
    }

    fn config(url: &str, credentials: Option<Credentials>) -> SdkConfig {
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .endpoint_url(url);
        config.set_credentials_provider(credentials.map(SharedCredentialsProvider::new));
        config.build()
    }

    fn credentials() -> Option<Credentials> {
        Some(Credentials::new("key", "secret", None, None, "test"))
    }

    /// The number of rehearsed requests during init, with a server that accepts connections but never
    /// answers.
    async fn rehearsed(scheme: &str) -> u32 {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{scheme}://{}", silent.local_addr().unwrap());
        let (store, usage) = meter::measure(Store::open(config(&url, credentials()), "table", &[])).await;
        store.unwrap();
        usage.requests
    }

    #[tokio::test]
    async fn init_rehearses_only_while_it_waits_for_the_server() {
        // Only a TLS handshake waits for the server.
        assert_eq!((rehearsed("https").await, rehearsed("http").await), (1, 0));
    }

    #[tokio::test]
    async fn a_rehearsal_stays_in_this_process() {
        // There is no server here, and no HTTP client to reach one.
        let store = Store::connect(&config("http://127.0.0.1:1", credentials()), "table");
        assert_eq!(store.rehearse().await.unwrap().item, None);
    }

    #[tokio::test]
    async fn a_rehearsal_fails_for_the_same_reason_as_a_request() {
        let store = Store::connect(&config("http://127.0.0.1:1", None), "table");
        let cause = DisplayErrorContext(store.rehearse().await.unwrap_err()).to_string();
        assert!(cause.contains("credentials"), "{cause}");
    }

    #[tokio::test]
    async fn an_endpoint_that_is_not_a_url_is_refused() {
        let config = SdkConfig::builder().endpoint_url("not a url").build();
        let refused = Store::open(config, "table", &[]).await.err().unwrap().to_string();
        assert!(refused.starts_with("the endpoint is not a URL: not a url: "), "{refused}");
    }
}
