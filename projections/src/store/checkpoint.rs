use chrono::{DateTime, Utc};
use domain::Position;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Row, SqliteExecutor};
use uuid::Uuid;

use crate::{ProjectionError, ProjectionName};

/// One built, or half-built, model of a projection: a row of the bookkeeping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) name: ProjectionName,
    pub(crate) version: u32,
    pub(crate) generation: u32,
    pub(crate) stage: Stage,
    pub(crate) log_id: Uuid,
    pub(crate) position: Position,
    pub(crate) recorded_at: Option<DateTime<Utc>>,
}

/// Where a model is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Being built from the log; nobody reads it.
    Building,
    /// The one that queries read.
    Live,
    /// Of an older version; kept for an older program until somebody drops it.
    Retired,
}

impl Stage {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Live => "live",
            Self::Retired => "retired",
        }
    }

    fn parse(text: &str) -> Result<Self, sqlx::Error> {
        [Self::Building, Self::Live, Self::Retired]
            .into_iter()
            .find(|stage| stage.as_str() == text)
            .ok_or_else(|| sqlx::Error::Decode("unknown stage of a projection".into()))
    }
}

impl Checkpoint {
    /// All models of a projection, the oldest first.
    pub(crate) async fn all(db: impl SqliteExecutor<'_>, name: ProjectionName) -> Result<Vec<Self>, sqlx::Error> {
        let rows = sqlx::query("SELECT * FROM projection WHERE name = ?1 ORDER BY version, generation")
            .bind(name.as_str())
            .fetch_all(db)
            .await?;
        rows.iter().map(|row| Self::from_row(name, row)).collect()
    }

    /// The live model of a projection, of whatever version.
    pub(crate) async fn live(db: impl SqliteExecutor<'_>, name: ProjectionName) -> Result<Option<Self>, sqlx::Error> {
        let row = sqlx::query("SELECT * FROM projection WHERE name = ?1 AND state = 'live'")
            .bind(name.as_str())
            .fetch_optional(db)
            .await?;
        row.map(|row| Self::from_row(name, &row)).transpose()
    }

    fn from_row(name: ProjectionName, row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let recorded_at: Option<i64> = row.try_get("recorded_at")?;
        Ok(Self {
            name,
            version: row.try_get("version")?,
            generation: row.try_get("generation")?,
            stage: Stage::parse(row.try_get("state")?)?,
            log_id: uuid_from(row, "log_id")?,
            position: position_from(row.try_get("position")?)?,
            recorded_at: recorded_at.and_then(DateTime::from_timestamp_micros),
        })
    }

    /// Writes it as a new row.
    pub(crate) async fn insert(&self, db: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO projection (name, version, generation, state, log_id, position, recorded_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )
        .bind(self.name.as_str())
        .bind(self.version)
        .bind(self.generation)
        .bind(self.stage.as_str())
        .bind(self.log_id.as_bytes().as_slice())
        .bind(position_to(self.position)?)
        .bind(self.recorded_at.map(|time| time.timestamp_micros()))
        .execute(db)
        .await?;
        Ok(())
    }

    /// Moves it to `position` in the transaction that writes the rows, if nobody else has moved it.
    pub(crate) async fn advance(
        &self,
        db: &mut SqliteConnection,
        position: Position,
        recorded_at: Option<DateTime<Utc>>,
    ) -> Result<(), ProjectionError> {
        let moved = sqlx::query(
            "UPDATE projection SET position = ?1, recorded_at = ?2
             WHERE name = ?3 AND version = ?4 AND generation = ?5 AND state = ?6 AND position = ?7",
        )
        .bind(position_to(position)?)
        .bind(recorded_at.map(|time| time.timestamp_micros()))
        .bind(self.name.as_str())
        .bind(self.version)
        .bind(self.generation)
        .bind(self.stage.as_str())
        .bind(position_to(self.position)?)
        .execute(db)
        .await?
        .rows_affected();
        if moved == 1 {
            Ok(())
        } else {
            Err(ProjectionError::Superseded(self.name))
        }
    }

    /// Changes its stage, if nobody else has moved it.
    pub(crate) async fn enter(&self, db: &mut SqliteConnection, stage: Stage) -> Result<(), ProjectionError> {
        let moved = sqlx::query(
            "UPDATE projection SET state = ?1
             WHERE name = ?2 AND version = ?3 AND generation = ?4 AND state = ?5 AND position = ?6",
        )
        .bind(stage.as_str())
        .bind(self.name.as_str())
        .bind(self.version)
        .bind(self.generation)
        .bind(self.stage.as_str())
        .bind(position_to(self.position)?)
        .execute(db)
        .await?
        .rows_affected();
        if moved == 1 {
            Ok(())
        } else {
            Err(ProjectionError::Superseded(self.name))
        }
    }

    /// Removes the row.
    pub(crate) async fn delete(&self, db: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM projection WHERE name = ?1 AND version = ?2 AND generation = ?3")
            .bind(self.name.as_str())
            .bind(self.version)
            .bind(self.generation)
            .execute(db)
            .await?;
        Ok(())
    }
}

/// SQLite's integers are signed.
pub(crate) fn position_to(position: Position) -> Result<i64, sqlx::Error> {
    i64::try_from(position.to_stored()).map_err(|e| sqlx::Error::Encode(Box::new(e)))
}

/// A UUID, stored as its 16 bytes.
pub(crate) fn uuid_from(row: &SqliteRow, column: &str) -> Result<Uuid, sqlx::Error> {
    Uuid::from_slice(row.try_get(column)?).map_err(|e| sqlx::Error::Decode(Box::new(e)))
}

pub(crate) fn position_from(stored: i64) -> Result<Position, sqlx::Error> {
    u64::try_from(stored)
        .map(Position::from_stored)
        .map_err(|e| sqlx::Error::Decode(Box::new(e)))
}
