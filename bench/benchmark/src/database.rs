//! DynamoDB for the subjects: the embedded one that `cargo local` uses, over HTTPS.

use crate::subject::Subject;
use crate::tls::Front;
use anyhow::{Context as _, Result};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use local::Dynamodb;
use shared::store::Store;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// An empty table in memory. Stops when dropped.
#[derive(Debug)]
pub(crate) struct Database {
    dynamodb: Dynamodb,
    front: Front,
}

impl Database {
    /// Starts one, and writes the roots that its clients need to files in `directory`.
    pub(crate) async fn start(directory: &Path) -> Result<Self> {
        let dynamodb = local::start_in_memory().await?;
        local::table::create(&dynamodb.client(), local::TABLE_NAME).await?;
        let url = dynamodb.url();
        let address: SocketAddr = url.trim_start_matches("http://").parse().context("DynamoDB's address")?;
        let front = Front::start(address, directory).await?;
        Ok(Self { dynamodb, front })
    }

    /// Where the subjects find it.
    pub(crate) fn url(&self) -> String {
        self.front.url()
    }

    /// The root certificates that `subject` trusts: `plain` the system's, as the SDK has it, and the
    /// functions few, unless they are told to take the system's.
    pub(crate) fn roots(&self, subject: &Subject) -> PathBuf {
        let roots = self.front.roots();
        if subject.system_roots { roots.system.clone() } else { roots.built_in.clone() }
    }

    /// The functions' own way to it, past HTTPS: for preparing data.
    pub(crate) fn store(&self) -> Store {
        let credentials = Credentials::new("benchmark", "benchmark", None, None, "benchmark");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .endpoint_url(self.dynamodb.url())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        Store::connect(&config, local::TABLE_NAME)
    }
}
