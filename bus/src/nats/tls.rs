use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::error::NatsError;

/// How TLS connections to NATS are made: by ring, trusting the machine's certificate authorities and those in `ca`.
///
/// It is always given to the client, also for servers without TLS: the client would otherwise look for a process-wide
/// provider, which this product never installs, as soon as a server asks for TLS.
pub(super) fn config(ca: Option<&Path>) -> Result<ClientConfig, NatsError> {
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if added == 0 && ca.is_none() {
        tracing::debug!("the machine trusts no certificate authority: TLS to NATS needs `ca` in its URL");
    }
    if let Some(path) = ca {
        let file = |source: Box<dyn std::error::Error + Send + Sync>| NatsError::File {
            parameter: "ca",
            source,
        };
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| file(Box::new(error)))? {
            let certificate = certificate.map_err(|error| file(Box::new(error)))?;
            roots.add(certificate).map_err(|error| file(Box::new(error)))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| NatsError::Tls(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
