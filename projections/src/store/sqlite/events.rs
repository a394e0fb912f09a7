use chrono::DateTime;
use domain::CredentialId;
use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Row, SqliteExecutor};

use super::bulk::Bulk;
use crate::store::{EventRow, EventSelect, Happened, position_from, position_to, uuid_from};

/// The columns of an event, in the order of [`read`].
pub(super) const COLUMNS: &str = "position, recorded_at, account, provider, credential, kind, actor, envelope, data";

/// Makes the table of the history, without its indexes: see [`indexes`].
pub(super) fn ddl(table: &str) -> String {
    format!(
        "CREATE TABLE {table} (
             position INTEGER PRIMARY KEY, recorded_at INTEGER NOT NULL, account TEXT, provider TEXT, credential BLOB,
             kind TEXT NOT NULL, actor TEXT NOT NULL, envelope TEXT NOT NULL, data TEXT NOT NULL
         ) STRICT;"
    )
}

/// Makes the indexes, once the first catching up is over: sorting all rows once costs less than finding the place of
/// each of them. Rows that are equal in an index stand there by their positions, which are their row ids.
pub(super) fn indexes(table: &str) -> String {
    format!(
        "CREATE INDEX IF NOT EXISTS {table}_account ON {table} (account);
         CREATE INDEX IF NOT EXISTS {table}_provider ON {table} (account, provider);
         CREATE INDEX IF NOT EXISTS {table}_credential ON {table} (credential) WHERE credential IS NOT NULL;"
    )
}

pub(super) async fn select(
    db: impl SqliteExecutor<'_>,
    table: &str,
    select: &EventSelect<'_>,
) -> Result<Vec<EventRow>, sqlx::Error> {
    let mut sql = format!("SELECT {COLUMNS} FROM {table} WHERE true");
    let mut arguments = SqliteArguments::default();
    let add = |arguments: &mut SqliteArguments, added: Result<(), BoxDynError>| {
        added.map_err(sqlx::Error::Encode)?;
        Ok::<_, sqlx::Error>(arguments.len().to_string())
    };
    for (condition, number) in select.numbers()? {
        let added = arguments.add(number);
        let place = add(&mut arguments, added)?;
        sql.extend([" AND ", condition, "?", &place]);
    }
    for (column, value) in select.texts() {
        let added = arguments.add(value);
        let place = add(&mut arguments, added)?;
        sql.extend([" AND ", column, " = ?", &place]);
    }
    if let Some(credential) = select.credential {
        let added = arguments.add(credential.uuid().into_bytes().to_vec());
        let place = add(&mut arguments, added)?;
        sql.extend([" AND credential = ?", &place]);
    }
    sql.push_str(&select.tail());
    let rows = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch_all(db).await?;
    rows.iter().map(read).collect()
}

/// An event as it was stored.
pub(super) fn read(row: &SqliteRow) -> Result<EventRow, sqlx::Error> {
    let text = |index| row.try_get::<&str, _>(index).map(Into::into);
    let optional = |index| row.try_get::<Option<&str>, _>(index).map(|text| text.map(Into::into));
    let credential: Option<&[u8]> = row.try_get(4)?;
    Ok(EventRow {
        position: position_from(row.try_get(0)?)?,
        recorded_at: DateTime::from_timestamp_micros(row.try_get(1)?)
            .ok_or_else(|| sqlx::Error::Decode("a time out of range".into()))?,
        account: optional(2)?,
        provider: optional(3)?,
        credential: credential.map(uuid_from).transpose()?.map(CredentialId::new),
        kind: text(5)?,
        actor: text(6)?,
        envelope: text(7)?,
        data: text(8)?,
    })
}

pub(super) async fn write(db: &mut SqliteConnection, table: &str, events: Vec<Happened>) -> Result<(), sqlx::Error> {
    let bulk = Bulk {
        insert: &format!("INSERT INTO {table} ({COLUMNS})"),
        columns: 9,
        tail: "",
    };
    let mut buffer = String::new();
    let encode = |event: Happened, arguments: &mut SqliteArguments| encode(event.row(&mut buffer), arguments);
    bulk.write(db, events, encode).await
}

fn encode(row: EventRow, arguments: &mut SqliteArguments) -> Result<(), BoxDynError> {
    arguments.add(position_to(row.position)?)?;
    arguments.add(row.recorded_at.timestamp_micros())?;
    arguments.add(row.account)?;
    arguments.add(row.provider)?;
    arguments.add(row.credential.map(|id| id.uuid().into_bytes().to_vec()))?;
    arguments.add(row.kind)?;
    arguments.add(row.actor)?;
    arguments.add(row.envelope)?;
    arguments.add(row.data)
}
