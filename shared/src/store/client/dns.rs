//! Resolves host names with the system's resolver, on a thread, like the SDK. DynamoDB's host name is
//! resolved early, in parallel with init.

use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Mutex;
use std::thread;
use tokio::task::{JoinHandle, spawn_blocking};

type LookUp = JoinHandle<io::Result<Vec<IpAddr>>>;

/// Resolves host names.
#[derive(Debug)]
pub(super) struct Resolver {
    /// The host name that is resolved early, and its look-up.
    ahead: Mutex<Option<(String, LookUp)>>,
}

impl Resolver {
    /// Starts to resolve the host of `url`, unless it is an IP address.
    pub(super) fn ahead_of(url: &str) -> Self {
        let url = url.parse::<http::Uri>().ok();
        let host = url.as_ref().and_then(http::Uri::host);
        // IP addresses need no look-up. An IPv6 address is in brackets.
        let name = host.filter(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().is_err());
        let ahead = name.map(|name| {
            let look_up = look_up(name);
            // Linux may queue the new thread behind this one on the same CPU. Yield, so that the new thread
            // sends its query first.
            thread::yield_now();
            (name.to_owned(), look_up)
        });
        Self { ahead: Mutex::new(ahead) }
    }
}

impl ResolveDns for Resolver {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        let ahead = self.ahead.lock().ok().and_then(|mut ahead| ahead.take_if(|(known, _)| known == name));
        let look_up = ahead.map_or_else(|| look_up(name), |(_, look_up)| look_up);
        DnsFuture::new(async {
            let addresses = look_up.await.map_err(ResolveDnsError::new)?;
            addresses.map_err(ResolveDnsError::new)
        })
    }
}

fn look_up(name: &str) -> LookUp {
    let name = name.to_owned();
    spawn_blocking(move || Ok((name, 0).to_socket_addrs()?.map(|address| address.ip()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ahead(url: &str) -> Option<String> {
        Resolver::ahead_of(url).ahead.into_inner().unwrap().map(|(name, _)| name)
    }

    #[tokio::test]
    async fn the_host_name_of_a_url_is_resolved_early() {
        assert_eq!(ahead("https://dynamodb.test:8000/").as_deref(), Some("dynamodb.test"));
        for none in ["http://127.0.0.1:8000", "http://[::1]:8000", "", "/path", "::"] {
            assert_eq!(ahead(none), None, "{none}");
        }
    }

    #[tokio::test]
    async fn an_early_look_up_is_used_once_and_only_for_its_name() {
        let known = IpAddr::from([192, 0, 2, 1]);
        let look_up = spawn_blocking(move || Ok(vec![known]));
        let resolver = Resolver { ahead: Mutex::new(Some(("localhost".to_owned(), look_up))) };
        let loopback = |addresses: Vec<IpAddr>| addresses.iter().all(IpAddr::is_loopback);

        assert!(resolver.resolve_dns("a name.invalid").await.is_err());
        assert_eq!(resolver.resolve_dns("localhost").await.unwrap(), [known]);
        assert!(loopback(resolver.resolve_dns("localhost").await.unwrap()));
    }
}
