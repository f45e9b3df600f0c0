//! A DynamoDB for one history, and instances of the functions on it.

use crate::instance::Instance;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use local::Dynamodb;
use shared::store::Store;

/// Stops when it is dropped.
pub struct Database(Dynamodb);

impl Database {
    pub async fn new() -> Self {
        let dynamodb = local::start_in_memory().await.unwrap();
        local::table::create(&dynamodb.client(), local::TABLE_NAME).await.unwrap();
        Self(dynamodb)
    }

    pub fn instance(&self) -> Instance {
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(self.0.url())
            .build();
        Instance::new(Store::connect(&config, local::TABLE_NAME))
    }
}
