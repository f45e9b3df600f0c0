//! The embedded DynamoDB, dynoxide on a loopback port, with its data in memory or in an SQLite file; and
//! clients for it and for an external DynamoDB.

#[cfg(test)]
mod tests;

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
use dynoxide::storage::Storage;
use std::{
    fmt,
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::sync::oneshot;

/// The region of the embedded DynamoDB, which ignores it.
pub(crate) const REGION: &str = "us-east-1";

/// Without it, each write and each look at the stream reads all records that the stream ever had.
const STREAM_INDEX: &str = "CREATE INDEX IF NOT EXISTS stream_order
    ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

/// Time for requests in flight to finish when the embedded DynamoDB stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// Time-outs for a DynamoDB that accepts connections and never answers.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(20);

/// A running embedded DynamoDB. It runs on a thread of its own, so it outlives the runtime of the
/// test that started it. It stops when this is dropped.
pub struct Dynamodb {
    address: SocketAddr,
    database: dynoxide::Database,
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
    Dynamodb::serve(listener, None, None)
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

/// Opens the database in `file`, or a new one in memory.
fn open(file: Option<&Path>) -> Result<dynoxide::Database, String> {
    static IN_MEMORY: AtomicUsize = AtomicUsize::new(0);
    let path = match file {
        Some(file) => file.to_string_lossy().into_owned(),
        // A database in memory that two connections of this process can open. It is gone when both are closed.
        None => format!("file:memory-{}?mode=memory&cache=shared", IN_MEMORY.fetch_add(1, Ordering::Relaxed)),
    };
    let storage = Storage::new(&path).map_err(|error| error.to_string())?;
    storage.conn().execute_batch(STREAM_INDEX).map_err(|error| error.to_string())?;
    dynoxide::Database::new(&path).map_err(|error| error.to_string())
}

impl Dynamodb {
    /// Serves the database in `file`, or a new one in memory. Deletes expired items at this interval, or only on
    /// [`Dynamodb::sweep_ttl`].
    pub(crate) fn serve(
        listener: TcpListener,
        file: Option<&Path>,
        sweep_interval: Option<Duration>,
    ) -> Result<Self, Error> {
        file.map(data_dir::protect_database).transpose()?;
        let name = file.map_or("memory".into(), |file| file.display().to_string());
        let failed = |reason: String| Error::EmbeddedDynamodb { database: name.clone(), reason };
        let database = open(file).map_err(failed)?;
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
        let served = database.clone();
        let serve = move || {
            let shutdown = async move {
                // An error means that the sender was dropped, which also means stop.
                let _ = stopped.await;
                let _ = stopping.send(());
            };
            runtime.block_on(async {
                if let Some(interval) = sweep_interval {
                    tokio::spawn(sweep_regularly(served.clone(), interval));
                }
                tokio::select! {
                    _ = dynoxide::server::serve_with_shutdown(listener, served, shutdown) => {}
                    () = async { let _ = shutdown_started.await; tokio::time::sleep(SHUTDOWN_TIMEOUT).await } => {}
                }
            });
            runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
        };
        let thread = thread::Builder::new().name("dynamodb".to_owned()).spawn(serve);
        let thread = thread.map_err(|error| failed(error.to_string()))?;
        Ok(Self { address, database, stop: Some(stop), thread: Some(thread) })
    }

    /// Deletes the items whose time to live has passed, as DynamoDB does within days. The records in the stream say
    /// that it was not a request. Returns how many it deleted.
    ///
    /// # Errors
    /// If the database fails.
    pub fn sweep_ttl(&self) -> Result<usize, Error> {
        let failed = |reason: String| Error::Dynamodb { action: "delete expired items", reason };
        self.database.sweep_ttl().map_err(|error| failed(error.to_string()))
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

/// Deletes expired items again and again. An error, of which the next requests will tell, ends nothing.
async fn sweep_regularly(database: dynoxide::Database, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        let database = database.clone();
        let _ = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
    }
}

impl fmt::Debug for Dynamodb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dynamodb").field("address", &self.address).finish_non_exhaustive()
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
