//! The embedded DynamoDB, dynoxide on a loopback port, with its data in memory or in an SQLite file; and
//! clients for it and for an external DynamoDB.

use crate::{
    Error,
    credentials::{Credentials, PLACEHOLDERS},
    data_dir,
    loopback::listen,
};
use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials as AwsCredentials, Region, timeout::TimeoutConfig},
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::sync::oneshot;

/// The region of the embedded DynamoDB, which ignores it.
pub(crate) const REGION: &str = "us-east-1";

/// Time for requests in flight to finish when the embedded DynamoDB stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// Time-outs for a DynamoDB that accepts connections and never answers.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(20);

/// A running embedded DynamoDB. It runs on a thread of its own, so it outlives the runtime of the
/// test that started it. It stops when this is dropped.
#[derive(Debug)]
pub struct Dynamodb {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Starts an empty embedded DynamoDB in memory, on a free port, for tests. It answers every web page. The
/// local stack checks the requests to its own.
///
/// # Errors
/// If it gets no port or no thread.
pub async fn start_in_memory() -> Result<Dynamodb, Error> {
    let listener = listen(0, "--dynamodb-port")?;
    Dynamodb::serve(listener, None)
}

/// A client of the DynamoDB at `endpoint`, with placeholder credentials.
pub fn client(endpoint: &str) -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::from_static(REGION))
        .credentials_provider(placeholders())
        .http_client(Builder::new().build_http())
        .timeout_config(timeouts())
        .build();
    Client::from_conf(config)
}

/// A client of a DynamoDB that the developer runs or owns, and the region that the functions must use
/// to find the same table.
pub(crate) async fn external_client(endpoint: &str, credentials: Credentials) -> (Client, String) {
    let tls = Provider::Rustls(CryptoMode::Ring);
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .http_client(Builder::new().tls_provider(tls).build_https())
        .timeout_config(timeouts());
    if credentials == Credentials::Placeholder {
        loader = loader.credentials_provider(placeholders());
    }
    let config = loader.load().await;
    let region = config.region().cloned().unwrap_or(Region::from_static(REGION));
    let name = region.to_string();
    let config = aws_sdk_dynamodb::config::Builder::from(&config).region(region).build();
    (Client::from_conf(config), name)
}

fn placeholders() -> AwsCredentials {
    let [id, secret] = PLACEHOLDERS;
    AwsCredentials::new(id, secret, None, None, "local")
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

impl Dynamodb {
    /// Serves the database in `file`, or a new one in memory.
    pub(crate) fn serve(listener: TcpListener, file: Option<&Path>) -> Result<Self, Error> {
        file.map(data_dir::protect_database).transpose()?;
        let name = file.map_or("memory".into(), |file| file.display().to_string());
        let failed = |reason: String| Error::EmbeddedDynamodb { database: name.clone(), reason };
        let database = match file {
            Some(file) => dynoxide::Database::new(&file.to_string_lossy()),
            None => dynoxide::Database::memory(),
        };
        let database = database.map_err(|error| failed(error.to_string()))?;
        let address = listener.local_addr().map_err(|error| failed(error.to_string()))?;
        listener.set_nonblocking(true).map_err(|error| failed(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(|error| failed(error.to_string()))?;
        let listener = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(listener).map_err(|error| failed(error.to_string()))?
        };

        let (stop, stopped) = oneshot::channel::<()>();
        let (stopping, shutdown_started) = oneshot::channel::<()>();
        let serve = move || {
            let shutdown = async move {
                // An error means that the sender was dropped, which also means stop.
                let _ = stopped.await;
                let _ = stopping.send(());
            };
            runtime.block_on(async {
                tokio::select! {
                    _ = dynoxide::server::serve_with_shutdown(listener, database, shutdown) => {}
                    () = async { let _ = shutdown_started.await; tokio::time::sleep(SHUTDOWN_TIMEOUT).await } => {}
                }
            });
            runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
        };
        let thread = thread::Builder::new().name("dynamodb".to_owned()).spawn(serve);
        let thread = thread.map_err(|error| failed(error.to_string()))?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Its URL, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client of this DynamoDB.
    pub fn client(&self) -> Client {
        client(&self.url())
    }
}

impl Drop for Dynamodb {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::test_dir;
    use aws_sdk_dynamodb::types::{
        AttributeDefinition, AttributeValue::S, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    };
    use std::{
        fs,
        os::unix::fs::{PermissionsExt as _, symlink},
        time::Instant,
    };

    async fn create_table(client: &Client) {
        let attribute =
            AttributeDefinition::builder().attribute_name("pk").attribute_type(ScalarAttributeType::S);
        let key = KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash);
        let table = client.create_table().table_name("table").billing_mode(BillingMode::PayPerRequest);
        let table = table.attribute_definitions(attribute.build().unwrap()).key_schema(key.build().unwrap());
        table.send().await.unwrap();
    }

    #[tokio::test]
    async fn data_in_a_file_survives_a_restart_and_data_in_memory_does_not() {
        let file = test_dir("file").join("dynamodb.sqlite3");
        let first = Dynamodb::serve(listen(0, "").unwrap(), Some(&file)).unwrap();
        create_table(&first.client()).await;
        first.client().put_item().table_name("table").item("pk", S("x".to_owned())).send().await.unwrap();
        drop(first);

        let second = Dynamodb::serve(listen(0, "").unwrap(), Some(&file)).unwrap();
        assert_eq!(second.client().scan().table_name("table").send().await.unwrap().count(), 1);

        let memory = start_in_memory().await.unwrap();
        assert!(memory.client().list_tables().send().await.unwrap().table_names().is_empty());
    }

    #[tokio::test]
    async fn stopping_frees_the_port_even_if_a_client_stays_connected() {
        let dynamodb = start_in_memory().await.unwrap();
        let client = dynamodb.client();
        client.list_tables().send().await.unwrap();
        let address = dynamodb.address;
        let started = Instant::now();
        drop(dynamodb);
        assert!(started.elapsed() < SHUTDOWN_TIMEOUT * 2, "{:?}", started.elapsed());
        listen(address.port(), "").unwrap();
    }

    #[tokio::test]
    async fn a_file_that_is_not_a_database_is_an_error() {
        let file = test_dir("no-database").join("dynamodb.sqlite3");
        std::fs::write(&file, "not a database, and long enough to be taken for one".repeat(20)).unwrap();
        let error = Dynamodb::serve(listen(0, "").unwrap(), Some(&file)).unwrap_err();
        assert!(matches!(error, Error::EmbeddedDynamodb { .. }));
    }

    #[tokio::test]
    async fn only_the_owner_can_read_the_database_and_no_link_is_followed() {
        let dir = test_dir("private");
        let file = dir.join("dynamodb.sqlite3");
        let dynamodb = Dynamodb::serve(listen(0, "").unwrap(), Some(&file)).unwrap();
        create_table(&dynamodb.client()).await;
        for entry in fs::read_dir(&dir).unwrap().map(Result::unwrap) {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{:?}", entry.file_name());
        }
        drop(dynamodb);

        for name in ["link.sqlite3", "new.sqlite3-wal"] {
            symlink(&file, dir.join(name)).unwrap();
            let file = dir.join(name.trim_end_matches("-wal"));
            let refused = Dynamodb::serve(listen(0, "").unwrap(), Some(&file));
            assert!(matches!(refused, Err(Error::SymbolicLink(_))), "{name}");
        }
    }
}
