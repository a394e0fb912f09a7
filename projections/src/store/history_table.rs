use std::sync::Arc;

use domain::{ActorKind, CommandId, CorrelationId, EventId};
use eventlog::StoredEvent;
use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, SqliteExecutor};

use super::checkpoint::position_to;
use super::{Bulk, Rows};
use crate::history::Subject;

/// The table of the history: one row per event, with what it is found by.
#[derive(Debug, Clone)]
pub(crate) struct HistoryTable {
    name: Arc<str>,
    insert: Bulk,
}

const COLUMNS: &str = "position, recorded_at, account, provider, credential, kind, actor, envelope, data";

/// What is found by no condition, together in one column: each column more costs time for every event.
pub(crate) type Envelope<S, C> = (EventId, S, u64, u16, C, ActorKind, CommandId, CorrelationId);

impl HistoryTable {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            insert: Bulk::new(format!("INSERT INTO {name} ({COLUMNS})"), 9, ""),
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

    /// Rows for the table, to be added by [`HistoryTable::add`].
    pub(crate) fn rows(&self) -> Rows {
        self.insert.rows()
    }

    /// Adds the row of an event, which concerns `subject`.
    pub(crate) fn add(rows: &mut Rows, event: &StoredEvent, subject: &Subject<'_>) -> Result<(), sqlx::Error> {
        rows.add(|arguments| encode(event, subject, arguments))
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

fn encode(event: &StoredEvent, subject: &Subject<'_>, arguments: &mut SqliteArguments) -> Result<(), BoxDynError> {
    let metadata = &event.metadata;
    let shared = |text: &str| Arc::<str>::from(text);
    arguments.add(position_to(event.position)?)?;
    arguments.add(event.recorded_at.timestamp_micros())?;
    arguments.add(metadata.account.as_ref().map(|account| shared(account.as_str())))?;
    arguments.add(subject.provider.map(|provider| shared(provider.as_str())))?;
    arguments.add(subject.credential.map(|id| id.uuid().into_bytes().to_vec()))?;
    arguments.add(Arc::clone(&event.kind))?;
    arguments.add(shared(&metadata.actor.id))?;
    arguments.add(envelope(event, subject)?)?;
    arguments.add(shared(&event.data))
}

fn envelope(event: &StoredEvent, subject: &Subject<'_>) -> Result<String, serde_json::Error> {
    let envelope: Envelope<_, _> = (
        event.id,
        format_args!("{}", event.stream),
        event.revision,
        event.schema,
        subject.connection,
        event.metadata.actor.kind,
        event.metadata.command_id,
        event.metadata.correlation_id,
    );
    let mut json = Vec::with_capacity(256);
    serde_json::to_writer(&mut json, &envelope)?;
    String::from_utf8(json).map_err(serde::de::Error::custom)
}
