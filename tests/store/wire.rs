//! A TCP proxy in front of DynamoDB that sees connections and can cut them.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What went over it; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Wire(Arc<Mutex<Vec<Connection>>>);

#[derive(Debug)]
struct Connection {
    first_line: String,
    task: JoinHandle<()>,
}

impl Wire {
    /// Proxies to `url` and gives the URL to use instead.
    pub async fn to(&self, url: String) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let through = format!("http://{}", listener.local_addr().unwrap());
        let (wire, address) = (self.clone(), url.strip_prefix("http://").unwrap().to_owned());
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                wire.connect(client, TcpStream::connect(&address).await.unwrap()).await;
            }
        });
        through
    }

    async fn connect(&self, mut client: TcpStream, mut server: TcpStream) {
        let mut start = vec![0; 8192];
        let length = client.read(&mut start).await.unwrap();
        start.truncate(length);
        let first_line = String::from_utf8_lossy(&start).lines().next().unwrap_or_default().to_owned();
        server.write_all(&start).await.unwrap();
        let task = tokio::spawn(async move {
            let _either_side_left = copy_bidirectional(&mut client, &mut server).await;
        });
        self.0.lock().unwrap().push(Connection { first_line, task });
    }

    /// The first line of the first request on each connection so far.
    pub fn first_lines(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|connection| connection.first_line.clone()).collect()
    }

    /// Closes all connections.
    pub async fn cut(&self) {
        let connections = std::mem::take(&mut *self.0.lock().unwrap());
        for connection in connections {
            connection.task.abort();
            let _aborted = connection.task.await;
        }
    }
}
