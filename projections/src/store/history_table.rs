use std::sync::Arc;

use domain::{ActorKind, CommandId, CorrelationId, EventId};
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

const COLUMNS: &str = "position, recorded_at, account, provider, credential, kind, actor, envelope, data";

/// What is found by no condition, together in one column: each column more costs time for every event.
pub(crate) type Envelope<S, C> = (EventId, S, u64, u16, C, ActorKind, CommandId, CorrelationId);

impl HistoryTable {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            insert: Bulk::new(&format!("INSERT INTO {name} ({COLUMNS})"), 9, ""),
        }
    }

    /// Makes the table, without its indexes: see [`HistoryTable::indexes`].
    pub(crate) fn ddl(name: &str) -> String {
        format!(
            "CREATE TABLE {name} (
                 position INTEGER PRIMARY KEY, recorded_at INTEGER NOT NULL, account TEXT, provider TEXT, credential BLOB,
                 kind TEXT NOT NULL, actor TEXT NOT NULL, envelope TEXT NOT NULL, data TEXT NOT NULL
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
        let mut buffer = Vec::new();
        let rows = rows.into_iter();
        self.insert
            .statements(rows, |row, arguments| encode(&row, &mut buffer, arguments))
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

fn encode(row: &HistoryRow, buffer: &mut Vec<u8>, arguments: &mut SqliteArguments) -> Result<(), BoxDynError> {
    let event = &*row.stored;
    let metadata = &event.metadata;
    let shared = |text: &str| Arc::<str>::from(text);
    arguments.add(position_to(event.position)?)?;
    arguments.add(event.recorded_at.timestamp_micros())?;
    arguments.add(metadata.account.as_ref().map(|account| shared(account.as_str())))?;
    arguments.add(row.subject.provider.as_ref().map(|provider| shared(provider.as_str())))?;
    arguments.add(row.subject.credential.map(|id| id.uuid().into_bytes().to_vec()))?;
    arguments.add(Arc::clone(&event.kind))?;
    arguments.add(shared(&metadata.actor.id))?;
    arguments.add(envelope(row, buffer)?)?;
    arguments.add(shared(&event.data))
}

fn envelope(row: &HistoryRow, buffer: &mut Vec<u8>) -> Result<Arc<str>, BoxDynError> {
    let event = &*row.stored;
    let envelope: Envelope<_, _> = (
        event.id,
        format_args!("{}", event.stream),
        event.revision,
        event.schema,
        &row.subject.connection,
        event.metadata.actor.kind,
        event.metadata.command_id,
        event.metadata.correlation_id,
    );
    buffer.clear();
    serde_json::to_writer(&mut *buffer, &envelope)?;
    Ok(str::from_utf8(buffer)?.into())
}
