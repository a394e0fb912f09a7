use std::path::PathBuf;

use crate::VaultError;
use crate::postgres::PostgresUrl;

/// Where the vault keeps its two parts. The key ring is elsewhere: see [`crate::keyring::KeyProvider`].
#[derive(Debug, Clone)]
pub enum VaultPlace {
    /// Two SQLite files.
    Sqlite {
        /// The envelopes.
        vault: PathBuf,
        /// The wrapped keys.
        keystore: PathBuf,
    },
    /// Two schemas on PostgreSQL, `vault` and `keystore`, in one database or in two.
    Postgres {
        /// Where the envelopes are.
        vault: PostgresUrl,
        /// Where the wrapped keys are.
        keystore: PostgresUrl,
    },
}

impl VaultPlace {
    /// Both schemas in the database of `url`, or the keystore in another one, so that the two can be guarded and backed
    /// up apart.
    ///
    /// # Errors
    /// [`VaultError::Url`] when one of them is no URL of PostgreSQL.
    pub fn postgres(url: &str, keystore: Option<&str>) -> Result<Self, VaultError> {
        Ok(Self::Postgres {
            vault: PostgresUrl::parse(url)?,
            keystore: PostgresUrl::parse(keystore.unwrap_or(url))?,
        })
    }
}
