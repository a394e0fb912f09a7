use std::sync::Arc;

use domain::{ConnectionName, ProviderKey};
use eventlog::StoredEvent;
use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, SqliteExecutor};

use super::checkpoint::position_to;
use super::{Bulk, Statement};
use crate::history::Subject;

/// The table of the history: one row per event, with what it is found by.
#[derive(Debug, Clone)]
pub(crate) struct HistoryTable {
    name: Arc<str>,
    insert: Bulk,
}

/// An event and what it concerns.
pub(crate) struct HistoryRow {
    pub(crate) stored: Arc<StoredEvent>,
    pub(crate) subject: Subject,
}

const COLUMNS: &str = "position, id, stream, revision, kind, schema, recorded_at, account, provider, connection, \
     credential, actor_kind, actor_id, command_id, correlation_id, data";

impl HistoryTable {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            insert: Bulk::new(&format!("INSERT INTO {name} ({COLUMNS})"), 16, ""),
        }
    }

    /// Makes the table, without its indexes: see [`HistoryTable::indexes`].
    pub(crate) fn ddl(name: &str) -> String {
        format!(
            "CREATE TABLE {name} (
                 position INTEGER PRIMARY KEY, id BLOB NOT NULL, stream TEXT NOT NULL, revision INTEGER NOT NULL,
                 kind TEXT NOT NULL, schema INTEGER NOT NULL, recorded_at INTEGER NOT NULL, account TEXT, provider TEXT,
                 connection TEXT, credential BLOB, actor_kind TEXT NOT NULL, actor_id TEXT NOT NULL,
                 command_id BLOB NOT NULL, correlation_id BLOB NOT NULL, data TEXT NOT NULL
             ) STRICT;"
        )
    }

    /// Makes the indexes, once the first catching up is over: sorting all rows once costs less than finding the place of
    /// each of them.
    pub(crate) fn indexes(name: &str) -> String {
        format!(
            "CREATE INDEX IF NOT EXISTS {name}_provider ON {name} (account, provider, position);
             CREATE INDEX IF NOT EXISTS {name}_credential ON {name} (credential, position) WHERE credential IS NOT NULL;"
        )
    }

    /// The statements that add these rows.
    pub(crate) fn insert(&self, rows: Vec<HistoryRow>) -> Result<Vec<Statement>, sqlx::Error> {
        self.insert
            .statements(rows.into_iter(), |row, arguments| encode(&row, arguments))
    }

    /// Rows in the order of the log. `filter` is a condition of this crate's own writing over the columns, with `?1`, `?2`
    /// … for `arguments`.
    pub(crate) async fn select(
        &self,
        db: impl SqliteExecutor<'_>,
        filter: &str,
        arguments: SqliteArguments,
    ) -> Result<Vec<SqliteRow>, sqlx::Error> {
        let sql = format!("SELECT {COLUMNS} FROM {} WHERE {filter}", self.name);
        sqlx::query_with(AssertSqlSafe(sql), arguments).fetch_all(db).await
    }
}

fn encode(row: &HistoryRow, arguments: &mut SqliteArguments) -> Result<(), BoxDynError> {
    let event = &*row.stored;
    let metadata = &event.metadata;
    arguments.add(position_to(event.position)?)?;
    arguments.add(event.id.uuid().as_bytes().as_slice())?;
    arguments.add(event.stream.to_string())?;
    arguments.add(i64::try_from(event.revision)?)?;
    arguments.add(Arc::clone(&event.kind))?;
    arguments.add(event.schema)?;
    arguments.add(event.recorded_at.timestamp_micros())?;
    arguments.add(metadata.account.as_ref().map(domain::AccountId::as_str))?;
    arguments.add(row.subject.provider.as_ref().map(ProviderKey::as_str))?;
    arguments.add(row.subject.connection.as_ref().map(ConnectionName::as_str))?;
    arguments.add(row.subject.credential.map(|id| id.uuid().into_bytes().to_vec()))?;
    arguments.add(metadata.actor.kind.as_str())?;
    arguments.add(metadata.actor.id.as_str())?;
    arguments.add(metadata.command_id.uuid().as_bytes().as_slice())?;
    arguments.add(metadata.correlation_id.uuid().as_bytes().as_slice())?;
    arguments.add(event.data.as_str())
}
