//! Connecting to DynamoDB: configuration, trusted root CAs, time-outs.

use super::deadline::{ATTEMPT_TIMEOUT, CONNECT_TIMEOUT, Deadline};
use super::meter::Meter;
use crate::settings::Settings;
use crate::store::table::Store;
use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::meta::region::ProvideRegion;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{SharedCredentialsProvider, SharedHttpClient};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_http_client::pool::{ConnectionEventListener, ConnectionPool};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::dns::ResolveDns;
use std::env;

/// The root CAs of AWS's endpoints: the five that clients of AWS must trust
/// (<https://www.amazontrust.com/repository/>).
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

impl Store {
    /// Opens the table named in `TABLE_NAME`. The region and the credentials come from the variables
    /// that Lambda sets (`AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
    /// `AWS_SESSION_TOKEN`). `AWS_ENDPOINT_URL_DYNAMODB` overrides the region's endpoint.
    ///
    /// The settings of operations come from the environment, too.
    ///
    /// `application` is sent in the User-Agent, which CloudTrail records, so that a request can be
    /// traced to its function.
    ///
    /// `others` are the URLs of other services to which the HTTP client connects meanwhile, as [`Self::open`] says.
    ///
    /// # Errors
    /// When `TABLE_NAME` or `AWS_REGION` is not set, a setting ([`Settings`]) is malformed, or the HTTP client cannot be created.
    pub async fn from_env(application: &'static str, others: &[&str]) -> Result<Self, String> {
        let table = env::var("TABLE_NAME").ok().filter(|table| !table.is_empty());
        let table = table.ok_or("TABLE_NAME is not set: set it to the name of the DynamoDB table")?;
        let mut config = config_from_env(application).await?.into_builder();
        config.set_endpoint_url(env::var("AWS_ENDPOINT_URL_DYNAMODB").ok());
        let settings = Settings::from_env()?;
        let store = Self::open(config.build(), &table, others).await.map_err(|error| error.to_string())?;
        Ok(store.with_settings(settings))
    }

    /// A store for `table`, with this crate's retries, time-outs and interceptors added to `config`.
    pub fn connect(config: &SdkConfig, table: &str) -> Self {
        let config = aws_sdk_dynamodb::config::Builder::from(config)
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(timeouts())
            .interceptor(Deadline)
            .interceptor(Meter)
            .build();
        Self::new(Client::from_conf(config), table)
    }

    /// The HTTP client, for another AWS service. It trusts the same root CAs, and need not read them a second time.
    pub fn http_client(&self) -> Option<SharedHttpClient> {
        self.client.config().http_client()
    }
}

/// The region, the credentials and the name of a function, for the SDK's clients. They come from the variables that Lambda
/// sets (`AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`).
///
/// # Errors
/// When `AWS_REGION` is not set.
pub async fn config_from_env(application: &'static str) -> Result<SdkConfig, String> {
    let region = EnvironmentVariableRegionProvider::new().region().await;
    let region = region.filter(|region| !region.as_ref().is_empty());
    let region = region.ok_or("AWS_REGION is not set: set it to the region of the DynamoDB table")?;
    // `aws_config::defaults` would use the same variables, but its provider chains also read
    // profiles, assume roles and link an STS client.
    Ok(SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .app_name(AppName::new(application).map_err(|error| error.to_string())?)
        .region(region)
        .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
        .build())
}

/// A connection pool that trusts only Amazon's root CAs. If `SSL_CERT_FILE` is set, it trusts only the
/// root CAs in that file. Set the variable in AWS partitions with other root CAs, and behind a proxy with
/// its own CA.
///
/// The pool does not trust the system's root CAs: loading them takes half of a cold start, and any of
/// them could issue a certificate for an impostor.
pub(super) fn pool(
    dns: impl ResolveDns + 'static,
    listener: impl ConnectionEventListener,
) -> Result<ConnectionPool, BoxError> {
    let roots = match env::var_os("SSL_CERT_FILE") {
        Some(_) => TrustStore::default(),
        None => TrustStore::empty().with_pem_certificate(AMAZON_ROOTS),
    };
    let pool = ConnectionPool::builder()
        .dns_resolver(dns)
        .event_listener(listener)
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(TlsContext::builder().with_trust_store(roots).build()?);
    Ok(pool.build_https()?)
}

/// By default, the SDK waits forever for a response. `deadline.rs` limits the total time of all attempts.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build()
}
