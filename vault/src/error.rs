use std::path::{Path, PathBuf};

use domain::CredentialId;
use postgres_url::InvalidPostgresUrl;
use uuid::Uuid;

use crate::keyring::KeyringError;

/// Why the vault could not do it. No message repeats a secret, a key or a ciphertext.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is no such secret, or its key is gone: it was erased, discarded or never saved.
    #[error("version {version} of credential {credential} is not in the vault: it was erased or never saved")]
    Missing {
        /// The credential.
        credential: CredentialId,
        /// Its version.
        version: u32,
    },
    /// The stored envelope is not the one that was sealed for this context.
    #[error(
        "the stored envelope of version {version} of credential {credential} is not what was sealed for this account, \
         provider and version: the vault was changed from outside, or a backup of another time was restored; restore \
         vault and keystore from the same backup, or let the account save its key again"
    )]
    NotAuthentic {
        /// The credential.
        credential: CredentialId,
        /// Its version.
        version: u32,
    },
    /// The fields are too long.
    #[error("the fields take {actual} bytes together, and {limit} is the limit: shorten them")]
    TooLarge {
        /// Their length as JSON.
        actual: usize,
        /// The limit.
        limit: usize,
    },
    /// A key of the keystore does not unwrap.
    #[error(
        "key {key} in the keystore is not what was wrapped: the keystore was changed from outside; restore vault and \
         keystore from the same backup"
    )]
    KeyNotAuthentic {
        /// The id of the wrapped key.
        key: Uuid,
    },
    /// The key ring cannot be used.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// A URL of PostgreSQL that cannot be used.
    #[error("the URL of the vault's database cannot be used: {0}")]
    Url(#[from] InvalidPostgresUrl),
    /// The role may see every account's rows whatever the tables say.
    #[error(
        "the {store} stays closed: row-level security, which keeps accounts apart, does not hold for the database role \
         {role}, because it is a superuser or has BYPASSRLS. Make one that is neither (CREATE ROLE soconnective LOGIN \
         PASSWORD '…'), let it make schemas (GRANT CREATE ON DATABASE … TO soconnective) or own the schemas vault and \
         keystore, and name it in the URL"
    )]
    Role {
        /// `vault` or `keystore`.
        store: &'static str,
        /// The role.
        role: String,
    },
    /// A table with accounts in it does not keep them apart.
    #[error(
        "the vault stays closed: row-level security is not forced on {table}, which says whose its rows are. If it was \
         switched off by hand, run ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
    )]
    Unforced {
        /// The table.
        table: String,
    },
    /// The two stores do not belong together, or one of them is missing.
    #[error("the vault stays closed: {0}")]
    Inconsistent(&'static str),
    /// Something was erased, but its bytes may still stand in a write-ahead log.
    #[error(
        "erased, but {store} is being read, so that its write-ahead log could not be truncated and may still hold the \
         erased bytes: erase again"
    )]
    NotTruncated {
        /// `vault` or `keystore`.
        store: &'static str,
    },
    /// The database refused, cannot be reached, or holds a row that the vault did not write.
    #[error("the {store} database cannot be read or written")]
    Database {
        /// `vault` or `keystore`.
        store: &'static str,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// A file cannot be used.
    #[error("cannot use {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The operating system gives no random bytes, or the vault was closed meanwhile.
    #[error("the vault cannot go on: {0}")]
    Stopped(&'static str),
}

impl VaultError {
    /// Says which database an error came from.
    pub(crate) fn of(store: &'static str) -> impl Fn(sqlx::Error) -> Self + Copy {
        move |source| Self::Database { store, source }
    }

    /// Says which file an error came from.
    pub(crate) fn file(path: &Path) -> impl Fn(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File {
            path: path.clone(),
            source,
        }
    }
}
