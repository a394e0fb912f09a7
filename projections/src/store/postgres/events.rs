use std::borrow::Cow;
use std::sync::Arc;

use chrono::DateTime;
use domain::CredentialId;
use futures::future::join;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{Arguments, AssertSqlSafe, PgConnection, PgExecutor, Row};

use super::piece::fitting;
use super::text::{escaped, unescaped};
use crate::store::{EventRow, EventSelect, Happened, position_from, position_to, uuid_from};

/// The columns of an event, in the order of [`read`].
pub(super) const COLUMNS: &str = "position, recorded_at, account, provider, credential, kind, actor, envelope, data";
/// How many rows one statement writes at most, if their bytes do not fill it: several statements for what is written at once.
const ROWS: usize = 1024;

pub(super) async fn select(
    db: impl PgExecutor<'_>,
    table: &str,
    select: &EventSelect<'_>,
) -> Result<Vec<EventRow>, sqlx::Error> {
    let mut sql = format!("SELECT {COLUMNS} FROM {table} WHERE true");
    let mut arguments = PgArguments::default();
    for (condition, number) in select.numbers()? {
        arguments.add(number).map_err(sqlx::Error::Encode)?;
        sql.extend([" AND ", condition, "$", &arguments.len().to_string()]);
    }
    for (column, value) in select.texts() {
        arguments.add(escaped(value)).map_err(sqlx::Error::Encode)?;
        sql.extend([" AND ", column, " = $", &arguments.len().to_string()]);
    }
    if let Some(credential) = select.credential {
        let credential = credential.uuid().into_bytes().to_vec();
        arguments.add(credential).map_err(sqlx::Error::Encode)?;
        sql.extend([" AND credential = $", &arguments.len().to_string()]);
    }
    sql.push_str(&select.tail());
    let rows = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch_all(db).await?;
    rows.iter().map(read).collect()
}

/// An event as it was stored.
pub(super) fn read(row: &PgRow) -> Result<EventRow, sqlx::Error> {
    let text = |index| row.try_get::<&str, _>(index).map(Arc::<str>::from);
    let free = |index| row.try_get::<&str, _>(index).map(|text| Arc::from(&*unescaped(text)));
    let optional = |index| row.try_get::<Option<&str>, _>(index).map(|text| text.map(Into::into));
    let credential: Option<&[u8]> = row.try_get(4)?;
    Ok(EventRow {
        position: position_from(row.try_get(0)?)?,
        recorded_at: DateTime::from_timestamp_micros(row.try_get(1)?)
            .ok_or_else(|| sqlx::Error::Decode("a time out of range".into()))?,
        account: optional(2)?,
        provider: optional(3)?,
        credential: credential.map(uuid_from).transpose()?.map(CredentialId::new),
        kind: free(5)?,
        actor: free(6)?,
        envelope: text(7)?,
        data: text(8)?,
    })
}

/// Writes the rows of events. Those of the next statement are made while the server carries out the one before.
pub(super) async fn write(db: &mut PgConnection, table: &str, events: &[Happened]) -> Result<(), sqlx::Error> {
    let sql: Arc<str> = format!(
        "INSERT INTO {table} ({COLUMNS})
         SELECT * FROM UNNEST($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[],
                              $8::text[], $9::text[])"
    )
    .into();
    let mut left = events;
    let mut buffer = String::new();
    let mut next = || {
        if left.is_empty() {
            return Ok(None);
        }
        let (now, later) = left.split_at(fitting(left, ROWS, Happened::size));
        left = later;
        arguments(now, &mut buffer).map(Some)
    };
    let mut waiting = next()?;
    while let Some(arguments) = waiting {
        let running = sqlx::query_with(AssertSqlSafe(Arc::clone(&sql)), arguments).execute(&mut *db);
        let (done, prepared) = join(running, async { next() }).await;
        done?;
        waiting = prepared?;
    }
    Ok(())
}

/// The rows of events, column by column.
fn arguments(events: &[Happened], buffer: &mut String) -> Result<PgArguments, sqlx::Error> {
    let rows: Vec<EventRow> = events.iter().map(|event| event.row(buffer)).collect();
    let positions: Result<Vec<i64>, _> = rows.iter().map(|row| position_to(row.position)).collect();
    let times: Vec<i64> = rows.iter().map(|row| row.recorded_at.timestamp_micros()).collect();
    let credentials = rows.iter().map(|row| row.credential);
    let credentials: Vec<Option<Vec<u8>>> = credentials
        .map(|credential| credential.map(|id| id.uuid().into_bytes().to_vec()))
        .collect();
    let kinds: Vec<Cow<'_, str>> = rows.iter().map(|row| escaped(&row.kind)).collect();
    let actors: Vec<Cow<'_, str>> = rows.iter().map(|row| escaped(&row.actor)).collect();
    let mut arguments = PgArguments::default();
    let add = || -> Result<(), BoxDynError> {
        arguments.add(positions?)?;
        arguments.add(times)?;
        arguments.add(rows.iter().map(|row| row.account.as_deref()).collect::<Vec<_>>())?;
        arguments.add(rows.iter().map(|row| row.provider.as_deref()).collect::<Vec<_>>())?;
        arguments.add(credentials)?;
        arguments.add(kinds.iter().map(|kind| &**kind).collect::<Vec<&str>>())?;
        arguments.add(actors.iter().map(|actor| &**actor).collect::<Vec<&str>>())?;
        arguments.add(rows.iter().map(|row| &*row.envelope).collect::<Vec<_>>())?;
        arguments.add(rows.iter().map(|row| &*row.data).collect::<Vec<_>>())
    };
    add().map_err(sqlx::Error::Encode)?;
    Ok(arguments)
}
