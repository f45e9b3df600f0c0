//! A table for one test, in memory.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::pool::{self, ConnectionPool};
use local::Dynamodb;
use shared::store::Store;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::runtime::{Handle, RuntimeFlavor};

/// An item in the SDK's representation.
pub type Item = HashMap<String, AttributeValue>;

/// A DynamoDB with an empty table. Stops when dropped.
#[derive(Debug)]
pub struct Database {
    /// A client that bypasses all faults.
    pub client: Client,
    dynamodb: Dynamodb,
}

impl Database {
    /// Starts a DynamoDB and creates the table.
    pub async fn start() -> Self {
        let dynamodb = local::start_in_memory().await.unwrap();
        let client = dynamodb.client();
        local::table::create(&client, local::TABLE_NAME).await.unwrap();
        Self { client, dynamodb }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        self.dynamodb.url()
    }
}

/// All items in the table.
pub async fn items(client: &Client) -> Vec<Item> {
    let scan = client.scan().table_name(local::TABLE_NAME).consistent_read(true);
    scan.into_paginator().items().send().collect::<Result<_, _>>().await.unwrap()
}

/// Opens a store on the table of the DynamoDB at `url`, as a separate instance of a function would: with its
/// own connections and its own retry budget. The SDK keeps one retry budget per region, so each store gets a
/// region of its own.
pub async fn store(url: String) -> Store {
    static INSTANCES: AtomicUsize = AtomicUsize::new(0);
    let region = format!("instance-{}", INSTANCES.fetch_add(1, Ordering::Relaxed));
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
        .endpoint_url(url);
    if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
        return Store::open(config.build(), local::TABLE_NAME, &[]).await.unwrap();
    }
    // To open a connection, `Store::open` starts a request and drops it before it is sent. On a runtime with
    // several threads, unlike that of the functions, the request might be sent. So here the store gets a pool
    // without an open connection.
    let pool = ConnectionPool::builder().build_http().unwrap();
    let config = config.http_client(pool::Client::new(&pool).unwrap()).build();
    Store::connect(&config, local::TABLE_NAME)
}
