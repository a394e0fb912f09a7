use async_trait::async_trait;
use domain::Position;
use sqlx::{AssertSqlSafe, raw_sql};

use super::writer::Writing;
use super::{bookkeeping, documents, events};
use crate::ProjectionName;
use crate::store::{Checkpoint, Rows, Stage, Stop, Transaction, position_to};

/// A transaction on the one connection that writes.
pub(super) struct SqliteTransaction {
    tx: Writing,
}

impl SqliteTransaction {
    pub(super) const fn new(tx: Writing) -> Self {
        Self { tx }
    }

    async fn run(&mut self, sql: String) -> Result<(), sqlx::Error> {
        raw_sql(AssertSqlSafe(sql)).execute(&mut self.tx.connection).await?;
        Ok(())
    }
}

#[async_trait]
impl Transaction for SqliteTransaction {
    async fn checkpoints(&mut self, name: ProjectionName) -> Result<Vec<Checkpoint>, sqlx::Error> {
        bookkeeping::all(&mut self.tx.connection, name).await
    }

    async fn insert(&mut self, checkpoint: &Checkpoint) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO projection (name, version, generation, state, log_id, position, recorded_at, landmark)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )
        .bind(checkpoint.name.as_str())
        .bind(checkpoint.version)
        .bind(checkpoint.generation)
        .bind(checkpoint.stage.as_str())
        .bind(checkpoint.log_id.as_bytes().as_slice())
        .bind(position_to(checkpoint.position)?)
        .bind(checkpoint.recorded_at.map(|time| time.timestamp_micros()))
        .bind(checkpoint.landmark_text()?)
        .execute(&mut self.tx.connection)
        .await?;
        Ok(())
    }

    async fn advance(
        &mut self,
        checkpoint: &Checkpoint,
        reached: &Checkpoint,
        changed: bool,
    ) -> Result<bool, sqlx::Error> {
        let moved = sqlx::query(
            "UPDATE projection SET position = ?1, recorded_at = ?2, changes = changes + ?3, landmark = ?9
             WHERE name = ?4 AND version = ?5 AND generation = ?6 AND state = ?7 AND position = ?8",
        )
        .bind(position_to(reached.position)?)
        .bind(reached.recorded_at.map(|time| time.timestamp_micros()))
        .bind(changed)
        .bind(checkpoint.name.as_str())
        .bind(checkpoint.version)
        .bind(checkpoint.generation)
        .bind(checkpoint.stage.as_str())
        .bind(position_to(checkpoint.position)?)
        .bind(reached.landmark_text()?)
        .execute(&mut self.tx.connection)
        .await?;
        Ok(moved.rows_affected() == 1)
    }

    async fn enter(&mut self, checkpoint: &Checkpoint, stage: Stage) -> Result<bool, sqlx::Error> {
        let moved = sqlx::query(
            "UPDATE projection SET state = ?1
             WHERE name = ?2 AND version = ?3 AND generation = ?4 AND state = ?5 AND position = ?6",
        )
        .bind(stage.as_str())
        .bind(checkpoint.name.as_str())
        .bind(checkpoint.version)
        .bind(checkpoint.generation)
        .bind(checkpoint.stage.as_str())
        .bind(position_to(checkpoint.position)?)
        .execute(&mut self.tx.connection)
        .await?;
        Ok(moved.rows_affected() == 1)
    }

    async fn delete(&mut self, checkpoint: &Checkpoint) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM projection WHERE name = ?1 AND version = ?2 AND generation = ?3")
            .bind(checkpoint.name.as_str())
            .bind(checkpoint.version)
            .bind(checkpoint.generation)
            .execute(&mut self.tx.connection)
            .await?;
        Ok(())
    }

    async fn write(&mut self, table: &str, rows: Rows) -> Result<(), sqlx::Error> {
        match rows {
            Rows::Documents(rows) => documents::write(&mut self.tx.connection, table, rows).await,
            Rows::Events(events) => events::write(&mut self.tx.connection, table, events).await,
        }
    }

    async fn create(&mut self, name: ProjectionName, table: &str) -> Result<(), sqlx::Error> {
        self.run(match name {
            ProjectionName::History => events::ddl(table),
            _ => documents::ddl(table),
        })
        .await
    }

    async fn index(&mut self, name: ProjectionName, table: &str) -> Result<(), sqlx::Error> {
        match name {
            ProjectionName::History => self.run(events::indexes(table)).await,
            _ => Ok(()),
        }
    }

    async fn rename(&mut self, from: &str, to: &str) -> Result<(), sqlx::Error> {
        self.run(format!("ALTER TABLE {from} RENAME TO {to}")).await
    }

    async fn remove(&mut self, table: &str) -> Result<(), sqlx::Error> {
        self.run(format!("DROP TABLE IF EXISTS {table}")).await
    }

    async fn set_stop(&mut self, stop: &Stop) -> Result<(), sqlx::Error> {
        sqlx::query("INSERT OR REPLACE INTO projection_stop (name, version, position, reason) VALUES (?1, ?2, ?3, ?4)")
            .bind(stop.name.as_str())
            .bind(stop.version)
            .bind(position_to(stop.position)?)
            .bind(stop.reason.as_str())
            .execute(&mut self.tx.connection)
            .await?;
        Ok(())
    }

    async fn clear_stop(
        &mut self,
        name: ProjectionName,
        version: u32,
        position: Position,
    ) -> Result<bool, sqlx::Error> {
        let cleared = sqlx::query("DELETE FROM projection_stop WHERE name = ?1 AND version = ?2 AND position = ?3")
            .bind(name.as_str())
            .bind(version)
            .bind(position_to(position)?)
            .execute(&mut self.tx.connection)
            .await?;
        Ok(cleared.rows_affected() == 1)
    }

    async fn commit(self: Box<Self>) -> Result<(), sqlx::Error> {
        self.tx.commit().await
    }
}
