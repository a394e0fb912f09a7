/// Why egress cannot be set up. Only the operator sees it.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// The operator's own authorities cannot be read.
    #[error("the additional certificate authorities are not PEM certificates: check the file that holds them")]
    Roots,
    /// The TLS library takes none of the protocol versions.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The HTTP client cannot be built.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
}
