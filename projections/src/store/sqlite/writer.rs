use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

/// How long a transaction waits for those before it.
const PATIENCE: Duration = Duration::from_mins(5);

/// The one connection that writes, which transactions have one after the other: first come, first served.
///
/// A pool of one would do as well, but it asks the database's thread after each transaction whether it is still there,
/// before it lets the next one in: for an event of three read models, a fifth of the time until they are visible.
pub(super) struct Writer {
    options: SqliteConnectOptions,
    place: Arc<Mutex<Place>>,
}

/// Where the connection is.
enum Place {
    Here(SqliteConnection),
    /// A transaction has it, or it was closed after one that was not committed: what state a connection is in then, nobody
    /// should have to know.
    Gone,
    /// There will be no more transactions.
    Closed,
}

/// The connection in a transaction. When it is dropped before its commit, the connection is closed, which rolls back.
pub(super) struct Writing {
    pub(super) connection: SqliteConnection,
    place: OwnedMutexGuard<Place>,
}

impl Writer {
    pub(super) fn new(connection: SqliteConnection, options: SqliteConnectOptions) -> Self {
        let place = Arc::new(Mutex::new(Place::Here(connection)));
        Self { options, place }
    }

    /// Begins a transaction, after those that wait already.
    pub(super) async fn begin(&self) -> Result<Writing, sqlx::Error> {
        let place = timeout(PATIENCE, Arc::clone(&self.place).lock_owned()).await;
        let mut place = place.map_err(|_| sqlx::Error::PoolTimedOut)?;
        let mut connection = match std::mem::replace(&mut *place, Place::Gone) {
            Place::Here(connection) => connection,
            Place::Gone => self.options.connect().await?,
            Place::Closed => {
                *place = Place::Closed;
                return Err(sqlx::Error::PoolClosed);
            }
        };
        sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await?;
        Ok(Writing { connection, place })
    }

    /// Closes the connection, after the transactions that wait already.
    pub(super) async fn close(&self) {
        let connection = std::mem::replace(&mut *self.place.lock().await, Place::Closed);
        if let Place::Here(connection) = connection {
            // Nothing is lost when this fails: the next start takes up the write-ahead log.
            let _ = connection.close().await;
        }
    }
}

impl Writing {
    pub(super) async fn commit(mut self) -> Result<(), sqlx::Error> {
        sqlx::query("COMMIT").execute(&mut self.connection).await?;
        *self.place = Place::Here(self.connection);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn writer(folder: &tempfile::TempDir) -> Writer {
        let options = SqliteConnectOptions::new().filename(folder.path().join("read.db"));
        let mut connection = options.clone().create_if_missing(true).connect().await.unwrap();
        sqlx::query("CREATE TABLE model (key TEXT NOT NULL PRIMARY KEY)")
            .execute(&mut connection)
            .await
            .unwrap();
        Writer::new(connection, options)
    }

    async fn insert(writing: &mut Writing, key: &str) {
        sqlx::query("INSERT INTO model VALUES (?1)")
            .bind(key)
            .execute(&mut writing.connection)
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn what_is_not_committed_is_gone_and_the_next_transaction_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder).await;
        let mut kept = writer.begin().await.unwrap();
        insert(&mut kept, "kept").await;
        kept.commit().await.unwrap();
        let mut dropped = writer.begin().await.unwrap();
        insert(&mut dropped, "dropped").await;
        drop(dropped);

        let mut next = writer.begin().await.unwrap();
        insert(&mut next, "next").await;
        let keys = sqlx::query_scalar("SELECT key FROM model ORDER BY key");
        let keys: Vec<String> = keys.fetch_all(&mut next.connection).await.unwrap();
        next.commit().await.unwrap();
        assert_eq!(keys, ["kept", "next"]);
    }

    #[tokio::test]
    async fn nothing_is_begun_once_it_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder).await;
        writer.close().await;
        for _ in 0..2 {
            assert!(matches!(writer.begin().await.err(), Some(sqlx::Error::PoolClosed)));
        }
    }
}
