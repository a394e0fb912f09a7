//! A vault in a folder of its own, and secrets for it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use domain::recipe::FieldValues;
use domain::{CredentialId, KekId};
use secrecy::{ExposeSecret, SecretString};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use tempfile::TempDir;
use uuid::Uuid;
use vault::{SealedSecret, SecretContext, Vault, VaultError, VaultPaths};

/// A folder with the three files of a vault.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) paths: VaultPaths,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let paths = VaultPaths {
            vault: folder.path().join("vault.db"),
            keystore: folder.path().join("keystore.db"),
            keyring: folder.path().join("keyring"),
        };
        Self { folder, paths }
    }

    pub(crate) async fn open(&self) -> Vault {
        Vault::open(&self.paths).await.unwrap()
    }

    /// Opening must fail; answers with the message.
    pub(crate) async fn refused(&self) -> String {
        match Vault::open(&self.paths).await {
            Ok(_) => panic!("the vault opened"),
            Err(error) => error.to_string(),
        }
    }

    /// The content of every file in the folder but the key ring, one after the other.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut all = Vec::new();
        for entry in fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() && path != self.paths.keyring {
                all.extend(fs::read(path).unwrap());
            }
        }
        all
    }
}

pub(crate) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    let mut rest = haystack;
    while let Some(at) = rest.iter().position(|byte| *byte == needle[0]) {
        if rest[at..].starts_with(needle) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

pub(crate) fn noon() -> DateTime<Utc> {
    "2026-01-02T12:00:00Z".parse().unwrap()
}

pub(crate) fn credential(number: u128) -> CredentialId {
    CredentialId::new(Uuid::from_u128(number))
}

pub(crate) fn context(account: &str, number: u128, version: u32) -> SecretContext {
    SecretContext {
        account: account.parse().unwrap(),
        credential: credential(number),
        version,
        provider: "mailchimp".parse().unwrap(),
    }
}

pub(crate) fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

pub(crate) fn fields(pairs: &[(&str, &str)]) -> FieldValues {
    FieldValues::from_pairs(
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), SecretString::from(*value))),
    )
}

/// The values again, for comparing.
pub(crate) fn plain(fields: &FieldValues) -> BTreeMap<String, String> {
    fields
        .iter()
        .map(|(name, value)| (name.to_owned(), value.expose_secret().to_owned()))
        .collect()
}

/// Seals a secret with one secret field, `api_key`, and one public field, `host`.
pub(crate) async fn seal(vault: &Vault, ctx: &SecretContext, key: &str) -> Result<SealedSecret, VaultError> {
    let fields = fields(&[("api_key", key), ("host", "eu.example.com")]);
    let (masked, public) = (texts(&[("api_key", "…1234")]), texts(&[("host", "eu.example.com")]));
    vault.seal(ctx, &fields, masked, public, noon()).await
}

/// The key inside a secret of [`seal`].
pub(crate) async fn open_key(vault: &Vault, ctx: &SecretContext, sealed: &SealedSecret) -> Result<String, VaultError> {
    let fields = vault.open_secret(ctx, sealed).await?;
    Ok(fields
        .get("api_key")
        .expect("it was sealed with a key")
        .expose_secret()
        .to_owned())
}

pub(crate) fn keys_under(status: &vault::VaultStatus, kek: u32) -> u64 {
    status
        .keks
        .iter()
        .find(|status| status.id == KekId(kek))
        .map_or(0, |status| status.keys)
}

pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A connection of one's own, as somebody has who writes to the files behind the vault's back.
pub(crate) async fn database(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(path)
        .pragma("secure_delete", "ON")
        .connect()
        .await
        .unwrap()
}
