//! Egress against a provider that is a double: a real TLS server with a certificate of its own authority, which stands
//! behind the provider's real name. Rows are tested as they are, so that scheme, host, path, query, headers and body
//! are those that the real provider would see.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has to fail")]

mod bounds;
mod network;
mod provider;
mod quiet;
mod setup;
mod shapes;
