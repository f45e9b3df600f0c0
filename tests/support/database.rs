//! A table of a test's own, in memory.

use crate::faults::Faulty;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use local::Dynamodb;
use shared::store::Store;

/// A DynamoDB with an empty table. Stops when dropped.
#[derive(Debug)]
pub struct Database {
    /// A client that meets no faults.
    pub client: Client,
    dynamodb: Dynamodb,
}

impl Database {
    /// Starts one.
    pub async fn start() -> Self {
        let dynamodb = local::start_in_memory().await.unwrap();
        let client = dynamodb.client();
        local::table::create(&client, local::TABLE_NAME).await.unwrap();
        Self { client, dynamodb }
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        self.dynamodb.url()
    }
}

/// A store on the table of the DynamoDB at `url`, as a function has one, but for the faults that its
/// requests meet.
pub fn store(url: String, faulty: &Faulty) -> Store {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
        .http_client(faulty.clone())
        .endpoint_url(url)
        .build();
    Store::connect(&config, local::TABLE_NAME)
}
