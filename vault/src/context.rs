use std::collections::BTreeMap;
use std::path::PathBuf;

use domain::{AccountId, CredentialId, DekId, ProviderKey};

/// What a secret belongs to. All of it is authenticated with the envelope: a secret opens in its own context, and in no
/// other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SecretContext {
    /// Whose it is.
    pub account: AccountId,
    /// The credential.
    pub credential: CredentialId,
    /// Its version.
    pub version: u32,
    /// Whom it is for.
    pub provider: ProviderKey,
}

/// A secret that no event is known to name yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingSecret {
    /// What it belongs to. Several attempts to save one version may be pending at once; an event names one of them.
    pub context: SecretContext,
    /// The key that it was sealed with, which tells them apart.
    pub dek: DekId,
}

/// Where the three files of the vault are. SQLite puts a `-wal` and a `-shm` file beside each database, and the vault a
/// `.lock` file beside `vault` and beside `keyring`; the folders must exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultPaths {
    /// The envelopes.
    pub vault: PathBuf,
    /// The wrapped keys.
    pub keystore: PathBuf,
    /// The keys that wrap. Keep its backup apart from the backups of the other two.
    pub keyring: PathBuf,
}

/// What may be shown of a secret. It is for display only: unlike the envelope it is not authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hints {
    /// A hint of each secret field.
    pub masked: BTreeMap<String, String>,
    /// The value of each public field.
    pub public: BTreeMap<String, String>,
}
