//! A vault in a folder of its own, and secrets for it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::recipe::FieldValues;
use domain::{CredentialId, KekId};
use secrecy::{ExposeSecret, SecretString};
use servers::Postgres;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, PgConnection, SqliteConnection};
use tempfile::TempDir;
use uuid::Uuid;
use vault::keyring::KeyringFile;
use vault::{SealedSecret, SecretContext, Vault, VaultError, VaultPaths, VaultPlace};

use crate::behind::{Behind, Stored};

/// A folder with the three files of a vault; or with its key ring alone, when a database on a server holds the rest.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) paths: VaultPaths,
    database: Option<Database>,
}

/// A new database, and the server that it is on.
struct Database {
    server: &'static Postgres,
    url: String,
}

impl Place {
    /// In files.
    pub(crate) fn new() -> Self {
        Self::with(None)
    }

    fn with(database: Option<Database>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let paths = VaultPaths {
            vault: folder.path().join("vault.db"),
            keystore: folder.path().join("keystore.db"),
            keyring: folder.path().join("keyring"),
        };
        Self {
            folder,
            paths,
            database,
        }
    }

    /// On PostgreSQL.
    pub(crate) fn on_postgres() -> Self {
        Self::on(Postgres::shared())
    }

    /// On a server of one's own.
    pub(crate) fn on(server: &'static Postgres) -> Self {
        let url = server.database();
        Self::with(Some(Database { server, url }))
    }

    /// One of each kind.
    pub(crate) fn each() -> impl Iterator<Item = Self> {
        [Self::new, Self::on_postgres].into_iter().map(|place| place())
    }

    /// Another one of the same kind.
    pub(crate) fn another(&self) -> Self {
        match &self.database {
            Some(database) => Self::on(database.server),
            None => Self::new(),
        }
    }

    pub(crate) fn is_on_postgres(&self) -> bool {
        self.database.is_some()
    }

    /// A file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where the two parts are.
    pub(crate) fn stores(&self) -> VaultPlace {
        match &self.database {
            Some(database) => VaultPlace::postgres(&database.url, None).unwrap(),
            None => VaultPlace::Sqlite {
                vault: self.paths.vault.clone(),
                keystore: self.paths.keystore.clone(),
            },
        }
    }

    pub(crate) async fn open(&self) -> Vault {
        self.try_open().await.unwrap()
    }

    pub(crate) async fn try_open(&self) -> Result<Vault, VaultError> {
        self.open_with_ring(&self.paths.keyring).await
    }

    /// As a node with a key ring file of its own.
    pub(crate) async fn open_with_ring(&self, ring: &Path) -> Result<Vault, VaultError> {
        Vault::connect(&self.stores(), Arc::new(KeyringFile::new(ring))).await
    }

    /// Opening must fail; answers with the message.
    pub(crate) async fn refused(&self) -> String {
        match self.try_open().await {
            Ok(_) => panic!("the vault opened"),
            Err(error) => error.to_string(),
        }
    }

    /// What somebody finds who gets hold of everything but the key ring.
    pub(crate) fn stored(&self) -> Stored {
        match &self.database {
            Some(database) => Stored::Rows(database.rows()),
            None => Stored::Files(self.bytes()),
        }
    }

    /// The content of every file in the folder but the key ring, one after the other.
    fn bytes(&self) -> Vec<u8> {
        let mut all = Vec::new();
        for entry in fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() && path != self.paths.keyring {
                all.extend(fs::read(path).unwrap());
            }
        }
        all
    }

    /// A connection to the envelopes, as somebody has who writes to them behind the vault's back.
    pub(crate) async fn vault(&self) -> Behind {
        self.behind(&self.paths.vault, "vault").await
    }

    /// The same, to the wrapped keys.
    pub(crate) async fn keystore(&self) -> Behind {
        self.behind(&self.paths.keystore, "keystore").await
    }

    async fn behind(&self, path: &Path, schema: &str) -> Behind {
        match &self.database {
            Some(database) => Behind::Postgres(database.superuser(schema).await),
            None => Behind::Sqlite(database(path).await),
        }
    }

    /// Has an hour and more go by on the database's clock, where the vault looks at that.
    pub(crate) async fn age(&self) {
        if self.is_on_postgres() {
            let aged = "UPDATE secret SET stored_at = stored_at - interval '61 minutes'";
            self.vault().await.run(aged).await;
            let aged = "UPDATE wrapped_key SET created_at = created_at - interval '61 minutes'";
            self.keystore().await.run(aged).await;
        }
    }

    /// From now on no envelope can be written: who seals fails between the two stores.
    pub(crate) async fn refuse_envelopes(&self) {
        let mut vault = self.vault().await;
        if self.is_on_postgres() {
            let function = "CREATE FUNCTION torn() RETURNS trigger LANGUAGE plpgsql AS \
                            'BEGIN RAISE EXCEPTION ''torn''; END'";
            vault.run(function).await;
            let trigger = "CREATE TRIGGER torn BEFORE INSERT ON secret FOR EACH ROW EXECUTE FUNCTION torn()";
            vault.run(trigger).await;
        } else {
            let trigger = "CREATE TRIGGER torn BEFORE INSERT ON secret BEGIN SELECT raise(ABORT, 'torn'); END";
            vault.run(trigger).await;
        }
    }

    /// Takes that back.
    pub(crate) async fn take_envelopes(&self) {
        let drop = if self.is_on_postgres() {
            "DROP FUNCTION torn CASCADE"
        } else {
            "DROP TRIGGER torn"
        };
        self.vault().await.run(drop).await;
    }

    /// Runs statements as superuser.
    pub(crate) fn sql(&self, statements: &[&str]) {
        let database = self.database.as_ref().expect("it is on a server");
        database.server.sql(database.name(), statements);
    }

    /// The URL of the database, with the password.
    pub(crate) fn url(&self) -> &str {
        &self.database.as_ref().expect("it is on a server").url
    }
}

impl Drop for Place {
    #[expect(clippy::print_stderr, reason = "it says over which of the two a test failed")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("on PostgreSQL: {}", self.is_on_postgres());
        }
    }
}

impl Database {
    fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap()
    }

    async fn superuser(&self, schema: &str) -> PgConnection {
        let options: PgConnectOptions = self.server.superuser_url(self.name()).parse().unwrap();
        options.options([("search_path", schema)]).connect().await.unwrap()
    }

    /// Every row of every table of the vault, as text.
    fn rows(&self) -> String {
        let tables = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables \
                      WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
        let tables = self.server.sql(self.name(), &[tables]);
        let queries: Vec<String> = tables
            .lines()
            .map(|table| format!("SELECT row_to_json(t) FROM {table} t"))
            .collect();
        let queries: Vec<&str> = queries.iter().map(String::as_str).collect();
        assert!(queries.len() > 6, "{tables}");
        self.server.sql(self.name(), &queries)
    }
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
