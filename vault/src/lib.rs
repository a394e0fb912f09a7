//! The only place where secrets are kept.
//!
//! Each credential version is sealed with AES-SIV (RFC 5297) under a key of its own; that key is wrapped by a key of
//! the key ring. Three places, each with a backup of its own: the *vault* holds the envelopes, the *keystore* the wrapped
//! keys, and the *key ring* the keys that wrap. With any two of them and not the third no secret can be read. Vault and
//! keystore are two SQLite files, or two schemas on PostgreSQL: see [`VaultPlace`].
//!
//! What is left on the disk after a crash at any point is listed in [`Vault`]; the byte formats are in [`mod@format`]
//! and in `SECURITY.md`.

mod cache;
mod cipher;
mod committed;
mod context;
mod copy;
mod envelope;
mod error;
mod expose;
pub mod format;
mod key;
pub mod keyring;
mod keystore;
mod open;
mod ops;
mod place;
mod plain;
mod postgres;
mod rows;
mod sqlite;
mod stores;
mod vault;
#[cfg(test)]
mod vectors;
mod wrap;

pub use context::{Hints, PendingSecret, SecretContext, VaultPaths};
pub use copy::{Copied, CopyError, CopyProgress, CopyStep, copy};
pub use domain::integration::SealedSecret;
pub use error::VaultError;
pub use keystore::KekStatus;
pub use ops::{RewrapProgress, VaultStatus};
pub use place::VaultPlace;
pub use postgres::PostgresUrl;
pub use vault::Vault;
