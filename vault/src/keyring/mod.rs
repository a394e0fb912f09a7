//! The key ring: the keys that wrap all others. They are never in a database, and so never in its backups.

mod error;
mod file;
pub(crate) mod held;
mod provider;
mod text;

pub use error::KeyringError;
pub use file::KeyringFile;
pub use provider::{KeyProvider, KeyRing};
