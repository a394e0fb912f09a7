use std::sync::Arc;

use async_trait::async_trait;
use chrono::DateTime;
use domain::{EventId, Position, StreamId};
use eventlog::{Appended, EventLog, Expected, LogError, NewEvent, Page, StoredEvent};
use sqlx::postgres::{PgPoolOptions, PgRow};
use sqlx::{PgPool, Row};
use tokio::sync::watch;
use uuid::Uuid;

/// A log as one would write it first, and must not: positions come from a sequence, without a lock that is held until the
/// commit. A sequence gives numbers in the order of the inserts, and transactions become visible in the order of their
/// commits. It is kept to show that the check for held-up writers finds that.
pub(crate) struct NaiveLog {
    pool: PgPool,
    head: watch::Sender<Position>,
}

const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS naive_events (
        position bigserial PRIMARY KEY, stream text NOT NULL, revision bigint NOT NULL, id text NOT NULL UNIQUE,
        kind text NOT NULL, schema int NOT NULL, recorded_at bigint NOT NULL, metadata text NOT NULL, data text NOT NULL,
        UNIQUE (stream, revision))";
const INSERT: &str = "
    INSERT INTO naive_events (stream, revision, id, kind, schema, recorded_at, metadata, data)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING position";

impl NaiveLog {
    pub(crate) async fn connect(url: &str) -> Self {
        let pool = PgPoolOptions::new().max_connections(2).connect(url).await.unwrap();
        sqlx::raw_sql(TABLE).execute(&pool).await.unwrap();
        Self {
            pool,
            head: watch::Sender::new(Position::START),
        }
    }
}

#[async_trait]
impl EventLog for NaiveLog {
    async fn append(&self, stream: &StreamId, expected: Expected, events: Vec<NewEvent>) -> Result<Appended, LogError> {
        let stream = stream.to_string();
        let mut transaction = self.pool.begin().await.unwrap();
        let last = "SELECT coalesce(max(revision), 0) FROM naive_events WHERE stream = $1";
        let last = sqlx::query(last)
            .bind(&stream)
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
        let mut revision: i64 = last.get(0);
        assert!(
            expected == Expected::Any || revision == 0,
            "all that it is asked for is to begin streams"
        );
        let mut position = 0_i64;
        for event in &events {
            revision += 1;
            let row = sqlx::query(INSERT)
                .bind(&stream)
                .bind(revision)
                .bind(event.id.to_string())
                .bind(&event.kind)
                .bind(i32::from(event.schema))
                .bind(event.recorded_at.timestamp_micros())
                .bind(serde_json::to_string(&event.metadata).unwrap())
                .bind(&event.data);
            position = row.fetch_one(&mut *transaction).await.unwrap().get(0);
        }
        transaction.commit().await.unwrap();
        Ok(Appended {
            revision: revision.cast_unsigned(),
            position: Position::from_stored(position.cast_unsigned()),
            duplicate: false,
        })
    }

    async fn read_stream(&self, stream: &StreamId, from: u64, max: usize) -> Result<Vec<StoredEvent>, LogError> {
        let page = self.read_all(Position::START, usize::MAX).await?;
        let events = page.events.into_iter();
        Ok(events
            .filter(|event| event.stream == *stream && event.revision >= from)
            .take(max)
            .collect())
    }

    async fn read_all(&self, after: Position, max: usize) -> Result<Page, LogError> {
        let query = "SELECT * FROM naive_events WHERE position > $1 ORDER BY position LIMIT $2";
        let rows = sqlx::query(query)
            .bind(after.to_stored().cast_signed())
            .bind(i64::try_from(max).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await
            .unwrap();
        let events: Vec<_> = rows.iter().map(stored).collect();
        let next = events.last().map_or(after, |event| event.position);
        Ok(Page {
            events,
            next,
            head: next,
        })
    }

    fn wakeups(&self) -> watch::Receiver<Position> {
        self.head.subscribe()
    }

    fn log_id(&self) -> Uuid {
        Uuid::nil()
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

fn stored(row: &PgRow) -> StoredEvent {
    StoredEvent {
        id: EventId::new(Uuid::try_parse(row.get("id")).unwrap()),
        stream: row.get::<&str, _>("stream").parse().unwrap(),
        revision: row.get::<i64, _>("revision").cast_unsigned(),
        position: Position::from_stored(row.get::<i64, _>("position").cast_unsigned()),
        kind: Arc::from(row.get::<&str, _>("kind")),
        schema: u16::try_from(row.get::<i32, _>("schema")).unwrap(),
        recorded_at: DateTime::from_timestamp_micros(row.get("recorded_at")).unwrap(),
        metadata: serde_json::from_str(row.get("metadata")).unwrap(),
        data: row.get("data"),
    }
}
