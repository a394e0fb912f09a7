use std::fmt::Write as _;

use domain::{EventId, StreamId};
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Row};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::envelope;
use super::insert::Rows;
use crate::ledger::{Decision, Ledger, Place};
use crate::{Appended, Expected, LogError, NewEvent};

/// All that has to be known before a batch is decided, as one row, since every row and every statement crosses a thread:
/// the stored ones among the ids, the last revisions of the streams in the order of the streams, and the head.
const LOOK_UP: &str = "
    SELECT (SELECT group_concat(hex(e.id) || ' ' || e.stream || ' ' || e.revision || ' ' || e.position, ',')
              FROM json_each(?1) AS wanted CROSS JOIN events AS e ON e.id = unhex(wanted.value)),
           (SELECT group_concat(coalesce((SELECT max(revision) FROM events WHERE stream = touched.value), 0), ','
                                ORDER BY touched.key)
              FROM json_each(?2) AS touched),
           (SELECT coalesce(max(position), 0) FROM events)";

/// An append that waits for its commit.
pub(super) struct Pending {
    pub(super) stream: StreamId,
    pub(super) expected: Expected,
    pub(super) events: Vec<NewEvent>,
    /// The events' envelopes as far as they are known, made by the caller and not by the one task that writes.
    pub(super) prepared: Vec<String>,
    pub(super) bytes: usize,
    /// Whether it was part of a commit whose outcome is not known.
    pub(super) written: bool,
    pub(super) reply: oneshot::Sender<Result<Appended, LogError>>,
}

/// Why nothing of a batch is known to be stored.
pub(super) enum Failure {
    /// Nothing was stored.
    Before(sqlx::Error),
    /// The commit itself failed: all of it may be stored, or nothing.
    Commit(sqlx::Error),
}

/// The answers to a batch, in its order.
pub(super) type Answers = Vec<Result<Appended, LogError>>;

impl Pending {
    pub(super) fn new(
        stream: StreamId,
        expected: Expected,
        events: Vec<NewEvent>,
        reply: oneshot::Sender<Result<Appended, LogError>>,
    ) -> Result<Self, LogError> {
        let prepared = events
            .iter()
            .map(envelope::prepare)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| LogError::Invalid("the metadata of an event cannot be written as JSON"))?;
        let bytes = events.iter().map(|event| event.data.len()).sum::<usize>()
            + prepared.iter().map(String::len).sum::<usize>();
        Ok(Self {
            stream,
            expected,
            events,
            prepared,
            bytes,
            written: false,
            reply,
        })
    }

    /// The answer, once `decision` is carried out.
    fn answer(&mut self, decision: Decision) -> Appended {
        let mut appended = decision.appended(self.events.len() as u64);
        match decision {
            Decision::Write { .. } => self.written = true,
            // It was this very append that stored them, in a commit whose outcome was not known.
            Decision::Known(_) if self.written => appended.duplicate = false,
            Decision::Known(_) => {}
        }
        appended
    }
}

/// Decides and stores a batch in one transaction, which holds the lock of the file from before the first look on: no
/// other writer, of any process, comes between. Answers are only good when this gives them.
pub(super) async fn store(connection: &mut SqliteConnection, batch: &mut [Pending]) -> Result<Answers, Failure> {
    let mut transaction = connection
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(Failure::Before)?;
    let mut ledger = look_up(&mut transaction, batch).await.map_err(Failure::Before)?;
    let mut answers = Answers::with_capacity(batch.len());
    let mut rows = Rows::default();
    for pending in &mut *batch {
        let decision = ledger.decide(&pending.stream, pending.expected, &pending.events);
        if let Ok(Decision::Write { revision, position }) = decision {
            rows.add(pending, revision, position).map_err(Failure::Before)?;
        }
        answers.push(decision.map(|decision| pending.answer(decision)));
    }
    if rows.is_empty() {
        transaction.rollback().await.map_err(Failure::Before)?;
        return Ok(answers);
    }
    rows.insert(&mut transaction).await.map_err(Failure::Before)?;
    transaction.commit().await.map_err(Failure::Commit)?;
    Ok(answers)
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
