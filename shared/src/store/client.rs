use super::{Store, meter::Meter};
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use std::time::Duration;

impl Store {
    /// Connects to the table that `TABLE_NAME` names, in the region and with the credentials of
    /// the AWS SDK's own variables; `AWS_ENDPOINT_URL_DYNAMODB` leads it to another DynamoDB.
    ///
    /// `application` goes with every request in the User-Agent, which CloudTrail records: it tells
    /// which function made it.
    ///
    /// # Errors
    /// When `TABLE_NAME` is not set.
    pub async fn from_env(application: &'static str) -> Result<Self, String> {
        let table =
            std::env::var("TABLE_NAME").map_err(|_| "TABLE_NAME is not set: it names the DynamoDB table")?;
        let application = AppName::new(application).map_err(|error| error.to_string())?;
        let config = aws_config::defaults(BehaviorVersion::latest())
            .app_name(application)
            .http_client(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https())
            .load()
            .await;
        Ok(Self::connect(&config, &table))
    }

    /// Connects to `table` as `config` says.
    pub fn connect(config: &SdkConfig, table: &str) -> Self {
        let config = aws_sdk_dynamodb::config::Builder::from(config)
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(timeouts())
            .interceptor(Meter)
            .build();
        Self { client: Client::from_conf(config), table: table.into() }
    }
}

/// The SDK's own defaults wait for ever. An operation ends inside the function's 15 s, which is
/// inside the API's 30 s, and leaves time to answer 503.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(3))
        .operation_timeout(Duration::from_secs(10))
        .build()
}
