use std::path::Path;

use anyhow::Result;
use tempfile::TempDir;

use crate::Product;

/// What several nodes share: PostgreSQL, NATS and the file with the key-encryption keys, all on this machine.
pub struct Cluster {
    /// The log, the vault and the read models.
    pub postgres: servers::Postgres,
    /// The bus.
    pub nats: servers::Nats,
    database: String,
    log: Option<String>,
    folder: TempDir,
}

impl Cluster {
    /// Starts the servers. They end with this value, or with the process.
    ///
    /// # Errors
    /// When there is no temporary folder.
    pub fn start() -> Result<Self> {
        let postgres = servers::Postgres::start();
        Ok(Self {
            database: postgres.database(),
            nats: servers::Nats::start(),
            postgres,
            log: None,
            folder: tempfile::tempdir()?,
        })
    }

    /// The same, with the log elsewhere.
    ///
    /// # Errors
    /// When there is no temporary folder.
    pub fn with_log(url: String) -> Result<Self> {
        Ok(Self {
            log: Some(url),
            ..Self::start()?
        })
    }

    /// Starts a node and waits until it is ready. The first one makes the keys.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn node(&self, name: &str, allow: &str) -> Result<Product> {
        let log = self.log.as_ref().unwrap_or(&self.database);
        let keyring = self.folder.path().join("keyring");
        let environment = vec![
            ("SOCONNECTIVE_LOG", log.clone()),
            ("SOCONNECTIVE_BUS", self.nats.url()),
            ("SOCONNECTIVE_DB", self.database.clone()),
            ("SOCONNECTIVE_KEYRING", keyring.display().to_string()),
        ];
        Product::start_with(&self.folder.path().join(name), allow, environment)
    }

    /// The URL of the database, with its password.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// What the nodes have on this machine: their folders and the keys.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}
