use std::sync::Arc;

use chrono::DateTime;
use domain::{EventId, Position, StreamId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};
use uuid::Uuid;

use super::open::unavailable;
use crate::{LogError, Page, StoredEvent};

const STREAM: &str = "
    SELECT position, stream, revision, id, kind, schema, recorded_at, metadata, data
      FROM events WHERE stream = ?1 AND revision >= ?2 ORDER BY revision LIMIT ?3";
const ALL: &str = "
    SELECT position, stream, revision, id, kind, schema, recorded_at, metadata, data
      FROM events WHERE position > ?1 ORDER BY position LIMIT ?2";
const HEAD: &str = "SELECT coalesce(max(position), 0) FROM events";

pub(super) async fn stream(
    readers: &SqlitePool,
    stream: &StreamId,
    from: u64,
    max: usize,
) -> Result<Vec<StoredEvent>, LogError> {
    let rows = sqlx::query(STREAM)
        .bind(stream.to_string())
        .bind(clamp(from))
        .bind(clamp(max as u64))
        .fetch_all(readers)
        .await
        .map_err(unavailable)?;
    decode(&rows)
}

pub(super) async fn all(readers: &SqlitePool, after: Position, max: usize) -> Result<Page, LogError> {
    let rows = sqlx::query(ALL)
        .bind(clamp(after.to_stored()))
        .bind(clamp(max as u64))
        .fetch_all(readers)
        .await
        .map_err(unavailable)?;
    let events = decode(&rows)?;
    let head: i64 = sqlx::query_scalar(HEAD).fetch_one(readers).await.map_err(unavailable)?;
    Ok(Page {
        next: events.last().map_or(after, |event| event.position),
        head: Position::from_stored(head.cast_unsigned()),
        events,
    })
}

/// SQLite's numbers end earlier.
fn clamp(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn decode(rows: &[SqliteRow]) -> Result<Vec<StoredEvent>, LogError> {
    let mut kinds: Vec<Arc<str>> = Vec::new();
    rows.iter().map(|row| decode_row(row, &mut kinds)).collect()
}

fn decode_row(row: &SqliteRow, kinds: &mut Vec<Arc<str>>) -> Result<StoredEvent, LogError> {
    let position: i64 = row.try_get(0).map_err(unavailable)?;
    let position = Position::from_stored(position.cast_unsigned());
    let corrupt = |reason: &str| LogError::Corrupt {
        position,
        reason: reason.to_owned(),
    };
    let stream: &str = row.try_get(1).map_err(|_| corrupt("the stream is no text"))?;
    let revision: i64 = row.try_get(2).map_err(|_| corrupt("the revision is no number"))?;
    let id: &[u8] = row.try_get(3).map_err(|_| corrupt("the id is no blob"))?;
    let kind: &str = row.try_get(4).map_err(|_| corrupt("the type is no text"))?;
    let schema: u16 = row.try_get(5).map_err(|_| corrupt("the schema version is no number"))?;
    let recorded_at: i64 = row.try_get(6).map_err(|_| corrupt("the time is no number"))?;
    let metadata: &str = row.try_get(7).map_err(|_| corrupt("the metadata is no text"))?;
    let data: String = row.try_get(8).map_err(|_| corrupt("the data is no text"))?;
    Ok(StoredEvent {
        id: EventId::new(Uuid::from_slice(id).map_err(|_| corrupt("the id is no UUID"))?),
        stream: stream.parse().map_err(|_| corrupt("the stream has no valid name"))?,
        revision: revision.cast_unsigned(),
        position,
        kind: intern(kind, kinds),
        schema,
        recorded_at: DateTime::from_timestamp_micros(recorded_at).ok_or_else(|| corrupt("the time is out of range"))?,
        metadata: serde_json::from_str(metadata).map_err(|_| corrupt("the metadata is not of its form"))?,
        data,
    })
}

/// The name of a type, shared by the events of a page: there are few.
fn intern(kind: &str, kinds: &mut Vec<Arc<str>>) -> Arc<str> {
    if let Some(known) = kinds.iter().find(|known| ***known == *kind) {
        return Arc::clone(known);
    }
    let new: Arc<str> = Arc::from(kind);
    kinds.push(Arc::clone(&new));
    new
}
