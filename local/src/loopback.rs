//! Ports on 127.0.0.1, the only address that the local stack listens on.

use crate::Error;
use std::{
    net::{Ipv4Addr, TcpListener},
    time::Duration,
};

/// API Gateway gives up on a request after the same time.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Listens on a loopback port; 0 selects a free one. `option` is the option of `cargo local` that
/// chooses the port, for the error message.
pub(crate) fn listen(port: u16, option: &'static str) -> Result<TcpListener, Error> {
    let address = Ipv4Addr::LOCALHOST;
    TcpListener::bind((address, port)).map_err(|source| Error::Port {
        address: address.into(),
        port,
        option,
        source,
    })
}

/// Checks that the API's port is free, or for 0 finds a free one. cargo-lambda accepts no listener, so
/// another program can still take the port before cargo-lambda does.
pub(crate) fn free_port(port: u16) -> Result<u16, Error> {
    let listener = listen(port, "--port")?;
    listener.local_addr().map(|address| address.port()).map_err(Error::program("cargo-lambda"))
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
}
