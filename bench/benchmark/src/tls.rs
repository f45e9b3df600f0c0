//! HTTPS with a certificate authority that lives as long as the benchmark.

use anyhow::{Context as _, Result};
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Where Linux distributions keep their roots, all in one file.
const SYSTEM_ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The roots that the functions are built with.
const AMAZON_ROOTS: &str = include_str!("../../../shared/src/store/amazon-roots.pem");

/// Files of root certificates, the throw-away one among them: a client's time to read what it trusts
/// is part of what is measured.
#[derive(Debug, Clone)]
pub(crate) struct Roots {
    /// With the system's, which a client trusts unless it is built otherwise.
    pub(crate) system: PathBuf,
    /// With those that the functions are built with.
    pub(crate) built_in: PathBuf,
}

/// Takes TLS off what comes for `https://localhost:PORT` and passes it on to an HTTP server.
#[derive(Debug)]
pub(crate) struct Front {
    port: u16,
    roots: Roots,
    server: JoinHandle<()>,
}

impl Front {
    /// Starts one before `server`, and writes the roots to files in `directory`.
    pub(crate) async fn start(server: SocketAddr, directory: &Path) -> Result<Self> {
        let (config, root) = identity().context("make the certificates")?;
        let system = SYSTEM_ROOTS.iter().find_map(|path| fs::read_to_string(path).ok());
        let system = system.context("this system has no root certificates (package ca-certificates)")?;
        let roots = Roots { system: directory.join("system.pem"), built_in: directory.join("built-in.pem") };
        for (file, others) in [(&roots.system, &*system), (&roots.built_in, AMAZON_ROOTS)] {
            fs::write(file, format!("{others}\n{root}")).context("write the root certificates")?;
        }

        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let server = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                // A connection that ends badly is its client's to report.
                tokio::spawn(async move { relay(client, acceptor, server).await.ok() });
            }
        });
        Ok(Self { port, roots, server })
    }

    /// What a client has to trust.
    pub(crate) fn roots(&self) -> &Roots {
        &self.roots
    }

    /// Where it answers, by name: as in Lambda a client resolves it.
    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn relay(client: TcpStream, acceptor: TlsAcceptor, server: SocketAddr) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    // At the same time, as DynamoDB's front makes nobody wait for what is behind it.
    let (mut client, mut server) = tokio::try_join!(acceptor.accept(client), TcpStream::connect(server))?;
    server.set_nodelay(true)?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// A server's configuration and, in PEM, the root that vouches for it.
fn identity() -> Result<(ServerConfig, String)> {
    let mut root = CertificateParams::default();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let root_key = KeyPair::generate()?;
    let root_certificate = root.self_signed(&root_key)?;

    let mut leaf = CertificateParams::new(["localhost".to_owned()])?;
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let leaf_key = KeyPair::generate()?;
    let leaf = leaf.signed_by(&leaf_key, &Issuer::new(root, root_key))?;

    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)?;
    Ok((config, root_certificate.pem()))
}
