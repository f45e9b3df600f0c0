//! Ports on loopback, the only interface that the local stack listens on.

use crate::Error;
use ring::rand::{SecureRandom as _, SystemRandom};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    time::Duration,
};

/// API Gateway gives up on a request after the same time.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Listens on a loopback port; 0 selects a free one. `option` is the option of `cargo local` that
/// chooses the port, for the error message.
pub(crate) fn listen(port: u16, option: &'static str) -> Result<TcpListener, Error> {
    listen_on(Ipv4Addr::LOCALHOST, port, option)
}

/// Listens on an address that a web page cannot find out: a random port of a random address in 127.0.0.0/8.
///
/// For a server that does not check where its requests come from, with a [`crate::front::Front`] before it. A
/// page can send requests to every port of loopback. It could try all ports of 127.0.0.1, but not those of 16
/// million addresses. Systems other than Linux have only 127.0.0.1, and then only the port is random.
pub(crate) fn listen_hidden() -> Result<TcpListener, Error> {
    let mut random = [0; 3];
    SystemRandom::new().fill(&mut random).map_err(|_| Error::Random)?;
    // The highest address of a network is its broadcast address.
    let [b, c, d] = random.map(|byte| 1 + byte % 254);
    match listen_on(Ipv4Addr::new(127, b, c, d), 0, "") {
        Err(Error::Port { source, .. }) if source.kind() == io::ErrorKind::AddrNotAvailable => listen(0, ""),
        result => result,
    }
}

/// An address as [`listen_hidden`] chooses it, for cargo-lambda, which accepts no listener. Another program can
/// still take the port before cargo-lambda does.
pub(crate) fn hidden_address() -> Result<SocketAddr, Error> {
    listen_hidden()?.local_addr().map_err(Error::program("cargo-lambda"))
}

fn listen_on(address: Ipv4Addr, port: u16, option: &'static str) -> Result<TcpListener, Error> {
    TcpListener::bind((address, port)).map_err(|source| Error::Port {
        address: address.into(),
        port,
        option,
        source,
    })
}

/// An HTTP client for servers on loopback. It ignores proxies.
pub fn http_client() -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy().timeout(REQUEST_TIMEOUT).build();
    client.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_port_is_an_error_that_names_the_option() {
        let taken = listen(0, "").unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = listen(port, "--dynamodb-port").unwrap_err().to_string();
        assert!(error.contains(&port.to_string()) && error.contains("--dynamodb-port"), "{error}");
    }

    #[test]
    fn a_hidden_address_is_a_random_one_of_loopback() {
        let address = || listen_hidden().unwrap().local_addr().unwrap().ip();
        let addresses = [address(), address(), address()];
        assert!(addresses.iter().all(|address| address.is_loopback()), "{addresses:?}");
        if cfg!(target_os = "linux") {
            assert!(!addresses.contains(&Ipv4Addr::LOCALHOST.into()), "{addresses:?}");
            assert!(addresses[0] != addresses[1] && addresses[1] != addresses[2], "{addresses:?}");
        }
    }
}
