use domain::{Position, StreamId};
use futures::TryStreamExt;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};

use crate::reading::{PAGE_BYTES, Reading};
use crate::{LogError, Page, StoredEvent};

/// The log in runs of 128 events, each run as one row: an envelope and its data on a line each, which compact JSON never
/// breaks. Every row and every value costs an allocation on SQLite's side, a hand-over to another thread and a look-up
/// on ours; a run of them costs that once, and the next one is read while this one is parsed. It is three to four times as
/// fast as a row for each event.
///
/// In one row at least, and in each, the position of the newest event.
const ALL: &str = "
    WITH RECURSIVE
        newest (position) AS (SELECT coalesce(max(position), 0) FROM events),
        run (start) AS (
            SELECT ?1 UNION ALL
            SELECT start + 128 FROM run, newest WHERE start + 128 < min(?2, newest.position)
        )
    SELECT (SELECT group_concat(envelope || char(10) || data, char(10))
              FROM events WHERE position > start AND position <= min(start + 128, ?2)),
           newest.position
      FROM run, newest";

/// The same for one stream.
const STREAM: &str = "
    WITH RECURSIVE
        newest (revision) AS (SELECT coalesce(max(revision), 0) FROM events WHERE stream = ?3),
        run (start) AS (
            SELECT ?1 UNION ALL
            SELECT start + 128 FROM run, newest WHERE start + 128 < min(?2, newest.revision)
        )
    SELECT (SELECT group_concat(envelope || char(10) || data, char(10))
              FROM events WHERE stream = ?3 AND revision > start AND revision <= min(start + 128, ?2)),
           newest.revision
      FROM run, newest";

/// Reads at most `max` events of a stream, from revision `from`.
pub(super) async fn stream(
    readers: &SqlitePool,
    stream: &StreamId,
    from: u64,
    max: usize,
) -> Result<Vec<StoredEvent>, LogError> {
    let after = from.saturating_sub(1);
    let name = stream.to_string();
    let mut read = Rows::default();
    let mut rows = sqlx::query(STREAM)
        .bind(clamp(after))
        .bind(clamp(after.saturating_add(max as u64)))
        .bind(name.as_str())
        .fetch(readers);
    while let Some(row) = rows.try_next().await.map_err(LogError::unavailable)? {
        let is_next = |event: &StoredEvent, number: u64| event.revision == after + number && event.stream == *stream;
        if let Err(reason) = read.take(&row, is_next) {
            drop(rows);
            let revision = after + read.reading.events.len() as u64 + 1;
            return Err(LogError::corrupt(locate(readers, &name, revision).await?, reason));
        }
    }
    Ok(read.reading.events)
}

/// Reads at most `max` events of the log, after `after`.
pub(super) async fn all(readers: &SqlitePool, after: Position, max: usize) -> Result<Page, LogError> {
    let start = after.to_stored();
    let mut read = Rows::default();
    let mut rows = sqlx::query(ALL)
        .bind(clamp(start))
        .bind(clamp(start.saturating_add(max as u64)))
        .fetch(readers);
    while read.reading.bytes < PAGE_BYTES
        && let Some(row) = rows.try_next().await.map_err(LogError::unavailable)?
    {
        let is_next = |event: &StoredEvent, number: u64| event.position.to_stored() == start + number;
        read.take(&row, is_next)
            .map_err(|reason| LogError::corrupt(start + read.reading.events.len() as u64 + 1, reason))?;
    }
    Ok(Page {
        next: read.reading.events.last().map_or(after, |event| event.position),
        head: Position::from_stored(read.newest.cast_unsigned()),
        events: read.reading.events,
    })
}

/// The rows that have been read so far.
#[derive(Default)]
struct Rows {
    reading: Reading,
    /// The second column of the newest row.
    newest: i64,
}

impl Rows {
    /// Adds the events of a row. On an error, all the events before the wrong one have been added.
    fn take(&mut self, row: &SqliteRow, is_next: impl Fn(&StoredEvent, u64) -> bool) -> Result<(), &'static str> {
        let run: Option<&str> = row.try_get(0).map_err(|_| "it is no text")?;
        self.newest = row.try_get(1).map_err(|_| "the newest event has no number")?;
        let Some(run) = run else {
            return Ok(());
        };
        let mut lines = run.split('\n');
        while let Some(envelope) = lines.next() {
            let data = lines.next().ok_or("it has no data")?;
            self.reading.add(envelope, data, &is_next)?;
        }
        Ok(())
    }
}

/// The position of an event that could not be read.
async fn locate(readers: &SqlitePool, stream: &str, revision: u64) -> Result<u64, LogError> {
    let position: i64 =
        sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM events WHERE stream = ?1 AND revision = ?2")
            .bind(stream)
            .bind(clamp(revision))
            .fetch_one(readers)
            .await
            .map_err(LogError::unavailable)?;
    Ok(position.cast_unsigned())
}

/// SQLite's numbers end earlier; no position comes near.
fn clamp(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX / 2)
}
