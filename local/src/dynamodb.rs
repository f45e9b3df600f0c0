//! An embedded DynamoDB: dynoxide on a loopback port, in memory or in an SQLite file.

use crate::{Error, env_file};
use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region, timeout::TimeoutConfig},
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::sync::oneshot;

/// Any would do: the embedded DynamoDB has no regions and checks no signature.
pub(crate) const REGION: &str = "us-east-1";
/// Access key id and secret key; the SDK signs nothing without some.
pub(crate) const CREDENTIALS: [&str; 2] = ["local", "local"];

/// Time for requests that are under way when it is stopped.
const PATIENCE: Duration = Duration::from_secs(2);

/// A running embedded DynamoDB. It has a thread of its own, so that it outlives the runtime of the
/// test that started it, and stops when this is dropped.
#[derive(Debug)]
pub struct Dynamodb {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Starts an empty one in memory, on a free port.
///
/// # Errors
/// When no port or no thread can be had.
pub async fn start_in_memory() -> Result<Dynamodb, Error> {
    let listener = listen(0, "--dynamodb-port")?;
    Dynamodb::serve(listener, None)
}

/// A client of the DynamoDB at `endpoint`, with the credentials of the embedded one.
pub fn client(endpoint: &str) -> Client {
    let [id, secret] = CREDENTIALS;
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::from_static(REGION))
        .credentials_provider(Credentials::new(id, secret, None, None, "local"))
        .http_client(Builder::new().build_http())
        .timeout_config(timeouts())
        .build();
    Client::from_conf(config)
}

/// A client of a DynamoDB that the developer runs or owns, with the credentials of the environment
/// if it has any; and the region in which the functions find the same table.
pub(crate) async fn external_client(endpoint: &str, credentials: env_file::Credentials) -> (Client, String) {
    let tls = Provider::Rustls(CryptoMode::Ring);
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .http_client(Builder::new().tls_provider(tls).build_https())
        .timeout_config(timeouts());
    if credentials == env_file::Credentials::MadeUp {
        let [id, secret] = CREDENTIALS;
        loader = loader.credentials_provider(Credentials::new(id, secret, None, None, "local"));
    }
    let config = loader.load().await;
    let region = config.region().cloned().unwrap_or(Region::from_static(REGION));
    let name = region.to_string();
    let config = aws_sdk_dynamodb::config::Builder::from(&config).region(region).build();
    (Client::from_conf(config), name)
}

/// Bounds for a DynamoDB that takes connections and never answers.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(10))
        .operation_timeout(Duration::from_secs(20))
        .build()
}

/// Listens on a loopback port, 0 for any free one.
pub(crate) fn listen(port: u16, option: &'static str) -> Result<TcpListener, Error> {
    let address = Ipv4Addr::LOCALHOST;
    TcpListener::bind((address, port)).map_err(|source| Error::Port {
        address: address.into(),
        port,
        option,
        source,
    })
}

impl Dynamodb {
    /// Serves the database in `file`, or a new one in memory.
    pub(crate) fn serve(listener: TcpListener, file: Option<&Path>) -> Result<Self, Error> {
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
        let (stopping, grace) = oneshot::channel::<()>();
        let serve = move || {
            let shutdown = async move {
                // An error means that the sender is gone: a stop as well.
                let _ = stopped.await;
                let _ = stopping.send(());
            };
            runtime.block_on(async {
                tokio::select! {
                    _ = dynoxide::server::serve_with_shutdown(listener, database, shutdown) => {}
                    () = async { let _ = grace.await; tokio::time::sleep(PATIENCE).await } => {}
                }
            });
            runtime.shutdown_timeout(PATIENCE);
        };
        let thread = thread::Builder::new().name("dynamodb".to_owned()).spawn(serve);
        let thread = thread.map_err(|error| failed(error.to_string()))?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it answers: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client of it.
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
    use crate::{process::test_dir, table};
    use aws_sdk_dynamodb::types::AttributeValue::S;
    use std::time::Instant;

    #[tokio::test]
    async fn a_file_survives_a_restart_and_memory_forgets() {
        let file = test_dir("file").join("dynamodb.sqlite3");
        let first = Dynamodb::serve(listen(0, "").unwrap(), Some(&file)).unwrap();
        table::create(&first.client(), "table").await.unwrap();
        let item = ["pk", "sk"].map(|key| (key.to_owned(), S("x".to_owned()))).into();
        first.client().put_item().table_name("table").set_item(Some(item)).send().await.unwrap();
        drop(first);

        let second = Dynamodb::serve(listen(0, "").unwrap(), Some(&file)).unwrap();
        table::create(&second.client(), "table").await.unwrap();
        assert_eq!(second.client().scan().table_name("table").send().await.unwrap().count(), 1);

        let memory = start_in_memory().await.unwrap();
        assert!(memory.client().list_tables().send().await.unwrap().table_names().is_empty());
    }

    #[tokio::test]
    async fn stopping_frees_the_port_though_a_client_stays_connected() {
        let dynamodb = start_in_memory().await.unwrap();
        let client = dynamodb.client();
        client.list_tables().send().await.unwrap();
        let address = dynamodb.address;
        let started = Instant::now();
        drop(dynamodb);
        assert!(started.elapsed() < PATIENCE * 2, "{:?}", started.elapsed());
        listen(address.port(), "").unwrap();
    }

    #[test]
    fn a_busy_port_is_an_error_that_names_the_option() {
        let taken = listen(0, "").unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = listen(port, "--dynamodb-port").unwrap_err().to_string();
        assert!(error.contains(&port.to_string()) && error.contains("--dynamodb-port"), "{error}");
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_an_error() {
        let file = test_dir("no-database").join("dynamodb.sqlite3");
        std::fs::write(&file, "not a database, and long enough to be taken for one".repeat(20)).unwrap();
        let error = Dynamodb::serve(listen(0, "").unwrap(), Some(&file)).unwrap_err();
        assert!(matches!(error, Error::EmbeddedDynamodb { .. }));
    }
}
