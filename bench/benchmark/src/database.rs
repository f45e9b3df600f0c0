//! DynamoDB for the subjects: the embedded one that `cargo local` uses, over HTTPS.

use crate::front;
use crate::subject::Subject;
use crate::tls::{Certified, Roots};
use anyhow::{Context as _, Result};
use shared::store::Store;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::sync::oneshot;

/// An empty table in memory. Stops when dropped.
#[derive(Debug)]
pub(crate) struct Database {
    http: SocketAddr,
    https: SocketAddr,
    bus: SocketAddr,
    roots: Roots,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Database {
    /// Starts a DynamoDB, and writes root certificates for its clients to files in `directory`.
    pub(crate) async fn start(directory: &Path) -> Result<Self> {
        let Certified { acceptor, roots } = Certified::new(directory)?;
        let (started, addresses) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        // TLS and database share a thread, so that a request wakes one thread instead of three. The benchmark
        // measures the functions, not how this server passes requests around.
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let serve = async move {
            let http = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let https = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let bus = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            // Fails only if the receiver was dropped, and then nothing needs the addresses.
            let _ = started.send((http.local_addr()?, https.local_addr()?, bus.local_addr()?));
            let database = dynoxide::Database::memory()?;
            tokio::select! {
                () = dynoxide::server::serve_on(http, database.clone()) => {}
                () = front::serve(https, acceptor.clone(), database.clone()) => {}
                () = front::serve(bus, acceptor, database) => {}
                // An error means that the sender was dropped, which also means stop.
                _ = stopped => {}
            }
            Ok(())
        };
        let thread = thread::Builder::new().name("dynamodb".to_owned());
        let thread = thread.spawn(move || runtime.block_on(serve)).context("start DynamoDB's thread")?;
        let (http, https, bus) = addresses.await.context("DynamoDB did not start")?;
        let database = Self { http, https, bus, roots, stop: Some(stop), thread: Some(thread) };
        let client = local::dynamodb::client(&database.http_url());
        local::table::create(&client, local::TABLE_NAME).await?;
        local::table::disable_stream(&client, local::TABLE_NAME).await?;
        Ok(database)
    }

    /// The URL has a host name, so that a client resolves it as in Lambda.
    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}", self.https.port())
    }

    /// The URL of EventBridge: another one, as on AWS, so that a client needs a connection of its own.
    pub(crate) fn bus_url(&self) -> String {
        format!("https://localhost:{}", self.bus.port())
    }

    /// The URL for preparing data, over plain HTTP.
    pub(crate) fn http_url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// The root certificates that `subject` trusts: the system's for `plain`, as the SDK does by default. The
    /// functions trust only the roots that they are built with, unless `--system-roots` is set.
    pub(crate) fn roots(&self, subject: &Subject) -> PathBuf {
        let roots = if subject.system_roots { &self.roots.system } else { &self.roots.built_in };
        roots.clone()
    }

    /// A store for preparing data.
    pub(crate) async fn store(&self) -> Store {
        support::database::store(self.http_url()).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // If the server failed, its clients have already reported that.
            let _ = thread.join();
        }
    }
}
