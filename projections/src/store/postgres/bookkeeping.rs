use chrono::DateTime;
use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, Row};

use crate::ProjectionName;
use crate::part::{Part, Parts};
use crate::store::{Checkpoint, Landmark, Stage, Stop, position_from, uuid_from};

pub(super) async fn all(db: impl PgExecutor<'_>, name: ProjectionName) -> Result<Vec<Checkpoint>, sqlx::Error> {
    let rows = sqlx::query("SELECT * FROM projection WHERE name = $1 ORDER BY version, generation, part")
        .bind(name.as_str())
        .fetch_all(db)
        .await?;
    rows.iter().map(|row| checkpoint(name, row)).collect()
}

/// Reads the columns of the bookkeeping.
pub(super) fn checkpoint(name: ProjectionName, row: &PgRow) -> Result<Checkpoint, sqlx::Error> {
    let recorded_at: Option<i64> = row.try_get("recorded_at")?;
    let position = position_from(row.try_get("position")?)?;
    Ok(Checkpoint {
        name,
        version: small(row, "version")?,
        generation: small(row, "generation")?,
        part: part(row)?,
        stage: Stage::parse(row.try_get("state")?)?,
        log_id: uuid_from(row.try_get("log_id")?)?,
        position,
        recorded_at: recorded_at.and_then(DateTime::from_timestamp_micros),
        landmark: Landmark::from_text(row.try_get("landmark")?, position),
        changes: row.try_get("changes")?,
    })
}

pub(super) async fn stops(
    db: impl PgExecutor<'_>,
    name: ProjectionName,
    version: u32,
) -> Result<Vec<Stop>, sqlx::Error> {
    let sql = "SELECT part, position, reason FROM projection_stop WHERE name = $1 AND version = $2 ORDER BY part";
    let rows = sqlx::query(sql)
        .bind(name.as_str())
        .bind(i64::from(version))
        .fetch_all(db)
        .await?;
    let read = |row: &PgRow| {
        Ok(Stop {
            name,
            version,
            part: small(row, "part")?,
            position: position_from(row.try_get("position")?)?,
            reason: row.try_get("reason")?,
        })
    };
    rows.iter().map(read).collect()
}

fn part(row: &PgRow) -> Result<Part, sqlx::Error> {
    let parts = Parts::try_from(small(row, "parts")?).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
    let part = Part::at(small(row, "part")?, parts);
    part.ok_or_else(|| sqlx::Error::Decode("a part that a projection does not have".into()))
}

/// PostgreSQL's integers are signed.
pub(super) fn small(row: &PgRow, column: &str) -> Result<u32, sqlx::Error> {
    u32::try_from(row.try_get::<i64, _>(column)?).map_err(|e| sqlx::Error::Decode(Box::new(e)))
}
