use std::io::Write;
use std::sync::Arc;

use anyhow::Context;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use tempfile::NamedTempFile;
use tokio_rustls::TlsAcceptor;

/// The TLS side of a double: a certificate for the local host, and the file of the authority that signed it.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    /// PEM; gone with the double.
    pub(crate) authority: NamedTempFile,
}

impl Tls {
    /// With keys made for this double alone.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names)?.signed_by(&key, &authority)?;

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        let mut file = NamedTempFile::new().context("no temporary file for the certificate")?;
        file.write_all(authority.pem().as_bytes())?;
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            authority: file,
        })
    }
}
