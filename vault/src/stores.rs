//! Which stores the vault keeps its two parts in, and what is held while it starts.

use std::path::Path;
use std::sync::Arc;

use sqlx::{Connection, PgConnection};

use crate::keystore::Keystore;
use crate::keystore::postgres::PostgresKeystore;
use crate::keystore::sqlite::SqliteKeystore;
use crate::postgres::{self, PostgresUrl};
use crate::rows::Rows;
use crate::rows::postgres::PostgresRows;
use crate::rows::sqlite::SqliteRows;
use crate::sqlite::OpenLock;
use crate::{VaultError, VaultPlace, keystore, rows};

/// Both parts of the vault, open.
pub(crate) struct Stores {
    /// The wrapped keys.
    pub keystore: Box<dyn Keystore>,
    /// The envelopes.
    pub rows: Box<dyn Rows>,
}

/// Held from the first look at the stores until the vault is open.
pub(crate) enum Starting {
    /// Files, and no other process has them open: what looks like the remainder of a crash is one.
    Alone(Arc<OpenLock>),
    /// Files that other processes have open.
    Beside,
    /// Servers. Other nodes may be at work, but none of them is starting: that is what this connection's lock says.
    Servers(Box<PgConnection>),
}

impl Stores {
    /// Opens both, and brings their tables up to date.
    pub(crate) async fn open(place: &VaultPlace) -> Result<(Self, Starting), VaultError> {
        match place {
            VaultPlace::Sqlite { vault, keystore } => Self::files(vault, keystore).await,
            VaultPlace::Postgres { vault, keystore } => Self::servers(vault, keystore).await,
        }
    }

    async fn files(vault: &Path, keystore: &Path) -> Result<(Self, Starting), VaultError> {
        let (lock, alone) = OpenLock::take(vault).await?;
        let lock = Arc::new(lock);
        let keystore = SqliteKeystore::open(keystore, lock.clone()).await?;
        let rows = match SqliteRows::open(vault, lock.clone()).await {
            Ok(rows) => rows,
            Err(error) => {
                // In order, so that whoever tries again finds the lock free.
                keystore.close().await;
                return Err(error);
            }
        };
        let stores = Self {
            keystore: Box::new(keystore),
            rows: Box::new(rows),
        };
        Ok((stores, if alone { Starting::Alone(lock) } else { Starting::Beside }))
    }

    async fn servers(vault: &PostgresUrl, keystore: &PostgresUrl) -> Result<(Self, Starting), VaultError> {
        let starting = postgres::prepare(keystore, keystore::STORE, &keystore::postgres::MIGRATIONS).await?;
        let done = postgres::prepare(vault, rows::STORE, &rows::postgres::MIGRATIONS).await?;
        // What is lost is nothing but politeness.
        let _ = done.close().await;
        let stores = Self {
            keystore: Box::new(PostgresKeystore::new(keystore)),
            rows: Box::new(PostgresRows::new(vault)),
        };
        Ok((stores, Starting::Servers(Box::new(starting))))
    }

    /// Closes both.
    pub(crate) async fn close(&self) {
        self.keystore.close().await;
        self.rows.close().await;
    }
}

impl Starting {
    /// Whether a vault that was never started may be made now.
    pub(crate) const fn may_found(&self) -> bool {
        !matches!(self, Self::Beside)
    }

    /// Whether keys may be removed now of which the keystore says that nobody can be just placing them.
    pub(crate) const fn may_sweep(&self) -> bool {
        !matches!(self, Self::Beside)
    }

    /// Lets others start.
    pub(crate) async fn over(self) -> Result<(), VaultError> {
        match self {
            Self::Alone(lock) => lock.share().await?,
            Self::Beside => {}
            Self::Servers(connection) => {
                // The server takes the lock back when the connection is gone, however it goes.
                let _ = connection.close().await;
            }
        }
        Ok(())
    }
}
