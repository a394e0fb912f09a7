use std::fmt::Write as _;

use domain::{EventId, StreamId};
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Row};
use uuid::Uuid;

use super::insert::Rows;
use crate::ledger::{Ledger, Place};
use crate::writer::{Answers, Failure, Pending, plan};

/// All that has to be known before a batch is decided, as one row, since every row and every statement crosses a thread:
/// the stored ones among the ids, the last revisions of the streams in the order of the streams, and the head.
const LOOK_UP: &str = "
    SELECT (SELECT group_concat(hex(e.id) || ' ' || e.stream || ' ' || e.revision || ' ' || e.position, ',')
              FROM json_each(?1) AS wanted CROSS JOIN events AS e ON e.id = unhex(wanted.value)),
           (SELECT group_concat(coalesce((SELECT max(revision) FROM events WHERE stream = touched.value), 0), ','
                                ORDER BY touched.key)
              FROM json_each(?2) AS touched),
           (SELECT coalesce(max(position), 0) FROM events)";

/// Decides and stores a batch in one transaction. See [`crate::writer::Storage::store`].
pub(super) async fn store(connection: &mut SqliteConnection, batch: &mut [Pending]) -> Result<Answers, Failure> {
    let mut transaction = connection
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(Failure::Nothing)?;
    let mut ledger = look_up(&mut transaction, batch).await.map_err(Failure::Nothing)?;
    let plan = plan(&mut ledger, batch);
    if plan.writes.is_empty() {
        transaction.rollback().await.map_err(Failure::Nothing)?;
        return Ok(plan.answers);
    }
    let mut rows = Rows::default();
    for write in &plan.writes {
        rows.add(&batch[write.index], write.revision, write.position)
            .map_err(Failure::Nothing)?;
    }
    rows.insert(&mut transaction).await.map_err(Failure::Nothing)?;
    match transaction.commit().await {
        Ok(()) => Ok(plan.answers),
        Err(error) if is_certain(&error) => Err(Failure::Nothing(error)),
        Err(error) => Err(Failure::Unknown(error)),
    }
}

/// Whether a commit that failed in this way has certainly stored nothing: the disk was full, or another process held the
/// file, before the record of the commit was written.
fn is_certain(error: &sqlx::Error) -> bool {
    const BUSY: i32 = 5;
    const FULL: i32 = 13;
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .and_then(|code| code.parse::<i32>().ok());
    // The low byte of an extended result code is the primary one.
    matches!(code.map(|code| code & 0xff), Some(BUSY | FULL))
}

async fn look_up(connection: &mut SqliteConnection, batch: &[Pending]) -> Result<Ledger, sqlx::Error> {
    let mut streams: Vec<&StreamId> = batch.iter().map(|pending| &pending.stream).collect();
    streams.sort_unstable();
    streams.dedup();
    let ids = json_list(
        batch
            .iter()
            .flat_map(|pending| &pending.events)
            .map(|event| event.id.uuid().simple()),
    );
    let row = sqlx::query(LOOK_UP)
        .bind(ids)
        .bind(json_list(streams.iter()))
        .fetch_one(connection)
        .await?;
    let stored: Option<&str> = row.try_get(0)?;
    let revisions: Option<&str> = row.try_get(1)?;
    let head: i64 = row.try_get(2)?;
    let mut ledger = Ledger::new(head.cast_unsigned());
    for text in stored.iter().flat_map(|list| list.split(',')) {
        let (id, place) = parse_place(text).ok_or_else(|| unreadable("the place of an event"))?;
        ledger.note_event(id, place);
    }
    for (stream, revision) in streams
        .into_iter()
        .zip(revisions.iter().flat_map(|list| list.split(',')))
    {
        let revision = revision.parse().map_err(|_| unreadable("a revision"))?;
        if revision > 0 {
            ledger.note_revision(stream.clone(), revision);
        }
    }
    Ok(ledger)
}

fn parse_place(text: &str) -> Option<(EventId, Place)> {
    let mut parts = text.split(' ');
    let id = EventId::new(Uuid::try_parse(parts.next()?).ok()?);
    let stream = parts.next()?.parse().ok()?;
    let revision = parts.next()?.parse().ok()?;
    let position = parts.next()?.parse().ok()?;
    Some((
        id,
        Place {
            stream,
            revision,
            position,
        },
    ))
}

fn unreadable(what: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("{what} cannot be read").into())
}

/// A JSON array of texts that need no escaping: ids and names of streams.
fn json_list(items: impl Iterator<Item = impl std::fmt::Display>) -> String {
    let mut list = String::from("[");
    for item in items {
        let comma = if list.len() > 1 { "," } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(list, "{comma}\"{item}\"");
    }
    list.push(']');
    list
}
