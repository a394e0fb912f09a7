use chrono::DateTime;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteExecutor};

use crate::ProjectionName;
use crate::part::Part;
use crate::store::{Checkpoint, Landmark, Stage, Stop, position_from, uuid_from};

pub(super) async fn all(db: impl SqliteExecutor<'_>, name: ProjectionName) -> Result<Vec<Checkpoint>, sqlx::Error> {
    let rows = sqlx::query("SELECT * FROM projection WHERE name = ?1 ORDER BY version, generation")
        .bind(name.as_str())
        .fetch_all(db)
        .await?;
    rows.iter().map(|row| checkpoint(name, row)).collect()
}

fn checkpoint(name: ProjectionName, row: &SqliteRow) -> Result<Checkpoint, sqlx::Error> {
    let recorded_at: Option<i64> = row.try_get("recorded_at")?;
    let position = position_from(row.try_get("position")?)?;
    Ok(Checkpoint {
        name,
        version: row.try_get("version")?,
        generation: row.try_get("generation")?,
        // There is one writer, for whom nothing is split.
        part: Part::WHOLE,
        stage: Stage::parse(row.try_get("state")?)?,
        log_id: uuid_from(row.try_get("log_id")?)?,
        position,
        recorded_at: recorded_at.and_then(DateTime::from_timestamp_micros),
        landmark: Landmark::from_text(row.try_get("landmark")?, position),
        changes: row.try_get("changes")?,
    })
}

pub(super) async fn stops(
    db: impl SqliteExecutor<'_>,
    name: ProjectionName,
    version: u32,
) -> Result<Vec<Stop>, sqlx::Error> {
    let rows = sqlx::query("SELECT position, reason FROM projection_stop WHERE name = ?1 AND version = ?2")
        .bind(name.as_str())
        .bind(version)
        .fetch_all(db)
        .await?;
    let read = |row: &SqliteRow| {
        Ok(Stop {
            name,
            version,
            part: 0,
            position: position_from(row.try_get(0)?)?,
            reason: row.try_get(1)?,
        })
    };
    rows.iter().map(read).collect()
}
