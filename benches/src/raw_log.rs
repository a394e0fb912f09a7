use std::path::Path;

use anyhow::Result;
use eventlog::NewEvent;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Arguments, AssertSqlSafe, ConnectOptions, Connection};
use tokio::sync::{mpsc, oneshot};

/// The same columns and indexes as the log's, without triggers and checks.
const SCHEMA: &str = "
    CREATE TABLE events (position INTEGER PRIMARY KEY, stream TEXT NOT NULL, revision INTEGER NOT NULL,
                         id BLOB NOT NULL, envelope TEXT NOT NULL, data TEXT NOT NULL) STRICT;
    CREATE UNIQUE INDEX events_by_id ON events (id);
    CREATE UNIQUE INDEX events_by_stream ON events (stream, revision);";
const MOST: usize = 64;

/// A row that is ready to be stored.
pub(crate) struct RawRow {
    pub(crate) stream: String,
    pub(crate) revision: i64,
    pub(crate) id: Vec<u8>,
    pub(crate) envelope: String,
    pub(crate) data: String,
}

impl RawRow {
    pub(crate) fn new(stream: &str, revision: i64, event: &NewEvent) -> Result<Self> {
        let metadata = serde_json::to_string(&event.metadata)?;
        let (id, kind, time) = (event.id, &event.kind, event.recorded_at.timestamp_micros());
        Ok(Self {
            stream: stream.to_owned(),
            revision,
            id: id.uuid().as_bytes().to_vec(),
            envelope: format!(
                r#"{{"position":1,"stream":"{stream}","revision":{revision},"id":"{id}","kind":"{kind}","schema":1,"recorded_at":{time},"metadata":{metadata}}}"#
            ),
            data: event.data.clone(),
        })
    }
}

async fn open(path: &Path) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = options.connect().await?;
    sqlx::raw_sql(SCHEMA).execute(&mut connection).await?;
    Ok(connection)
}

/// One transaction on the caller's own connection.
async fn insert(connection: &mut SqliteConnection, rows: Vec<RawRow>) -> Result<()> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let values = vec!["(?, ?, ?, ?, ?)"; rows.len()].join(", ");
    let mut arguments = SqliteArguments::default();
    for row in rows {
        for added in [
            arguments.add(row.stream),
            arguments.add(row.revision),
            arguments.add(row.id),
            arguments.add(row.envelope),
            arguments.add(row.data),
        ] {
            added.map_err(|error| anyhow::anyhow!(error))?;
        }
    }
    let statement = format!("INSERT INTO events (stream, revision, id, envelope, data) VALUES {values}");
    sqlx::query_with(AssertSqlSafe(statement), arguments)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

/// A transaction for each row.
pub(crate) struct RawTransactions {
    connection: SqliteConnection,
}

impl RawTransactions {
    pub(crate) async fn open(path: &Path) -> Result<Self> {
        Ok(Self {
            connection: open(path).await?,
        })
    }

    pub(crate) async fn insert(&mut self, row: RawRow) -> Result<()> {
        insert(&mut self.connection, vec![row]).await
    }
}

/// One task that stores whatever is queued in one transaction.
pub(crate) struct RawLog {
    queue: mpsc::Sender<(RawRow, oneshot::Sender<()>)>,
}

impl RawLog {
    pub(crate) async fn open(path: &Path) -> Result<Self> {
        let mut connection = open(path).await?;
        let (queue, mut rows) = mpsc::channel::<(RawRow, oneshot::Sender<()>)>(1024);
        tokio::spawn(async move {
            let mut batch = Vec::new();
            while rows.recv_many(&mut batch, MOST).await > 0 {
                // Those that the last commit woke up come first, as in the log.
                tokio::task::yield_now().await;
                while batch.len() < MOST
                    && let Ok(row) = rows.try_recv()
                {
                    batch.push(row);
                }
                let (rows, replies): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
                if insert(&mut connection, rows).await.is_err() {
                    // The callers see that their replies are gone.
                    return;
                }
                for reply in replies {
                    let _ = reply.send(());
                }
            }
        });
        Ok(Self { queue })
    }

    pub(crate) async fn insert(&self, row: RawRow) -> Result<()> {
        let (reply, stored) = oneshot::channel();
        self.queue.send((row, reply)).await?;
        Ok(stored.await?)
    }
}
