//! HTTPS with a certificate authority that lives as long as the benchmark.

use anyhow::{Context as _, Result};
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Where Linux distributions keep their root certificates in one file.
const SYSTEM_ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The root certificates that the functions are built with.
const AMAZON_ROOTS: &str = include_str!("../../../shared/src/store/client/amazon-roots.pem");

/// Files of root certificates, including the temporary one. The time that a client takes to read them is part
/// of the measurement.
#[derive(Debug, Clone)]
pub(crate) struct Roots {
    /// The system's roots, which a client trusts by default.
    pub(crate) system: PathBuf,
    /// The roots that the functions are built with.
    pub(crate) built_in: PathBuf,
}

/// TLS configuration of the server, and the roots that its clients must trust.
pub(crate) struct Certified {
    /// The server's TLS configuration.
    pub(crate) acceptor: TlsAcceptor,
    /// The root certificates for its clients.
    pub(crate) roots: Roots,
}

impl Certified {
    /// Creates a certificate for `localhost`, and writes root certificates to files in `directory`.
    pub(crate) fn new(directory: &Path) -> Result<Self> {
        let (config, root) = identity().context("create the certificates")?;
        let system = SYSTEM_ROOTS.iter().find_map(|path| fs::read_to_string(path).ok());
        let system = system.context("this system has no root certificates (package ca-certificates)")?;
        let roots = Roots { system: directory.join("system.pem"), built_in: directory.join("built-in.pem") };
        for (file, others) in [(&roots.system, &*system), (&roots.built_in, AMAZON_ROOTS)] {
            fs::write(file, format!("{others}\n{root}")).context("write the root certificates")?;
        }
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), roots })
    }
}

/// A server's configuration, and its root certificate in PEM.
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
