//! How a store connects to DynamoDB: configuration, trust, time-outs.

use super::deadline::{ATTEMPT_TIMEOUT, CONNECT_TIMEOUT, Deadline};
use super::meter::Meter;
use crate::store::table::Store;
use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::meta::region::ProvideRegion;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::SharedCredentialsProvider;
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_http_client::pool::{ConnectionEventListener, ConnectionPool};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::dns::ResolveDns;
use std::env;

/// The root CAs of AWS's endpoints (<https://www.amazontrust.com/repository/>, the five that a client must
/// have).
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

impl Store {
    /// Opens the table that `TABLE_NAME` names, in the region and with the credentials of the
    /// variables that Lambda sets (`AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
    /// `AWS_SESSION_TOKEN`), in the DynamoDB at `AWS_ENDPOINT_URL_DYNAMODB`, or else in the region's.
    ///
    /// `application` goes with every request in the User-Agent, which CloudTrail records: it tells
    /// which function made it.
    ///
    /// # Errors
    /// When `TABLE_NAME` or `AWS_REGION` is not set, or no HTTP client can be made.
    pub async fn from_env(application: &'static str) -> Result<Self, String> {
        let table =
            env::var("TABLE_NAME").map_err(|_| "TABLE_NAME is not set: it names the DynamoDB table")?;
        let region = EnvironmentVariableRegionProvider::new().region().await;
        let region = region.ok_or("AWS_REGION is not set: it names the region of the DynamoDB table")?;
        // Not `aws_config::defaults`: its chains of providers would read profiles, ask for roles
        // and link a client of STS, only to end at these variables.
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .app_name(AppName::new(application).map_err(|error| error.to_string())?)
            .region(region)
            .credentials_provider(SharedCredentialsProvider::new(
                EnvironmentVariableCredentialsProvider::new(),
            ));
        config.set_endpoint_url(env::var("AWS_ENDPOINT_URL_DYNAMODB").ok());
        Self::open(config.build(), &table).await.map_err(|error| error.to_string())
    }

    /// Connects to `table` as `config` says.
    pub fn connect(config: &SdkConfig, table: &str) -> Self {
        let config = aws_sdk_dynamodb::config::Builder::from(config)
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(timeouts())
            .interceptor(Deadline)
            .interceptor(Meter)
            .build();
        Self::new(Client::from_conf(config), table)
    }
}

/// A pool of connections that trusts only Amazon's root CAs or, if it is set, those in `SSL_CERT_FILE`: for
/// partitions with other roots, and for proxies with their own.
///
/// Not the system's roots: reading all of them takes half of a cold start, and any of them could vouch
/// for a false DynamoDB.
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

/// The SDK's own defaults wait for ever. `deadline.rs` bounds all attempts together.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build()
}
