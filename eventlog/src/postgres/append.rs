use domain::{EventId, StreamId};
use sqlx::Row;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use super::failure::patiently;
use crate::envelope;
use crate::ledger::{Ledger, Place};
use crate::writer::{Answers, Failure, Pending, Write, plan};

/// Begins, and locks the head until the end of the transaction: from here on no other process assigns a position. It is
/// sent as one message. Statements after it see all that was committed by whoever held the lock before.
const LOCK: &str = "BEGIN; SELECT position FROM log_head FOR UPDATE";

/// All else that has to be known before a batch is decided: the stored ones among the ids, and the last revisions of the
/// streams.
const LOOK_UP: &str = "
    SELECT id::text, stream, revision, position FROM events WHERE id = ANY ($1::text[]::uuid[])
     UNION ALL
    SELECT NULL, touched.stream,
           (SELECT max(events.revision) FROM events WHERE events.stream = touched.stream), NULL
      FROM unnest($2::text[]) AS touched (stream)";

/// The rows as one array for each column. A trigger moves the head, and tells readers.
const INSERT: &str = "
    INSERT INTO events (position, stream, revision, id, envelope, data)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[]::uuid[], $5::text[], $6::text[])";

/// Decides and stores a batch in one transaction. See [`crate::writer::Storage::store`].
pub(super) async fn store(connection: &mut PgConnection, batch: &mut [Pending]) -> Result<Answers, Failure> {
    let mut ledger = patiently(look_up(connection, batch)).await.map_err(Failure::Nothing)?;
    let plan = plan(&mut ledger, batch);
    if plan.writes.is_empty() {
        let nothing = sqlx::raw_sql("ROLLBACK").execute(connection);
        patiently(nothing).await.map_err(Failure::Nothing)?;
        return Ok(plan.answers);
    }
    let rows = Rows::new(batch, &plan.writes);
    patiently(rows.insert(connection)).await.map_err(Failure::Nothing)?;
    let commit = sqlx::raw_sql("COMMIT").execute(connection);
    patiently(commit).await.map_err(Failure::Unknown)?;
    Ok(plan.answers)
}

async fn look_up(connection: &mut PgConnection, batch: &[Pending]) -> Result<Ledger, sqlx::Error> {
    let head: i64 = sqlx::raw_sql(LOCK).fetch_one(&mut *connection).await?.try_get(0)?;
    let mut streams: Vec<&StreamId> = batch.iter().map(|pending| &pending.stream).collect();
    streams.sort_unstable();
    streams.dedup();
    let ids = batch.iter().flat_map(|pending| &pending.events);
    let ids: Vec<String> = ids.map(|event| event.id.uuid().to_string()).collect();
    let streams: Vec<String> = streams.into_iter().map(ToString::to_string).collect();
    let rows = sqlx::query(LOOK_UP)
        .bind(ids)
        .bind(streams)
        .fetch_all(connection)
        .await?;
    let mut ledger = Ledger::new(head.cast_unsigned());
    for row in rows {
        let stream: &str = row.try_get(1)?;
        let stream: StreamId = stream.parse().map_err(|_| unreadable("the name of a stream"))?;
        let revision = row.try_get::<Option<i64>, _>(2)?.map(i64::cast_unsigned);
        match (row.try_get::<Option<&str>, _>(0)?, revision) {
            (Some(id), Some(revision)) => {
                let id = Uuid::try_parse(id).map_err(|_| unreadable("an id"))?;
                let position = row.try_get::<i64, _>(3)?.cast_unsigned();
                let place = Place {
                    stream,
                    revision,
                    position,
                };
                ledger.note_event(EventId::new(id), place);
            }
            (None, Some(revision)) => ledger.note_revision(stream, revision),
            // A stream without events.
            _ => {}
        }
    }
    Ok(ledger)
}

fn unreadable(what: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("{what} cannot be read").into())
}

/// The rows of a commit, by column.
#[derive(Default)]
struct Rows<'a> {
    positions: Vec<i64>,
    streams: Vec<String>,
    revisions: Vec<i64>,
    ids: Vec<String>,
    envelopes: Vec<String>,
    data: Vec<&'a str>,
}

impl<'a> Rows<'a> {
    fn new(batch: &'a [Pending], writes: &[Write]) -> Self {
        let mut rows = Self::default();
        for write in writes {
            let pending = &batch[write.index];
            let stream = pending.stream.to_string();
            let places = (write.revision..).zip(write.position..);
            for ((event, prepared), (revision, position)) in pending.events.iter().zip(&pending.prepared).zip(places) {
                rows.positions.push(position.cast_signed());
                rows.streams.push(stream.clone());
                rows.revisions.push(revision.cast_signed());
                rows.ids.push(event.id.uuid().to_string());
                let envelope = envelope::complete(prepared, event.id, &stream, revision, position);
                rows.envelopes.push(envelope);
                rows.data.push(&event.data);
            }
        }
        rows
    }

    async fn insert(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query(INSERT)
            .bind(self.positions)
            .bind(self.streams)
            .bind(self.revisions)
            .bind(self.ids)
            .bind(self.envelopes)
            .bind(self.data)
            .execute(connection)
            .await?;
        Ok(())
    }
}
