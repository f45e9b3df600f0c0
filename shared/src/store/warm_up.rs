//! What can be done before the first request: the connection to DynamoDB, and a first pass through the
//! SDK.
//!
//! Lambda gives a function's init phase a whole core; the first invocation of a 128 MB function has
//! a fourteenth of one, too little for a TLS handshake and for code that is not paged in
//! (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>).

use super::Store;
use super::client::pool;
use super::names::Names;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sdk_dynamodb::config::{Builder, HttpClient, SharedHttpClient};
use aws_sdk_dynamodb::error::{BoxError, DisplayErrorContext};
use aws_smithy_http_client::pool::{Client, ConnectionEvent};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_types::body::SdkBody;
use futures_util::FutureExt;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::timeout;

/// What init waits for a DynamoDB that does not answer. It starts without it then.
const PATIENCE: Duration = Duration::from_millis(1500);

impl Store {
    /// Connects to `table` as `config` says, by an HTTP client of its own, and comes back when the
    /// connection is open that the first request will use. Nothing is asked of DynamoDB, so it
    /// takes no permission and no capacity.
    ///
    /// For a runtime of one thread, as a function's is: with more, what is rehearsed may happen to be
    /// sent.
    ///
    /// A DynamoDB that is away, or not there in time, is the first request's to meet, and no reason not
    /// to start.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub async fn open(config: SdkConfig, table: &str) -> Result<Self, BoxError> {
        let names = Names::ahead_of(config.endpoint_url().unwrap_or_default());
        let (tell, opened) = oneshot::channel();
        let tell = Mutex::new(Some(tell));
        let pool = pool(names, move |event: &ConnectionEvent<'_>| {
            let outcome = match event {
                ConnectionEvent::Opened(_) => Ok(()),
                ConnectionEvent::EstablishmentFailed(failure) => {
                    Err(DisplayErrorContext(failure.error()).to_string())
                }
                _ => return,
            };
            // The first one is waited for below, the others by requests.
            let tell = tell.lock().ok().and_then(|mut tell| tell.take());
            let _gone_when_out_of_time = tell.map(|tell| tell.send(outcome));
        })?;
        let client = SharedHttpClient::new(Client::new(&pool)?);
        let store = Self::connect(&config.into_builder().http_client(client.clone()).build(), table);
        let connected = async {
            store.rehearse(client).await?;
            Ok::<_, BoxError>(opened.await??)
        };
        if let Err(cause) = timeout(PATIENCE, connected).await.map_err(BoxError::from).flatten() {
            tracing::warn!(%cause, "DynamoDB does not answer; starting without a connection to it");
        }
        Ok(store)
    }

    /// Has the SDK make and sign a request, and read an answer to it: both stay in this process. What
    /// comes of it is that `client` opens the connection which the request would have gone by.
    async fn rehearse(&self, client: SharedHttpClient) -> Result<(), BoxError> {
        let rehearsal = http_client_fn(move |settings, components| {
            SharedHttpConnector::new(Rehearsal(client.http_connector(settings, components)))
        });
        let request = self.client.get_item().table_name(&*self.table).set_key(Some([].into()));
        request.customize().config_override(Builder::new().http_client(rehearsal)).send().await?;
        Ok(())
    }
}

/// Has a connection opened for a request, and answers in DynamoDB's place.
#[derive(Debug)]
struct Rehearsal(SharedHttpConnector);

impl HttpConnector for Rehearsal {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut call = self.0.call(request);
        HttpConnectorFuture::new(async move {
            // One turn asks the pool for a connection, and the pool has a task open one. Once that
            // task has begun it ends, too, though nobody waits for the connection any more.
            let _asked = (&mut call).now_or_never();
            yield_now().await;
            drop(call);
            // Connected, it begins the handshake; what is left of the rehearsal is done while the
            // server does its half.
            yield_now().await;
            Ok(HttpResponse::new(http::StatusCode::OK.into(), SdkBody::from("{}")))
        })
    }
}
