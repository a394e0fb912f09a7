use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use bus::{Bus, LocalBus, NatsBus};
use commands::Ids;
use eventlog::{EventLog, EventStoreDbLog, PostgresLog, SqliteLog};
use projections::Projections;
use vault::keyring::KeyringFile;
use vault::{Vault, VaultPlace};

use super::{BusPlace, DbPlace, LogPlace, Stores};
use crate::clock::SystemIds;
use crate::server::DataFolder;

impl LogPlace {
    /// Opens the log, and makes it first when there is none. `folder` is where a file without a path lies.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn open(&self, folder: Option<&DataFolder>) -> Result<Arc<dyn EventLog>> {
        let opened: Result<Arc<dyn EventLog>, _> = match self {
            Self::Sqlite(path) => SqliteLog::open(&file(path.as_deref(), folder)?)
                .await
                .map(|log| Arc::new(log) as _),
            Self::Postgres(address) => PostgresLog::connect(address.expose())
                .await
                .map(|log| Arc::new(log) as _),
            Self::EventStoreDb(address) => EventStoreDbLog::connect(address.expose())
                .await
                .map(|log| Arc::new(log) as _),
        };
        opened.with_context(|| format!("the log at {self} cannot be opened"))
    }

    /// Opens a log that is there already: a file is not made.
    ///
    /// # Errors
    /// When there is none, or it cannot be opened.
    pub async fn open_existing(&self) -> Result<Arc<dyn EventLog>> {
        if let Self::Sqlite(Some(path)) = self
            && !path.exists()
        {
            bail!("there is no log at {}", path.display());
        }
        self.open(None).await
    }
}

fn file(path: Option<&Path>, folder: Option<&DataFolder>) -> Result<PathBuf> {
    match (path, folder) {
        (Some(path), _) => Ok(path.to_owned()),
        (None, Some(folder)) => Ok(folder.log()),
        (None, None) => bail!("name the file: sqlite:data/log.db"),
    }
}

impl Stores {
    /// Connects the bus of this log.
    ///
    /// # Errors
    /// When the server refuses, or is too old. One that does not answer yet is waited for in the background.
    pub async fn open_bus(&self, log: &dyn EventLog) -> Result<Arc<dyn Bus>> {
        match &self.bus {
            BusPlace::Local => Ok(Arc::new(LocalBus::new())),
            BusPlace::Nats(address) => {
                let holder = format!("process {} {}", std::process::id(), SystemIds.uuid());
                let bus = NatsBus::connect(address.expose(), log.log_id(), &holder).await;
                Ok(Arc::new(
                    bus.with_context(|| format!("the bus at {address} cannot be used"))?,
                ))
            }
        }
    }

    /// Opens the vault, with the key ring in `keyring`, or in the data folder when that is none.
    ///
    /// # Errors
    /// When a part is missing or belongs elsewhere.
    pub async fn open_vault(&self, folder: &DataFolder, keyring: Option<&Path>) -> Result<Vault> {
        let files = folder.vault();
        let ring = keyring.map_or(files.keyring, Path::to_owned);
        let place = match &self.db {
            DbPlace::Sqlite => VaultPlace::Sqlite {
                vault: files.vault,
                keystore: files.keystore,
            },
            DbPlace::Postgres(address) => {
                let keystore = self.keystore.as_ref().map(super::Address::expose);
                VaultPlace::postgres(address.expose(), keystore)?
            }
        };
        let vault = Vault::connect(&place, Arc::new(KeyringFile::new(&ring))).await;
        vault.with_context(|| format!("the vault at {} cannot be opened", self.db))
    }

    /// Opens the read models.
    ///
    /// # Errors
    /// When their database cannot be used.
    pub async fn open_projections(&self, folder: &DataFolder) -> Result<Projections> {
        let opened = match &self.db {
            DbPlace::Sqlite => Projections::open(&folder.read()).await,
            DbPlace::Postgres(address) => Projections::connect(address.expose()).await,
        };
        opened.with_context(|| format!("the read models at {} cannot be opened", self.db))
    }
}
