//! The first DynamoDB connection, made before the first request.
//!
//! Lambda gives a function's init phase a whole core; the first invocation of a 128 MB function has
//! a fourteenth of one, too little for a TLS handshake and a first pass through the SDK
//! (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>).

use super::Store;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{Builder, http::HttpRequest};
use aws_smithy_types::body::SdkBody;
use std::time::Duration;

/// What init waits for a DynamoDB that does not answer. It starts without it then.
const PATIENCE: Duration = Duration::from_millis(1500);

impl Store {
    /// Asks DynamoDB's health check, `GET /`, by a request that the SDK builds, signs and sends
    /// like any other: after it the credentials are loaded, the code is paged in, and the connection
    /// that the first request will use is open. It needs no permission and consumes no capacity.
    ///
    /// Its answer is not one of the operation's, so the SDK calls it an error; and one that does
    /// not come in time is the first request's to meet. Neither is a reason not to start.
    pub async fn warm_up(&self) {
        let once = Builder::new().retry_config(RetryConfig::disabled());
        let request = self.client.get_item().table_name(&*self.table).set_key(Some([].into()));
        let health_check = request.customize().config_override(once).mutate_request(ask_for_health).send();
        if tokio::time::timeout(PATIENCE, health_check).await.is_err() {
            tracing::warn!("DynamoDB does not answer; starting without a connection to it");
        }
    }
}

fn ask_for_health(request: &mut HttpRequest) {
    // `GET` is a method whatever happens.
    let _set = request.set_method("GET");
    *request.body_mut() = SdkBody::empty();
    for header in ["content-length", "content-type", "x-amz-target"] {
        request.headers_mut().remove(header);
    }
}
