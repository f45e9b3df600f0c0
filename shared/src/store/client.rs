use super::{Store, deadline::Deadline, meter::Meter};
use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::meta::region::ProvideRegion;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use std::env;
use std::time::Duration;

/// The roots that AWS's endpoints are certified by
/// (<https://www.amazontrust.com/repository/>, the five that a client has to have).
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// What DynamoDB gets to answer one attempt: three of them, and what the SDK waits between, fit
/// into the time of one request.
pub(super) const ATTEMPT: Duration = Duration::from_secs(3);

impl Store {
    /// Connects to the table that `TABLE_NAME` names, in the region and with the credentials of
    /// the variables that Lambda sets (`AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
    /// `AWS_SESSION_TOKEN`); `AWS_ENDPOINT_URL_DYNAMODB` leads it to another DynamoDB.
    ///
    /// `application` goes with every request in the User-Agent, which CloudTrail records: it tells
    /// which function made it.
    ///
    /// # Errors
    /// When `TABLE_NAME` or `AWS_REGION` is not set.
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
            ))
            .http_client(https()?);
        config.set_endpoint_url(env::var("AWS_ENDPOINT_URL_DYNAMODB").ok());
        Ok(Self::connect(&config.build(), &table))
    }

    /// Connects to `table` as `config` says.
    pub fn connect(config: &SdkConfig, table: &str) -> Self {
        let config = aws_sdk_dynamodb::config::Builder::from(config)
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(timeouts())
            .interceptor(Deadline)
            .interceptor(Meter)
            .build();
        Self { client: Client::from_conf(config), table: table.into() }
    }
}

/// HTTP over TLS to servers that one of Amazon's roots vouches for; or, where `SSL_CERT_FILE` names a
/// file of roots, one of those: in partitions that have others, behind a proxy that has its own.
///
/// Not the system's roots: to read all of them takes half of a cold start, and any of them could
/// vouch for a false DynamoDB.
fn https() -> Result<SharedHttpClient, String> {
    let roots = match env::var_os("SSL_CERT_FILE") {
        Some(_) => TrustStore::default(),
        None => TrustStore::empty().with_pem_certificate(AMAZON_ROOTS),
    };
    let tls = TlsContext::builder().with_trust_store(roots).build().map_err(|error| error.to_string())?;
    let provider = Provider::Rustls(CryptoMode::Ring);
    Ok(Builder::new().tls_provider(provider).tls_context(tls).build_https())
}

/// The SDK's own defaults wait for ever. How long all attempts together may take is up to
/// `deadline.rs`.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(ATTEMPT)
        .build()
}
