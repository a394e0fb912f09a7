use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::error::EgressError;

/// TLS as the client speaks it: 1.2 and 1.3, ring underneath, no client certificate, the machine's authorities and the
/// operator's own.
///
/// The provider is handed over rather than installed, since an installed one is process-wide and the EventStoreDB
/// client panics when it finds one. Certificates are verified by rustls itself over the machine's list of authorities,
/// not by the platform's verifier, which may call out on its own (revocation lists, missing intermediates) past every
/// check of this crate.
pub(crate) fn client_config(extra_roots: &[u8]) -> Result<ClientConfig, EgressError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(EgressError::Tls)?
        .with_root_certificates(roots(extra_roots)?)
        .with_no_client_auth();
    // The client is built without HTTP/2, so it must not be offered.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn roots(extra: &[u8]) -> Result<RootCertStore, EgressError> {
    let mut store = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    // A machine's list often holds a few entries that no longer parse; the rest of it still counts.
    store.add_parsable_certificates(system.certs);
    if !extra.is_empty() {
        add_extra(&mut store, extra)?;
    }
    if store.is_empty() {
        // Not fatal: keys can still be saved. Every test over TLS then says `unreachable`, code `tls`.
        tracing::warn!("no certificate authorities found; install ca-certificates or set SSL_CERT_FILE to test keys");
    }
    Ok(store)
}

fn add_extra(store: &mut RootCertStore, pem: &[u8]) -> Result<(), EgressError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.map_err(|_| EgressError::Roots)?;
    if certificates.is_empty() {
        return Err(EgressError::Roots);
    }
    for certificate in certificates {
        store.add(certificate).map_err(|_| EgressError::Roots)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_provider_is_installed_for_the_whole_process() {
        client_config(&[]).unwrap();
        assert!(rustls::crypto::CryptoProvider::get_default().is_none());
    }

    #[test]
    fn a_file_without_certificates_is_refused() {
        for pem in [
            &b"nothing of the kind"[..],
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            assert!(matches!(client_config(pem), Err(EgressError::Roots)));
        }
    }

    #[test]
    fn an_authority_of_the_operator_is_taken() {
        let authority = rcgen::generate_simple_self_signed(vec!["ca.corp".to_owned()]).unwrap();
        client_config(authority.cert.pem().as_bytes()).unwrap();
    }
}
