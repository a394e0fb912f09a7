use std::path::Path;

use anyhow::Result;
use servers::{Authority, Nats, Postgres};
use tempfile::TempDir;

use crate::Product;

/// The user of a bus that is guarded, and its password.
const BUS_LOGIN: [&str; 2] = ["relay", "s3cret-of-the-bus"];

/// What several nodes share: PostgreSQL, NATS and the file with the key-encryption keys, all on this machine.
pub struct Cluster {
    /// The log, the vault and the read models.
    pub postgres: Postgres,
    /// The bus: one server, or several that keep their streams together.
    pub nats: Vec<Nats>,
    database: String,
    bus: String,
    log: Option<String>,
    folder: TempDir,
    authority: Option<Authority>,
}

impl Cluster {
    /// Starts the servers. They end with this value, or with the process.
    ///
    /// # Errors
    /// When there is no temporary folder.
    pub fn start() -> Result<Self> {
        let postgres = Postgres::start();
        let nats = Nats::start();
        Ok(Self {
            database: postgres.database(),
            bus: nats.url(),
            nats: vec![nats],
            postgres,
            log: None,
            folder: tempfile::tempdir()?,
            authority: None,
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

    /// The same, with three servers of NATS that keep three copies of each message.
    ///
    /// # Errors
    /// When there is no temporary folder.
    pub fn with_three_of_nats() -> Result<Self> {
        let nats = Nats::cluster(3);
        let addresses: Vec<_> = nats.iter().map(Nats::address).collect();
        Ok(Self {
            bus: format!("nats://{}?replicas=3", addresses.join(",")),
            nats,
            ..Self::start()?
        })
    }

    /// The same, with servers that take no connection without TLS, whose authority the URLs of the nodes name, and a
    /// password for NATS too.
    ///
    /// # Errors
    /// When there is no temporary folder.
    pub fn encrypted() -> Result<Self> {
        let authority = Authority::new();
        let certificate = authority.certify("127.0.0.1");
        let [user, password] = BUS_LOGIN;
        let users = format!("authorization {{ user: {user}, password: '{password}' }}");
        let nats = Nats::start_encrypted(&certificate, &users);
        let postgres = Postgres::start_encrypted(&certificate);
        let ca = authority.file().display().to_string();
        Ok(Self {
            database: format!("{}?sslmode=verify-full&sslrootcert={ca}", postgres.database()),
            bus: format!("tls://{user}:{password}@{}?ca={ca}", nats.address()),
            nats: vec![nats],
            postgres,
            log: None,
            folder: tempfile::tempdir()?,
            authority: Some(authority),
        })
    }

    /// Starts a node and waits until it is ready. The first one makes the keys.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn node(&self, name: &str, allow: &str) -> Result<Product> {
        Product::start_with(&self.folder.path().join(name), allow, self.environment())
    }

    /// What tells a node, or a command at the terminal, where its stores are.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let keyring = self.folder.path().join("keyring");
        vec![
            ("SOCONNECTIVE_LOG", self.log.as_ref().unwrap_or(&self.database).clone()),
            ("SOCONNECTIVE_BUS", self.bus.clone()),
            ("SOCONNECTIVE_DB", self.database.clone()),
            ("SOCONNECTIVE_KEYRING", keyring.display().to_string()),
        ]
    }

    /// The passwords in the URLs, which nobody may ever see.
    #[must_use]
    pub fn passwords(&self) -> Vec<&str> {
        let urls = [&self.database, &self.bus];
        let logins = urls
            .into_iter()
            .filter_map(|url| url.split_once("://")?.1.split_once('@'));
        logins.filter_map(|(login, _)| Some(login.split_once(':')?.1)).collect()
    }

    /// The file with the certificate authority of the servers, when they speak TLS.
    #[must_use]
    pub fn authority(&self) -> Option<String> {
        Some(self.authority.as_ref()?.file().display().to_string())
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
