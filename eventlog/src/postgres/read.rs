use domain::{Position, StreamId};
use futures::TryStreamExt;
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::{Arguments, PgPool, Row};

use super::failure::{is_passing, patiently};
use super::options::READERS;
use crate::reading::{PAGE_BYTES, Reading};
use crate::{LogError, Page, StoredEvent};

/// Events of the log, and in each row the position of the newest one, as the same snapshot sees it.
const ALL: &str = "
    SELECT envelope, data, (SELECT log_head.position FROM log_head) AS newest
      FROM events WHERE events.position > $1 AND events.position <= $2 ORDER BY events.position";

/// Events of one stream, and in each row its position.
const STREAM: &str = "
    SELECT envelope, data, position
      FROM events WHERE stream = $3 AND revision > $1 AND revision <= $2 ORDER BY events.revision";

const HEAD: &str = "SELECT position FROM log_head";

/// Which events are to be read.
#[derive(Clone, Copy)]
struct Range<'a> {
    /// Of this stream, by revision; else of the log, by position.
    stream: Option<&'a StreamId>,
    after: u64,
    max: usize,
}

/// What was read.
#[derive(Default)]
struct Rows {
    reading: Reading,
    /// The third column of the newest row.
    number: Option<i64>,
    /// What is wrong with the event behind those that were read.
    wrong: Option<&'static str>,
    /// There may be more.
    cut: bool,
}

/// Reads at most `max` events of a stream, from revision `from`.
pub(super) async fn stream(
    readers: &PgPool,
    stream: &StreamId,
    from: u64,
    max: usize,
) -> Result<Vec<StoredEvent>, LogError> {
    let range = Range {
        stream: Some(stream),
        after: from.saturating_sub(1),
        max,
    };
    let rows = read(readers, range).await?;
    match (rows.wrong, rows.number) {
        (Some(wrong), number) => Err(LogError::corrupt(number.unwrap_or_default().cast_unsigned(), wrong)),
        (None, _) => Ok(rows.reading.events),
    }
}

/// Reads at most `max` events of the log, after `after`.
pub(super) async fn all(readers: &PgPool, after: Position, max: usize) -> Result<Page, LogError> {
    let start = after.to_stored();
    let range = Range {
        stream: None,
        after: start,
        max,
    };
    let Rows {
        reading, number, wrong, ..
    } = read(readers, range).await?;
    if let Some(wrong) = wrong {
        return Err(LogError::corrupt(start + reading.events.len() as u64 + 1, wrong));
    }
    Ok(Page {
        next: reading.events.last().map_or(after, |event| event.position),
        head: match number {
            Some(newest) => Position::from_stored(newest.cast_unsigned()),
            None => head(readers).await?,
        },
        events: reading.events,
    })
}

/// The position of the newest event.
pub(super) async fn head(readers: &PgPool) -> Result<Position, LogError> {
    let mut attempt = 1;
    loop {
        let mut connection = readers.acquire().await.map_err(LogError::unavailable)?;
        match patiently(sqlx::query_scalar::<_, i64>(HEAD).fetch_one(&mut *connection)).await {
            Ok(position) => return Ok(Position::from_stored(position.cast_unsigned())),
            Err(error) => {
                drop(connection.detach());
                give_up(error, &mut attempt)?;
            }
        }
    }
}

/// Reads, and reads again on another connection if that is what failed.
async fn read(readers: &PgPool, range: Range<'_>) -> Result<Rows, LogError> {
    let mut attempt = 1;
    loop {
        let mut connection = readers.acquire().await.map_err(LogError::unavailable)?;
        match patiently(read_once(&mut connection, range)).await {
            Ok(rows) => {
                if rows.cut {
                    // Nobody waits for what the server still sends.
                    drop(connection.detach());
                }
                return Ok(rows);
            }
            Err(error) => {
                drop(connection.detach());
                give_up(error, &mut attempt)?;
            }
        }
    }
}

/// An error that is to be told. After a restart of the server each connection that was open fails once.
fn give_up(error: sqlx::Error, attempt: &mut u32) -> Result<(), LogError> {
    if *attempt > READERS || !is_passing(&error) {
        return Err(LogError::unavailable(error));
    }
    *attempt += 1;
    Ok(())
}

async fn read_once(connection: &mut PgConnection, range: Range<'_>) -> Result<Rows, sqlx::Error> {
    let mut arguments = PgArguments::default();
    let last = range.after.saturating_add(range.max as u64);
    for number in [range.after, last] {
        arguments.add(clamp(number)).map_err(sqlx::Error::Encode)?;
    }
    if let Some(stream) = range.stream {
        arguments.add(stream.to_string()).map_err(sqlx::Error::Encode)?;
    }
    let query = if range.stream.is_some() { STREAM } else { ALL };
    let mut rows = Rows::default();
    let mut sent = sqlx::query_with(query, arguments).fetch(connection);
    while let Some(row) = sent.try_next().await? {
        rows.number = row.try_get(2)?;
        rows.wrong = rows.add(&row, range).err();
        let full = range.stream.is_none() && rows.reading.bytes >= PAGE_BYTES;
        if full || rows.wrong.is_some() {
            rows.cut = true;
            break;
        }
    }
    Ok(rows)
}

impl Rows {
    fn add(&mut self, row: &PgRow, range: Range<'_>) -> Result<(), &'static str> {
        let envelope: &str = row.try_get(0).map_err(|_| "it is no text")?;
        let data: &str = row.try_get(1).map_err(|_| "it is no text")?;
        self.reading.add(envelope, data, |event, number| match range.stream {
            Some(stream) => event.revision == range.after + number && event.stream == *stream,
            None => event.position.to_stored() == range.after + number,
        })
    }
}

/// PostgreSQL's numbers end earlier; no position comes near.
fn clamp(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
